/** What is wrong now, and what was within the last day; who is told of it by mail. */
import '../style/things.css'
import '../style/work.css'
import { useEffect, useState } from 'preact/hooks'
import { useCell } from '../cell.ts'
import { alarms, platformNow, trouble } from '../live.ts'
import { Icon } from '../parts/icon.tsx'
import { Empty, Failure, Loading } from '../parts/state.tsx'
import { markSeen, seen } from '../seen.ts'
import { useTree } from '../tree.ts'
import type { Alarm } from '../wire.ts'
import { useWords } from '../words.ts'
import { NoticesCard } from './notices.tsx'

const SHOWN = 30

export function Alarms() {
  const { t } = useWords()
  const all = useCell(alarms)
  const problem = useCell(trouble)
  // What was new when the page was opened stays marked while it is looked at.
  const [known] = useState(() => seen.get())
  const [ended, showEnded] = useState(false)
  useEffect(() => {
    if (all) markSeen(all)
  }, [all])
  const active = all?.filter((one) => one.active) ?? []
  const over = all?.filter((one) => !one.active) ?? []
  return (
    <div class="page">
      <h1>{t('overview.alarms')}</h1>
      <div class="reports">
        <div class="reports-main">
          <section class="card" aria-labelledby="alarms-active">
            <h2 id="alarms-active">{active.length === 0 ? t('alarm.now') : t.count('alarm.active', active.length)}</h2>
            {!all ? (
              problem ? (
                <Failure error={problem} />
              ) : (
                <Loading />
              )
            ) : active.length === 0 ? (
              <Empty title={t('overview.alarms.none')}>
                <p>{t('alarm.none.next')}</p>
              </Empty>
            ) : (
              <AlarmList list={active} known={known} />
            )}
          </section>
          {over.length > 0 && (
            <section class="card" aria-labelledby="alarms-over">
              <h2 id="alarms-over">{t.count('alarm.over', over.length)}</h2>
              <AlarmList list={ended ? over : over.slice(0, 5)} known={known} />
              {!ended && over.length > 5 && (
                <button type="button" class="button" onClick={() => showEnded(true)}>
                  {t('thing.more', { n: over.length - 5 })}
                </button>
              )}
            </section>
          )}
        </div>
        <div class="reports-side">
          <NoticesCard />
        </div>
      </div>
    </div>
  )
}

function AlarmList({ list, known }: { list: Alarm[]; known: ReadonlySet<string> }) {
  const { t, f, said } = useWords()
  const tree = useCell(useTree())
  const [shown, setShown] = useState(SHOWN)
  const now = platformNow()
  const nameOf = (asset: number) => tree?.find(({ id }) => id === asset)?.name ?? `#${asset}`
  return (
    <>
      <ul class="plain alarm-list">
        {list.slice(0, shown).map((one) => (
          <li key={one.id} class={one.active ? 'alarm alarm-active' : 'alarm'}>
            <Icon name={one.active ? 'alert' : 'obeyed'} size={20} />
            <div>
              <p class="break">
                {said(one.message)} {one.active && !known.has(String(one.id)) && <span class="rung alarm-new">{t('alarm.new')}</span>}
              </p>
              <p class="small muted">
                <a href={`/ops/assets/${one.asset}`}>{nameOf(one.asset)}</a> · {t.code('alarm.code', one.code)} ·{' '}
                {t(one.active ? 'overview.alarms.since' : 'alarm.began', { time: f.near(Date.parse(one.since), now) })}
                {PLAN.has(one.code) && (
                  <>
                    {' '}
                    · <a href={one.code === 'wish-broken' ? `/ops/assets/${one.asset}?tab=status` : '/ops/plans'}>{t('alarm.plan')}</a>
                  </>
                )}
              </p>
            </div>
          </li>
        ))}
      </ul>
      {list.length > shown && (
        <button type="button" class="button" onClick={() => setShown(shown + 4 * SHOWN)}>
          {t('thing.more', { n: list.length - shown })}
        </button>
      )}
    </>
  )
}
const PLAN = new Set(['planner', 'prices-missing', 'wish-broken'])
