/** When an automation comes: a rhythm people know, or a cron string; with the next runs in the zone of the site. */
import { useEffect, useState } from 'preact/hooks'
import { formatFor } from '../../format.ts'
import { Field } from '../../parts/form.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useResource } from '../../resource.ts'
import { address } from '../../route.ts'
import { useWords } from '../../words.ts'
import { cronOf, RHYTHMS, type Rhythm, type When } from './automation.ts'

interface Preview {
  words: string
  timezone: string
  next: string[]
}

/** A Sunday, to name the days of the week after. */
const SUNDAY = Date.UTC(2026, 0, 4, 12)

export function WhenFields({
  when,
  asset,
  timezone,
  complaint,
  onChange,
}: {
  when: When
  /** Whose zone counts. */
  asset: number | undefined
  timezone?: string
  complaint: string | undefined
  onChange: (when: When) => void
}) {
  const { t, language } = useWords()
  const set = (change: Partial<When>) => onChange({ ...when, ...change })
  const day = new Intl.DateTimeFormat(language === 'fr' ? 'fr-FR' : 'en-GB', { weekday: 'long', timeZone: 'UTC' })
  const timed = when.rhythm === 'day' || when.rhythm === 'workdays' || when.rhythm === 'week'
  return (
    <fieldset class="plain-fields when">
      <legend class="unseen">{t('auto.when')}</legend>
      <div class="columns-2">
        <Field label={t('auto.when')}>
          {(input) => (
            <select
              {...input}
              value={when.rhythm}
              onChange={(event) => {
                const rhythm = event.currentTarget.value as Rhythm
                // Whoever writes it by hand begins with what was chosen.
                set(rhythm === 'cron' ? { rhythm, cron: cronOf(when) } : { rhythm })
              }}
            >
              {RHYTHMS.map((each) => (
                <option key={each} value={each}>
                  {t.code('auto.rhythm', each)}
                </option>
              ))}
            </select>
          )}
        </Field>
        {when.rhythm === 'week' && (
          <Field label={t('auto.weekday')}>
            {(input) => (
              <select {...input} value={when.weekday} onChange={(event) => set({ weekday: event.currentTarget.value })}>
                {[1, 2, 3, 4, 5, 6, 0].map((each) => (
                  <option key={each} value={each}>
                    {day.format(SUNDAY + each * 86_400_000)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        {timed && (
          <Field label={t('auto.time')}>
            {(input) => (
              <input {...input} type="time" required value={when.time} onInput={(event) => set({ time: event.currentTarget.value })} />
            )}
          </Field>
        )}
        {when.rhythm === 'cron' && (
          <Field label={t('auto.cron')} hint={t('auto.cron.hint')} error={complaint && t('auto.cron.wrong')}>
            {(input) => (
              <input
                {...input}
                class="code"
                required
                spellcheck={false}
                autocomplete="off"
                value={when.cron}
                placeholder="0 5 * * 1-5"
                onInput={(event) => set({ cron: event.currentTarget.value })}
              />
            )}
          </Field>
        )}
      </div>
      <NextRuns cron={cronOf(when)} asset={asset} timezone={timezone} />
    </fieldset>
  )
}

/** What the platform makes of it, asked when the typing rests. */
function NextRuns({ cron, asset, timezone }: { cron: string; asset: number | undefined; timezone: string | undefined }) {
  const { t, language } = useWords()
  const [asked, setAsked] = useState(cron)
  useEffect(() => {
    const timer = setTimeout(() => setAsked(cron), 300)
    return () => clearTimeout(timer)
  }, [cron])
  // What has not five fields yet is being typed.
  const whole = asked.startsWith('@') || asked.split(/\s+/).length === 5
  const { data, error } = useResource<Preview>(
    !whole || asset === undefined
      ? null
      : address('/automations/preview', { cron: asked, asset: String(asset), timezone, language, count: '3' }),
  )
  if (asked === '' || asset === undefined) return null
  if (error || !whole)
    return (
      <p class="preview-runs bad" role="status">
        <Icon name="alert" size={18} /> {!error || error.code === 'invalid-cron' ? t('auto.cron.wrong') : t('state.failed')}
      </p>
    )
  if (!data) return null
  const f = formatFor(language, data.timezone)
  return (
    <div class="preview-runs" role="status">
      <p class="strong">
        {data.words} <span class="muted small">{t('auto.zone', { zone: data.timezone })}</span>
      </p>
      <p class="small">
        {t('auto.coming', { times: data.next.map((at) => f.moment(Date.parse(at)).replaceAll(' ', '\u00a0')).join(' · ') })}
      </p>
    </div>
  )
}
