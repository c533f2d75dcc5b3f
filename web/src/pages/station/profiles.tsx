/** How limits reach the station: the ladder that decides, the profiles that were laid, what it says it holds, whether it obeys; and the card of its model. */
import { post } from '../../api.ts'
import { useCell } from '../../cell.ts'
import type { Card, LaidProfile, ProfileSchedule, StationProfile, StationProfiles, StationWhole } from '../../charging-wire.ts'
import { limits, platformNow, talks, versions } from '../../live.ts'
import { useSending } from '../../parts/form.tsx'
import { inForce, LimitLine } from '../../parts/limit-banner.tsx'
import { OutcomeMark, Power, RungMark } from '../../parts/marks.tsx'
import { Failure, Pending } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { address } from '../../route.ts'
import type { Order } from '../../wire.ts'
import { useWords } from '../../words.ts'
import { LimitNow } from './state.tsx'

const RUNGS = ['safety', 'grid', 'contract', 'override', 'plan'] as const

export function Profiles({ station, may }: { station: StationWhole; may: boolean }) {
  return (
    <div class="station">
      <Ladder station={station} />
      <ModelCard station={station.identity} />
      <Held station={station.identity} may={may && station.online} />
    </div>
  )
}

/** Every rung with what stands on it, the deciding one marked; and whether the last orders were obeyed. */
function Ladder({ station }: { station: StationWhole }) {
  const { t, f, said } = useWords()
  const seen = useCell(versions)
  const all = useCell(limits) ?? []
  const path = station.device ? address('/setpoints', { device: station.device, limit: '6' }) : null
  const { data: orders } = useResource<Order[]>(path, seen.setpoints)
  const { now } = inForce(all, platformNow())
  return (
    <section class="card" aria-labelledby="ladder">
      <h2 id="ladder">{t('ladder.title')}</h2>
      <LimitNow station={station} />
      {station.disobedience ? (
        <p class="notice notice-alert" role="status">
          {said(station.disobedience)}
        </p>
      ) : (
        station.limit && <p class="small good">{t('ladder.obeys')}</p>
      )}
      <ol class="plain ladder">
        {RUNGS.map((rung) => {
          const here = now.filter((limit) => limit.rung === rung)
          const decides = station.limit?.rung === rung
          return (
            <li key={rung} aria-current={decides ? 'step' : undefined}>
              <RungMark rung={rung} />
              <div class="small">
                {here.map((limit) => (
                  <p key={limit.id}>
                    <LimitLine limit={limit} />
                  </p>
                ))}
                {decides ? (
                  <p>
                    <b>{t('ladder.decides')}</b>
                  </p>
                ) : (
                  here.length === 0 && <p class="muted">{t('ladder.nothing')}</p>
                )}
              </div>
            </li>
          )
        })}
      </ol>
      <h3>{t('ladder.orders')}</h3>
      {!orders || orders.length === 0 ? (
        <p class="muted small">{t('ladder.orders.none')}</p>
      ) : (
        <ul class="plain said">
          {[...orders]
            .sort((a, b) => Date.parse(b.at ?? b.until) - Date.parse(a.at ?? a.until))
            .slice(0, 6)
            .map((order) => (
              <li key={`${order.at}${order.until}`}>
                <p>
                  {order.at && <span class="muted">{f.near(Date.parse(order.at), platformNow())}</span>}{' '}
                  <Power kind="evse" powerKw={order.powerKw} /> <RungMark rung={order.rung} /> <OutcomeMark receipt={order.receipt} />
                </p>
                <p class="small muted">
                  {said(order.because)}
                  {order.receipt?.why && ` ${said(order.receipt.why)}`}
                </p>
              </li>
            ))}
        </ul>
      )}
    </section>
  )
}

/** What we laid, what the station says it holds, and the schedule it makes of all of it. */
function Held({ station, may }: { station: string; may: boolean }) {
  const { t, f } = useWords()
  const spoken = useCell(talks)[station] ?? 0
  const sending = useSending()
  const path = `/stations/${encodeURIComponent(station)}/profiles`
  const { data, error, reload } = useResource<StationProfiles>(path, spoken)
  const ask = () =>
    sending.send(async () => {
      await post(`${path}/ask`, {})
      reload()
    }, t('laid.asked'))
  if (!data)
    return (
      <section class="card station-talk" aria-label={t('laid.title')}>
        <Pending error={error} retry={reload} />
      </section>
    )
  const { laid, told, composite } = data
  const others = told?.profiles.filter(({ ours }) => !ours) ?? []
  return (
    <section class="card station-talk" aria-labelledby="laid">
      <h2 id="laid">{t('laid.title')}</h2>
      {laid.length === 0 ? (
        <p class="empty">{t('laid.none')}</p>
      ) : (
        <ul class="plain said">
          {laid.map((profile) => (
            <LaidLine key={`${profile.evse}/${profile.id}`} profile={profile} />
          ))}
        </ul>
      )}
      {told && (
        <>
          <h3>{t('laid.told', { time: f.clockSeconds(Date.parse(told.at)) })}</h3>
          <p class="small muted">{t('laid.told.count', { n: told.profiles.length, ours: told.profiles.length - others.length })}</p>
          <ul class="plain said">
            {others.map((profile) => (
              <li key={`${profile.evse}/${profile.id}`}>
                <ProfileHead profile={profile} /> <span class="small">{t('laid.source', { source: profile.source })}</span>
                <Schedules schedules={profile.schedules} />
              </li>
            ))}
          </ul>
        </>
      )}
      {composite && (
        <>
          <h3>{t('laid.held', { time: f.clockSeconds(Date.parse(composite.at)) })}</h3>
          <Periods {...composite} />
        </>
      )}
      {sending.error && <Failure error={sending.error} />}
      {may && (
        <button type="button" class="button" disabled={sending.busy} onClick={() => void ask()}>
          {sending.busy ? t('command.waiting') : t('laid.ask')}
        </button>
      )}
    </section>
  )
}

function LaidLine({ profile }: { profile: LaidProfile }) {
  const { t, f, said } = useWords()
  const { at, status, reason, deviation, heldKw } = profile
  return (
    <li>
      <ProfileHead profile={profile} />
      <p class="small muted">
        {t('laid.at', { time: f.near(Date.parse(at), platformNow()) })}
        {heldKw !== null && ` · ${t('laid.holds', { power: f.amount(heldKw, 'kW') })}`}
      </p>
      {status !== 'Accepted' && <p class="small notice notice-alert">{reason ? said(reason) : t('laid.silent')}</p>}
      {deviation && <p class="small notice notice-alert">{said(deviation)}</p>}
      <Schedules schedules={profile.schedules} />
    </li>
  )
}

function ProfileHead({ profile: { id, evse, stack, kind, purpose } }: { profile: StationProfile }) {
  const { t } = useWords()
  return (
    <>
      <b>{purpose}</b> <span class="muted small">{t('laid.facts', { id, evse, stack, kind })}</span>
    </>
  )
}

const Schedules = ({ schedules }: Pick<StationProfile, 'schedules'>) => (
  <>
    {schedules.map(({ id, ...schedule }) => (
      <Periods key={id} {...schedule} />
    ))}
  </>
)

function Periods({ unit, start, periods }: ProfileSchedule) {
  const { t, f } = useWords()
  const begin = start === null ? Number.NaN : Date.parse(start)
  const shown = periods.slice(0, 12)
  const amount = (value: number) => (unit === 'W' ? f.amount(value / 1000, 'kW') : f.amount(value, unit || 'A'))
  return (
    <ul class="plain periods small">
      {shown.map(({ startPeriod, limit, setpoint }) => (
        <li key={startPeriod}>
          <span class="muted">
            {Number.isNaN(begin)
              ? t('laid.after', { minutes: f.number(startPeriod / 60, 0) })
              : f.near(begin + startPeriod * 1000, platformNow())}
          </span>{' '}
          <b>
            {setpoint !== undefined
              ? t('laid.setpoint', { power: amount(setpoint) })
              : limit === undefined
                ? '–'
                : t('laid.most', { power: amount(limit) })}
          </b>
        </li>
      ))}
      {periods.length > shown.length && <li class="muted">{t('laid.more', { n: periods.length - shown.length })}</li>}
    </ul>
  )
}

function ModelCard({ station }: { station: string }) {
  const { t, f } = useWords()
  const { data, error, reload } = useResource<Card>(`/stations/${encodeURIComponent(station)}/card`)
  if (!data)
    return (
      <section class="card" aria-label={t('card.title')}>
        <Pending error={error} retry={reload} />
      </section>
    )
  const { card, learned } = data
  const yes = (on: boolean | undefined) => t(on ? 'card.yes' : 'card.no')
  const facts: [string, string][] = [
    [t('card.units'), card.units.join(', ')],
    [t('card.periods'), String(card.maxPeriods)],
    [t('card.stack'), card.maxStackLevel === undefined ? '–' : String(card.maxStackLevel)],
    [t('card.least'), f.amount(card.minCurrent, 'A')],
    [t('card.step'), f.amount(card.step, 'A')],
    [t('card.phases'), yes(card.phaseSwitching)],
    [t('card.negative'), yes(card.negative)],
    [t('card.dynamic'), yes(card.dynamic)],
  ]
  const found = [
    learned.form ? t('card.form', { form: learned.form }) : null,
    learned.deaf && learned.deaf.length > 0 ? t('card.deaf', { forms: learned.deaf.join(', ') }) : null,
    learned.clearFirst ? t('card.clear-first') : null,
    learned.readsBack === false ? t('card.no-read-back') : null,
  ].filter((line) => line !== null)
  const by = Object.keys(data.said)
  return (
    <section class="card" aria-labelledby="model-card">
      <h2 id="model-card">{t('card.title')}</h2>
      <p class="muted small">{[data.vendor, data.model, `OCPP ${data.protocol}`].filter(Boolean).join(' · ')}</p>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>{t('card.learned')}</h3>
      {found.length === 0 ? (
        <p class="muted small">{t('card.learned.none')}</p>
      ) : (
        <ul class="small">
          {found.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {by.length > 0 && <p class="muted small">{t('card.said', { fields: by.join(', ') })}</p>}
    </section>
  )
}
