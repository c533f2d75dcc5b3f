/** A window that makes an automation: of which asset, what, when; named by itself until somebody names it. */
import { useState } from 'preact/hooks'
import { post, Refusal } from '../../api.ts'
import { useCell } from '../../cell.ts'
import { session } from '../../live.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { useWhole } from '../../resource.ts'
import { mayOn, type Sensor } from '../../things.ts'
import { useTree } from '../../tree.ts'
import { useWords } from '../../words.ts'
import { REPORTS } from '../report/report.ts'
import { AUTOMATION_TYPES, type AutomationType, cronOf, type When } from './automation.ts'
import { WhenFields } from './when.tsx'

const LENGTHS: Record<'scheduling' | 'forecasting', string[]> = {
  scheduling: ['PT12H', 'PT24H', 'PT48H'],
  forecasting: ['PT24H', 'PT48H', 'P7D'],
}
/** Windows that move on with each run. */
const WINDOWS: Record<string, { 'start-offset': string; 'end-offset': string }> = {
  yesterday: { 'start-offset': 'DB,-1D', 'end-offset': 'DB' },
  week: { 'start-offset': 'DB,-7D', 'end-offset': 'DB' },
  month: { 'start-offset': 'DB,-30D', 'end-offset': 'DB' },
}
const OTHER = 'other'

interface Body {
  asset: string
  type: AutomationType
  name: string
  sensor: string
  duration: string
  report: string
  window: string
  json: string
}

export function AutomationForm({ asset: given, onClose }: { asset?: number; onClose: (done: boolean) => void }) {
  const { t } = useWords()
  const who = useCell(session)
  const tree = useCell(useTree()) ?? []
  const sending = useSending()
  const [body, setBody] = useState<Body>({
    asset: given === undefined ? '' : String(given),
    type: 'scheduling',
    name: '',
    sensor: '',
    duration: 'PT24H',
    report: REPORTS[0],
    window: 'yesterday',
    json: '',
  })
  const [when, setWhen] = useState<When>({ rhythm: 'day', time: '05:00', weekday: '1', cron: '' })
  const set = (change: Partial<Body>) => setBody({ ...body, ...change })
  const wanted = who.state === 'in' ? tree.filter((line) => mayOn(who.user, line.account_id).add) : []
  // Where there is only one top, it is the one that is meant.
  const tops = wanted.filter(({ parent_asset_id }) => !wanted.some(({ id }) => id === parent_asset_id))
  const asset = body.asset || (tops.length === 1 ? String(tops[0]!.id) : '')
  const sensors = useWhole<Sensor[]>(body.type === 'forecasting' && asset !== '' ? `/api/v3_0/sensors?asset=${asset}` : null)
  const sensor = sensors.data?.find(({ id }) => String(id) === body.sensor)
  const proposed =
    body.type === 'reporting'
      ? t.code('report', body.report)
      : body.type === 'forecasting'
        ? t('auto.named.forecast', { name: sensor?.name ?? '' }).trim()
        : t('auto.named.plan', { name: wanted.find(({ id }) => String(id) === asset)?.name ?? '' }).trim()
  const make = () =>
    post(`/api/v3_0/assets/${asset}/automations`, {
      name: body.name.trim() || proposed,
      type: body.type,
      cron: cronOf(when),
      parameters: parametersOf(body),
    })
  return (
    <Dialog title={t('auto.new')} onClose={() => onClose(false)}>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          if (await sending.send(make, t('auto.made'))) onClose(true)
        }}
      >
        <fieldset class="choices">
          <legend class="unseen">{t('auto.what')}</legend>
          {AUTOMATION_TYPES.map((each) => (
            <label key={each} class="choice">
              <input type="radio" name="type" checked={body.type === each} onChange={() => set({ type: each, duration: 'PT24H' })} />
              <span>{t.code('auto.type', each)}</span>
            </label>
          ))}
        </fieldset>
        {given === undefined && (
          <Field label={t('auto.asset')} hint={t('auto.asset.hint')}>
            {(input) => (
              <select {...input} required value={asset} onChange={(event) => set({ asset: event.currentTarget.value, sensor: '' })}>
                <option value="">{t('form.choose')}</option>
                {wanted.map((line) => (
                  <option key={line.id} value={line.id}>
                    {line.name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        {body.type === 'forecasting' && (
          <Field label={t('auto.sensor')}>
            {(input) => (
              <select {...input} required value={body.sensor} onChange={(event) => set({ sensor: event.currentTarget.value })}>
                <option value="">{t('form.choose')}</option>
                {sensors.data?.map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.name} ({each.unit})
                    {String(each.generic_asset_id) === asset ? '' : ` · ${tree.find(({ id }) => id === each.generic_asset_id)?.name ?? ''}`}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        {body.type !== 'reporting' && (
          <Field label={t('auto.length')}>
            {(input) => (
              <select {...input} value={body.duration} onChange={(event) => set({ duration: event.currentTarget.value })}>
                {LENGTHS[body.type as 'scheduling' | 'forecasting'].map((each) => (
                  <option key={each} value={each}>
                    {t.code('chart.span', each)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        {body.type === 'reporting' && (
          <div class="columns-2">
            <Field label={t('report.which')}>
              {(input) => (
                <select {...input} value={body.report} onChange={(event) => set({ report: event.currentTarget.value })}>
                  {[...REPORTS, OTHER].map((each) => (
                    <option key={each} value={each}>
                      {t.code('report', each)}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            {body.report !== OTHER && (
              <Field label={t('report.period')}>
                {(input) => (
                  <select {...input} value={body.window} onChange={(event) => set({ window: event.currentTarget.value })}>
                    {Object.keys(WINDOWS).map((each) => (
                      <option key={each} value={each}>
                        {t.code('report.period', each)}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
            )}
          </div>
        )}
        {body.type === 'reporting' && body.report === OTHER && (
          <Field label={t('auto.json')} hint={t('auto.json.hint')}>
            {(input) => (
              <textarea
                {...input}
                required
                rows={8}
                spellcheck={false}
                placeholder={
                  '{"reporter": "AggregatorReporter", "input": [{"sensor": 1}], "output": [{"sensor": 2}], "start-offset": "DB,-1D", "end-offset": "DB"}'
                }
                value={body.json}
                onInput={(event) => set({ json: event.currentTarget.value })}
              />
            )}
          </Field>
        )}
        <WhenFields when={when} asset={asset === '' ? undefined : Number(asset)} complaint={sending.of('cron')} onChange={setWhen} />
        <Field label={t('auto.name')} error={sending.of('name')}>
          {(input) => (
            <input
              {...input}
              maxLength={255}
              placeholder={proposed}
              value={body.name}
              onInput={(event) => set({ name: event.currentTarget.value })}
            />
          )}
        </Field>
        <Submit sending={sending} label={t('auto.make')} />
      </form>
    </Dialog>
  )
}

/** @throws Refusal when the JSON is none */
function parametersOf({ type, sensor, duration, report, window, json }: Body): Record<string, unknown> {
  if (type === 'forecasting') return { sensor: Number(sensor), duration }
  if (type === 'scheduling') return { duration }
  if (report !== OTHER) return { report, ...WINDOWS[window] }
  try {
    return JSON.parse(json) as Record<string, unknown>
  } catch (error) {
    throw new Refusal(error instanceof Error ? error.message : String(error), 'invalid-json', 0)
  }
}
