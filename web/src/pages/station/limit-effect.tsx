/** What became of a limit that was just posted: what was sent for it, what the station answered, what it then measured. */
import type { Sample } from '../../charging-wire.ts'
import { iso } from '../../format.ts'
import { useTick } from '../../parts/tick.ts'
import { useResource } from '../../resource.ts'
import { address } from '../../route.ts'
import type { Station, Utterance } from '../../wire.ts'
import { useWords } from '../../words.ts'

/** Meters are not exact, and cars leave a little to spare. */
const TOLERANCE_KW = 0.2

export function LimitEffect({ station, posted }: { station: Station; posted: { at: number; kw: number } }) {
  const { t, f } = useWords()
  const tick = Math.floor(useTick(5_000) / 5_000)
  const evse = station.evses.find(({ transaction }) => transaction)?.id
  const { data } = useResource<Sample[]>(
    evse === undefined
      ? null
      : address(`/charging/samples/${encodeURIComponent(station.identity)}/${evse}`, {
          from: iso(posted.at),
          until: iso(posted.at + 3_600_000),
        }),
    tick,
  )
  const measured = (data ?? []).filter(({ kw }) => kw !== null).at(-1)
  const { data: said } = useResource<Utterance[]>(
    address(`/stations/${encodeURIComponent(station.identity)}/conversation`, { search: 'SetChargingProfile', limit: '10' }),
    tick,
  )
  // The second in which it was posted is of the order already.
  const told = said?.find(({ kind, direction, at }) => kind === 'CALL' && direction === 'out' && Date.parse(at) >= posted.at - 1_000)
  const answer = told && said?.find(({ kind, message }) => kind !== 'CALL' && message === told.message)
  const status = (answer?.payload as { status?: string } | null | undefined)?.status ?? answer?.kind
  return (
    <div class="limit-effect">
      <p class="done">{t('command.limit.done', { power: f.amount(posted.kw, 'kW') })}</p>
      {evse === undefined ? (
        <p class="small muted">{t('command.limit.idle')}</p>
      ) : (
        <ul class="plain said">
          <li class="small">
            {told ? (
              <>
                <span class="muted">{f.clockSeconds(Date.parse(told.at))}</span> <span aria-hidden="true">▶</span> <b>SetChargingProfile</b>{' '}
                {answer ? (
                  <>
                    <span aria-hidden="true">◀</span> <b class={status === 'Accepted' ? 'good' : 'bad'}>{status}</b>{' '}
                    {typeof answer.took === 'number' && <span class="muted">{f.amount(answer.took, 'ms', 0)}</span>}
                  </>
                ) : (
                  <span class="muted">{t('sent.waiting')}</span>
                )}
              </>
            ) : (
              <span class="muted">{t('command.limit.unsent')}</span>
            )}
          </li>
          <li class="small">
            {measured ? (
              <>
                <span class={measured.kw! <= posted.kw + TOLERANCE_KW ? 'good' : 'bad'}>
                  {t('command.limit.measured', { power: f.amount(measured.kw!, 'kW'), time: f.clockSeconds(Date.parse(measured.at)) })}
                </span>{' '}
                {t(measured.kw! <= posted.kw + TOLERANCE_KW ? 'command.limit.kept' : 'command.limit.not-yet')}
              </>
            ) : (
              <span class="muted">{t('command.limit.unmeasured')}</span>
            )}
          </li>
        </ul>
      )}
    </div>
  )
}
