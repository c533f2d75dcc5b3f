/** The tariffs that were laid on a station: what it took, what it refused and why; laid anew, or asked for. */
import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { platformNow } from '../../live.ts'
import { useSending } from '../../parts/form.tsx'
import { Failure, Pending, Stale } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { useWords } from '../../words.ts'

interface Held {
  /** 0: all of them. */
  evse: number
  tariff: string
  sentAs: string
  /** Whether the station prices by itself or shows a text. */
  way: 'tariff' | 'text'
  /** 'Accepted', or the word of the refusal. */
  status: string
  reason: string | null
  at: string
}

export function StationTariffs({ station, may }: { station: string; may: boolean }) {
  const { t, f, said } = useWords()
  const [version, setVersion] = useState(0)
  const [answer, setAnswer] = useState<unknown>(undefined)
  const sending = useSending()
  const base = `/stations/${encodeURIComponent(station)}/tariffs`
  const { data, error, reload } = useResource<Held[]>(base, version)
  const lay = async () => {
    if (await sending.send(() => post(`${base}/lay`), t('held.laid'))) setVersion(version + 1)
  }
  const ask = () =>
    sending.send(async () => {
      const { data: told } = (await post(`${base}/ask`)) as { data: unknown }
      setAnswer(told)
    }, t('held.asked'))
  return (
    <section class="card" aria-labelledby="held">
      <h2 id="held">{t('held.title')}</h2>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.length === 0 ? (
        <p class="empty">{t('held.none')}</p>
      ) : (
        <ul class="plain said">
          {data.map((one) => (
            <li key={`${one.evse} ${one.sentAs}`}>
              <p>
                <a href="/ops/tariffs">{one.tariff}</a>{' '}
                <span class={one.status === 'Accepted' ? 'good' : 'bad'}>{t.code('held.status', one.status)}</span>
              </p>
              {one.reason && <p class="small break">{said(one.reason)}</p>}
              <p class="small muted break">
                {[
                  one.evse === 0 ? t('held.all') : t('held.evse', { evse: one.evse }),
                  t.code('held.way', one.way),
                  t('held.as', { id: one.sentAs }),
                  f.near(Date.parse(one.at), platformNow()),
                ].join(' · ')}
              </p>
            </li>
          ))}
        </ul>
      )}
      {sending.error && <Failure error={sending.error} />}
      {may && (
        <div class="buttons">
          <button type="button" class="button" disabled={sending.busy} onClick={lay}>
            {t('held.lay')}
          </button>
          <button type="button" class="button" disabled={sending.busy} onClick={ask}>
            {t('held.ask')}
          </button>
        </div>
      )}
      {answer !== undefined && (
        <>
          <h3>{t('held.answer')}</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
          <pre class="scroll" tabIndex={0}>
            {JSON.stringify(answer, null, 2)}
          </pre>
        </>
      )}
    </section>
  )
}
