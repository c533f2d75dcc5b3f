/** Why a car does not charge faster: everything that keeps its power down, from the order to the cable, and which of it does now. */
import { useCell } from '../../cell.ts'
import type { PowerLadder, StationWhole } from '../../charging-wire.ts'
import { platformNow, versions } from '../../live.ts'
import { RungMark } from '../../parts/marks.tsx'
import { Pending } from '../../parts/state.tsx'
import { useTick } from '../../parts/tick.ts'
import { useResource } from '../../resource.ts'
import { useWords } from '../../words.ts'

export function Ladder({ station }: { station: StationWhole }) {
  const { t, f, said } = useWords()
  const seen = useCell(versions)
  const tick = Math.floor(useTick(10_000) / 10_000)
  const path = `/stations/${encodeURIComponent(station.identity)}/ladder`
  const { data, error, reload } = useResource<PowerLadder>(path, `${seen.setpoints}/${seen.limits}/${tick}`)
  if (!data) return <Pending error={error} retry={reload} />
  const until = (moment: string | null | undefined) => (moment ? t('order.until', { time: f.near(Date.parse(moment), platformNow()) }) : '')
  const going = station.evses.find(({ id }) => id === data.evse)?.transaction
  return (
    <section class="card" aria-labelledby="why-slow">
      <h2 id="why-slow">{t('why.title')}</h2>
      <p class="small muted">{t(data.plugged ? 'why.lead' : 'why.lead.free', { evse: data.evse })}</p>
      <ol class="plain ladder">
        {data.limits.map((limit) => (
          <li key={limit.id}>
            <RungMark rung={limit.rung} />
            <p class="small">
              <b>{limit.maxKw === null ? t('why.production') : t('why.most', { power: f.amount(limit.maxKw, 'kW') })}</b>{' '}
              {limit.ofSite && <span class="muted">{t('why.site')}</span>} <span class="muted">{until(limit.until)}</span>
              <span class="block">{said(limit.because)}</span>
            </p>
          </li>
        ))}
        {data.steps.map((step) => (
          <li key={step.what} aria-current={step.what === data.binds ? 'step' : undefined}>
            <span class="rung">{t.code('why.step', step.what)}</span>
            <p class="small">
              <b>{t('why.most', { power: f.amount(step.kw, 'kW') })}</b> <span class="muted">{until(step.until)}</span>
              {step.because && (
                <span class="block">
                  {step.rung && <RungMark rung={step.rung} />} {said(step.because)}
                </span>
              )}
              {step.what === data.binds && <span class="block strong">{t('why.binds')}</span>}
            </p>
          </li>
        ))}
        {going && (
          <li>
            <span class="rung">{t('why.measured')}</span>
            <p class="small">
              <b>{data.measuredKw === null ? t('why.unmeasured') : f.amount(data.measuredKw, 'kW')}</b>{' '}
              {data.measuredAt && <span class="muted">{f.clockSeconds(Date.parse(data.measuredAt))}</span>}
            </p>
          </li>
        )}
      </ol>
      <Wish session={going?.id} />
    </section>
  )
}

/** What the driver wants of the session, and whether it will be. */
function Wish({ session }: { session: string | undefined }) {
  const { t, said } = useWords()
  const { data } = useResource<{ said: boolean; feasible: boolean; reasons: string[] }>(
    session === undefined ? null : `/sessions/${encodeURIComponent(session)}/wish`,
  )
  if (!data) return null
  return (
    <p class="small">
      <b>{t(data.said ? 'why.wish' : 'why.habit')}</b> {data.reasons.map(said).join(' ')}
    </p>
  )
}
