/** Values from a file, looked at before they are written; and values taken away. */
import { useState } from 'preact/hooks'
import { call, post } from '../../api.ts'
import { dayIn, startOfDay } from '../../days.ts'
import { iso } from '../../format.ts'
import { platformNow } from '../../live.ts'
import { announce } from '../../parts/announce.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Field, useSending } from '../../parts/form.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Progress } from '../../parts/progress.tsx'
import { Failure } from '../../parts/state.tsx'
import { useWhole } from '../../resource.ts'
import type { Sensor } from '../../things.ts'
import { useWords } from '../../words.ts'

interface Preview {
  files: string[]
  rows: number
  events: number
  firstRows: { start: string; value: number }[]
  start: string | null
  end: string | null
  resolution: string
  unit: string
  warnings: string[]
  alreadyKnown: number
  replacements: number
}

export function SensorData(props: { sensor: Sensor; mayRemove: boolean; version: number; onChange: () => void }) {
  return (
    <div class="columns">
      <Upload sensor={props.sensor} onChange={props.onChange} />
      {props.mayRemove && <Removal {...props} />}
    </div>
  )
}

function Upload({ sensor, onChange }: { sensor: Sensor; onChange: () => void }) {
  const { t, f, said } = useWords()
  const [files, setFiles] = useState<File[]>([])
  const [unit, setUnit] = useState('')
  const [instantly, setInstantly] = useState(false)
  const [preview, setPreview] = useState<Preview | null>(null)
  const [done, setDone] = useState('')
  const looking = useSending()
  const writing = useSending()
  const form = (chosen: File[], asUnit: string, measured: boolean): FormData => {
    const body = new FormData()
    for (const file of chosen) body.append('uploaded-files', file)
    body.append('belief-time-measured-instantly', measured ? 'on' : 'off')
    if (asUnit.trim()) body.append('unit', asUnit.trim())
    return body
  }
  const look = async (chosen: File[], asUnit: string, measured: boolean) => {
    setPreview(null)
    setDone('')
    writing.clear()
    if (chosen.length === 0) return
    await looking.send(async () => {
      const answer = (await post(`/sensors/${sensor.id}/upload/preview`, form(chosen, asUnit, measured))) as { data: Preview }
      setPreview(answer.data)
    }, t('upload.looked'))
  }
  const choose = (list: FileList | null | undefined) => {
    const chosen = [...(list ?? [])]
    setFiles(chosen)
    void look(chosen, unit, instantly)
  }
  const write = async () => {
    const rows = preview?.events ?? 0
    if (
      await writing.send(
        () => post(`/api/v3_0/sensors/${sensor.id}/data/upload`, form(files, unit, instantly)),
        t('upload.done', { n: rows }),
      )
    ) {
      setDone(t('upload.done', { n: f.number(rows, 0) }))
      setPreview(null)
      setFiles([])
      onChange()
    }
  }
  return (
    <section class="card" aria-labelledby="upload">
      <h2 id="upload">{t('upload.title')}</h2>
      <div class="form">
        <p class="muted">{t('upload.how')}</p>
        <Field label={t('upload.files')}>
          {(input) => (
            <div class="drop">
              <input
                {...input}
                type="file"
                multiple
                accept=".csv,.xlsx,.xls,.xlsm,text/csv"
                onChange={(event) => choose(event.currentTarget.files)}
              />
              <p class="muted small">{files.length > 0 ? files.map(({ name }) => name).join(', ') : t('upload.drop')}</p>
            </div>
          )}
        </Field>
        <Field label={t('upload.unit')} hint={t('upload.unit.hint', { unit: sensor.unit })}>
          {(input) => (
            <input
              {...input}
              placeholder={sensor.unit}
              value={unit}
              onInput={(event) => setUnit(event.currentTarget.value)}
              onChange={() => void look(files, unit, instantly)}
            />
          )}
        </Field>
        <label class="choice">
          <input
            type="checkbox"
            checked={instantly}
            onChange={(event) => {
              setInstantly(event.currentTarget.checked)
              void look(files, unit, event.currentTarget.checked)
            }}
          />
          <span>{t('upload.instantly')}</span>
        </label>
        {looking.busy && <Progress progress={{ message: t('upload.looking') }} />}
        {looking.error && <Failure error={looking.error} />}
        {preview && (
          <div class="form" role="status">
            <dl class="facts">
              <div>
                <dt>{t('upload.rows')}</dt>
                <dd>{t('upload.rows.of', { rows: f.number(preview.rows, 0), events: f.number(preview.events, 0) })}</dd>
              </div>
              {preview.start && preview.end && (
                <div>
                  <dt>{t('upload.time')}</dt>
                  <dd>
                    {f.moment(Date.parse(preview.start))} → {f.moment(Date.parse(preview.end))}
                  </dd>
                </div>
              )}
              <div>
                <dt>{t('upload.known')}</dt>
                <dd>{f.number(preview.alreadyKnown, 0)}</dd>
              </div>
            </dl>
            {preview.replacements > 0 && (
              <div class="notice notice-alert">
                <Icon name="alert" />
                <p>{t('upload.replace', { n: preview.replacements })}</p>
              </div>
            )}
            {preview.warnings.length > 0 && (
              <ul>
                {preview.warnings.map((warning) => (
                  <li key={warning}>{said(warning)}</li>
                ))}
              </ul>
            )}
            <div class="scroll preview">
              <table class="table">
                <caption>{t('upload.first', { n: preview.firstRows.length })}</caption>
                <thead>
                  <tr>
                    <th scope="col">{t('chart.time')}</th>
                    <th scope="col" class="number">
                      {sensor.unit}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {preview.firstRows.map((row) => (
                    <tr key={row.start}>
                      <th scope="row">{f.moment(Date.parse(row.start))}</th>
                      <td class="number">{f.number(row.value)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {writing.error && <Failure error={writing.error} />}
            <div class="buttons">
              <button type="button" class="button button-main" disabled={writing.busy} onClick={() => void write()}>
                {writing.busy ? t('form.busy') : t('upload.do', { n: f.number(preview.events, 0) })}
              </button>
              <button
                type="button"
                class="button"
                onClick={() => {
                  setFiles([])
                  setPreview(null)
                }}
              >
                {t('form.cancel')}
              </button>
            </div>
          </div>
        )}
        <p role="status" class="done">
          {done}
        </p>
      </div>
    </section>
  )
}

interface Source {
  id: number
  name: string
  description: string
}

function Removal({ sensor, version, onChange }: { sensor: Sensor; version: number; onChange: () => void }) {
  const { t, f, zone } = useWords()
  const stats = useWhole<Record<string, { 'Number of values': number } | number>>(
    `/api/v3_0/sensors/${sensor.id}/stats?fresh=${version > 0}`,
    version,
  )
  const sources = Object.entries(stats.data ?? {}).flatMap(([name, figures]): (Source & { count: number })[] => {
    const id = /\(ID: (\d+)\)$/.exec(name)?.[1]
    return id && typeof figures === 'object' ? [{ id: Number(id), name, description: name, count: figures['Number of values'] }] : []
  })
  const [source, setSource] = useState('')
  const [all, setAll] = useState(false)
  const today = dayIn(platformNow(), zone)
  const [from, setFrom] = useState(today)
  const [until, setUntil] = useState(today)
  const [asked, setAsked] = useState(false)
  const wrong = !all && from > until
  const chosen = sources.find(({ id }) => String(id) === source)
  const body = {
    ...(source && { source: Number(source) }),
    ...(!all && {
      start: iso(startOfDay(from, zone)),
      until: iso(startOfDay(dayIn(startOfDay(until, zone) + 36 * 3_600_000, zone), zone)),
    }),
  }
  return (
    <section class="card" aria-labelledby="removal">
      <h2 id="removal">{t('removal.title')}</h2>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (!wrong) setAsked(true)
        }}
      >
        <Field label={t('removal.source')}>
          {(input) => (
            <select {...input} value={source} onChange={(event) => setSource(event.currentTarget.value)}>
              <option value="">{t('removal.source.all')}</option>
              {sources.map(({ id, name, count }) => (
                <option key={id} value={id}>
                  {name} · {f.number(count, 0)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <label class="choice">
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
          <span>{t('removal.always')}</span>
        </label>
        {!all && (
          <div class="columns-2">
            <Field label={t('range.from')}>
              {(input) => <input {...input} type="date" required value={from} onInput={(event) => setFrom(event.currentTarget.value)} />}
            </Field>
            <Field label={t('range.until')} error={wrong ? t('range.wrong') : undefined}>
              {(input) => <input {...input} type="date" required value={until} onInput={(event) => setUntil(event.currentTarget.value)} />}
            </Field>
          </div>
        )}
        <div class="buttons">
          <button type="submit" class="button button-danger">
            {t('removal.do')}
          </button>
        </div>
      </form>
      {asked && (
        <Confirm
          title={t('removal.sure')}
          label={t('removal.do')}
          done={t('removal.done')}
          act={() => call('DELETE', `/api/v3_0/sensors/${sensor.id}/data`, body)}
          onClose={(done) => {
            setAsked(false)
            if (!done) return
            announce(t('removal.done'))
            onChange()
          }}
        >
          <p>
            {t(chosen ? 'removal.what.source' : 'removal.what', {
              source: chosen?.name ?? '',
              when: all ? t('removal.ever') : `${f.day(startOfDay(from, zone))} → ${f.day(startOfDay(until, zone))}`,
            })}
          </p>
          <p class="strong">{t('thing.remove.forever')}</p>
        </Confirm>
      )}
    </section>
  )
}
