/** The orders one device was given: what, why, which rung, and what became of each. */
import { useState } from 'preact/hooks'
import { useCell } from '../../cell.ts'
import { iso } from '../../format.ts'
import { platformNow, versions } from '../../live.ts'
import { OutcomeMark, Power, RungMark } from '../../parts/marks.tsx'
import { Empty, Pending, Stale } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { address } from '../../route.ts'
import type { Asset, Order } from '../../wire.ts'
import { useWords } from '../../words.ts'

const HOUR = 3_600_000
const PAGE = 12

export function Journal({ asset, version }: { asset: Asset; version: number }) {
  const { t, f, said } = useWords()
  const seen = useCell(versions)
  const [hours, setHours] = useState(6)
  const [shown, setShown] = useState(PAGE)
  const [opened] = useState(platformNow())
  const path = address('/setpoints', { device: asset.device ?? '', from: iso(opened - hours * HOUR), to: iso(opened + 24 * HOUR) })
  const { data, error, reload } = useResource<Order[]>(path, `${seen.setpoints}/${version}`)
  const orders = [...(data ?? [])].sort((a, b) => Date.parse(b.at ?? b.until) - Date.parse(a.at ?? a.until))
  const now = platformNow()
  return (
    <section class="card" aria-labelledby="journal">
      <h2 id="journal">{t('journal.title')}</h2>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : orders.length === 0 ? (
        <Empty title={t('journal.empty', { hours })}>
          <p>{t('journal.empty.next')}</p>
        </Empty>
      ) : (
        <ol class="plain journal">
          {orders.slice(0, shown).map((order) => (
            <li key={`${order.at}-${order.until}-${order.powerKw}`}>
              <p class="journal-when">
                <b>{f.near(Date.parse(order.at ?? order.until), now)}</b>
                <span class="muted small">{t('order.until', { time: f.near(Date.parse(order.until), now) })}</span>
              </p>
              <div>
                <p class="row">
                  <Power kind={asset.kind} powerKw={order.powerKw} /> <RungMark rung={order.rung} />{' '}
                  {/* An order that was replaced before it could be judged waits for nothing any more. */}
                  {(order.receipt || Date.parse(order.until) > now) && <OutcomeMark receipt={order.receipt} />}
                  {order.receipt && order.receipt.powerKw !== null && order.receipt.powerKw !== undefined && (
                    <span class="muted small">{t('journal.measured', { power: f.amount(Math.abs(order.receipt.powerKw), 'kW') })}</span>
                  )}
                </p>
                <p>{said(order.because)}</p>
                {order.receipt?.why && <p class="muted">{said(order.receipt.why)}</p>}
              </div>
            </li>
          ))}
        </ol>
      )}
      {data && (
        <button
          type="button"
          class="button"
          onClick={() => {
            if (shown < orders.length) setShown(shown + PAGE * 2)
            else setHours(hours * 4)
          }}
        >
          {t('journal.more')}
        </button>
      )}
    </section>
  )
}
