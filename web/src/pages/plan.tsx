/** The plan: 12 to 48 hours of every device over price and sun, the reason of each block, the wishes that cannot be met, how it was made. */
import { useMemo, useRef, useState } from 'preact/hooks'
import { useCell } from '../cell.ts'
import { milliseconds } from '../format.ts'
import { assets, platformNow, site, versions } from '../live.ts'
import { Icon } from '../parts/icon.tsx'
import { LimitBanner } from '../parts/limit-banner.tsx'
import { KindMark, Power, Simulated } from '../parts/marks.tsx'
import { Empty, Failure, Loading, Stale } from '../parts/state.tsx'
import { useTick } from '../parts/tick.ts'
import { useResource } from '../resource.ts'
import { address, type PageProps, refine } from '../route.ts'
import type { Kind, Plan, Skill } from '../wire.ts'
import { useWords } from '../words.ts'
import { type Block, blocksOf, neighbour, outline } from './plan-blocks.ts'

const HOUR = 3_600_000
const HORIZONS = ['12', '24', '48'] as const

interface Row {
  device: string
  asset: number
  kind: Kind
  powerKw: number[]
  freePowerKw: number[] | null
  blocks: Block[]
  most: number
  twoWay: boolean
}

function Facts({ plan, step }: { plan: Plan; step: number }) {
  const { t, f } = useWords()
  const money = (value: number) => `${f.number(value, 2)}\u00a0${plan.currency}`
  const now = platformNow()
  return (
    <section class="card" aria-labelledby="plan-how">
      <h2 id="plan-how">{t('plan.how')}</h2>
      <dl class="facts facts-wide">
        <div>
          <dt>{t('plan.made')}</dt>
          <dd>{f.near(Date.parse(plan.madeAt), now)}</dd>
        </div>
        <div>
          <dt>{t('plan.trigger')}</dt>
          <dd>{plan.trigger}</dd>
        </div>
        <div>
          <dt>{t('plan.objective')}</dt>
          <dd>{money(plan.objective)}</dd>
        </div>
        <div>
          <dt>{t('plan.bound')}</dt>
          <dd>{money(plan.bound)}</dd>
        </div>
        <div>
          <dt>{t('plan.gap')}</dt>
          <dd>{`${f.number(plan.gap * 100, 3)}\u00a0%`}</dd>
        </div>
        <div>
          <dt>{t('plan.solver')}</dt>
          <dd>{t('plan.solver.value', { solver: plan.solver, time: f.amount(plan.solveMs / 1000, 's', 2) })}</dd>
        </div>
        <div>
          <dt>{t('plan.horizon')}</dt>
          <dd>{t('plan.horizon.value', { hours: f.number((plan.slots * step) / HOUR, 0), slot: step / 60_000 })}</dd>
        </div>
      </dl>
    </section>
  )
}

function BrokenWishes({ plan }: { plan: Plan }) {
  const { t, f } = useWords()
  return (
    <section class="card" aria-labelledby="plan-wishes">
      <h2 id="plan-wishes">{t('plan.wishes')}</h2>
      {plan.brokenWishes.length === 0 ? (
        <p class="muted">
          <Icon name="obeyed" size={18} /> {t('plan.wishes.none')}
        </p>
      ) : (
        <ul class="plain alarms">
          {plan.brokenWishes.map((wish) => (
            <li key={`${wish.device}-${wish.name}-${wish.at}`}>
              <Icon name="alert" size={20} />
              <div>
                <p>
                  <a href={`/ops/assets/${wish.asset}`}>{wish.device}</a>{' '}
                  {t('plan.wish', { amount: f.amount(wish.missingKwh, 'kWh'), time: f.near(Date.parse(wish.at), platformNow()) })}
                </p>
                <p class="muted">{wish.because}</p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Accuracy() {
  const { t, f } = useWords()
  const seen = useCell(versions)
  const { data, error, reload } = useResource<Skill[]>('/forecasts/skill', seen.caughtUp)
  return (
    <section class="card" aria-labelledby="plan-skill">
      <h2 id="plan-skill">{t('skill.title')}</h2>
      <p class="muted small">{t('skill.lead')}</p>
      {!data ? (
        error ? (
          <Failure error={error} retry={reload} />
        ) : (
          <Loading />
        )
      ) : data.length === 0 ? (
        <Empty title={t('skill.empty')}>
          <p>{t('skill.empty.next')}</p>
        </Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section class="scroll" tabIndex={0} aria-label={t('skill.table')}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t('skill.name')}</th>
                <th scope="col">{t('skill.day')}</th>
                <th scope="col" class="right">
                  {t('skill.rmse')}
                </th>
                <th scope="col" class="right">
                  {t('skill.persistence')}
                </th>
                <th scope="col" class="right">
                  {t('skill.skill')}
                </th>
              </tr>
            </thead>
            <tbody>
              {data.map((row) => (
                <tr key={`${row.sensor}-${row.model}-${row.day}`}>
                  <th scope="row">
                    {row.name} <span class="muted small block">{row.model}</span>
                  </th>
                  <td class="nowrap">{row.day.slice(0, 10)}</td>
                  <td class="right">{f.amount(row.rmse, row.unit, 2)}</td>
                  <td class="right">{f.amount(row.rmsePersistence, row.unit, 2)}</td>
                  <td class="right">
                    <b>{f.percent(row.skill)}</b>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  )
}

/** One picture of the slots, `slots` × 100, behind the blocks of a row. */
function Profile({ row, slots }: { row: Row; slots: number }) {
  const zero = row.twoWay ? 50 : 96
  return (
    <svg
      class={`band-profile kind-${row.kind}`}
      viewBox={`0 0 ${slots} 100`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <path
        class="band-take"
        d={outline(
          row.powerKw.map((kw) => Math.max(0, kw)),
          zero,
          row.most,
        )}
      />
      <path
        class="band-give"
        d={outline(
          row.powerKw.map((kw) => Math.min(0, kw)),
          zero,
          row.most,
        )}
      />
      {row.freePowerKw && <path class="band-free" d={outline(row.freePowerKw, zero, row.most)} />}
      <path class="band-zero" d={`M0 ${zero}H${slots}`} />
    </svg>
  )
}

function Backdrop({ plan, slots, start, step }: { plan: Plan; slots: number; start: number; step: number }) {
  const { t, f } = useWords()
  const price = plan.consumptionPrice.slice(0, slots)
  const sun = plan.inflexibleKw.slice(0, slots).map((kw) => Math.max(0, -kw))
  const net = Array.from({ length: slots }, (_, slot) =>
    plan.devices.reduce((sum, device) => sum + (device.powerKw[slot] ?? 0), plan.inflexibleKw[slot] ?? 0),
  )
  const low = Math.min(...price)
  const high = Math.max(...price)
  const brightest = Math.max(...sun, 0.001)
  const furthest = Math.max(...net.map(Math.abs), 0.001)
  const priceLine = price
    .map((value, slot) => `${slot === 0 ? 'M0 ' : 'V'}${92 - ((value - low) / Math.max(high - low, 0.001)) * 80}H${slot + 1}`)
    .join('')
  const when = (slot: number) => f.clock(start + slot * step)
  const sentence = t('plan.backdrop', {
    low: f.amount(low, `${plan.currency}/MWh`, 0),
    lowTime: when(price.indexOf(low)),
    high: f.amount(high, `${plan.currency}/MWh`, 0),
    highTime: when(price.indexOf(high)),
    sun: f.amount(brightest, 'kW'),
    sunTime: when(sun.indexOf(Math.max(...sun))),
  })
  return (
    <>
      <div class="band-row band-row-back">
        <span class="band-name">
          <span>{t('plan.price')}</span>
          <span class="muted small">
            {f.number(low, 0)}–{f.number(high, 0)}
          </span>
        </span>
        <div class="band-track" role="img" aria-label={sentence}>
          <svg class="band-profile" viewBox={`0 0 ${slots} 100`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <path class="band-sun" d={outline(sun, 96, brightest)} />
            <path class="band-price" d={priceLine} />
          </svg>
        </div>
      </div>
      <div class="band-row band-row-back">
        <span class="band-name">
          <span>{t('plan.net')}</span>
          <span class="muted small">±{f.amount(furthest, 'kW', 0)}</span>
        </span>
        <div
          class="band-track"
          role="img"
          aria-label={t('plan.net.sentence', {
            take: f.amount(Math.max(0, ...net), 'kW', 0),
            give: f.amount(Math.max(0, ...net.map((kw) => -kw)), 'kW', 0),
          })}
        >
          <svg class="band-profile kind-grid" viewBox={`0 0 ${slots} 100`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <path
              class="band-take"
              d={outline(
                net.map((kw) => Math.max(0, kw)),
                50,
                furthest,
              )}
            />
            <path
              class="band-give"
              d={outline(
                net.map((kw) => Math.min(0, kw)),
                50,
                furthest,
              )}
            />
            <path class="band-zero" d={`M0 50H${slots}`} />
          </svg>
        </div>
      </div>
      <p class="unseen">{sentence}</p>
    </>
  )
}

function Hours({ start, step, slots }: { start: number; step: number; slots: number }) {
  const { f } = useWords()
  const hours = (slots * step) / HOUR
  const small = innerWidth < 560
  const every = (hours <= 12 ? 2 : hours <= 24 ? 4 : 8) * (small ? 1.5 : 1)
  const marks: { at: number; left: number }[] = []
  for (let slot = 0; slot < slots; slot++) {
    const at = start + slot * step
    const clock = f.clock(at)
    if (clock.endsWith('00') && Number(clock.slice(0, 2)) % every === 0 && slot / slots < (small ? 0.88 : 0.95))
      marks.push({ at, left: (slot / slots) * 100 })
  }
  return (
    <div class="band-row band-hours" aria-hidden="true">
      <span class="band-name" />
      <div class="band-track">
        {marks.map(({ at, left }) => (
          <span key={at} class="band-hour" style={{ left: `${left}%` }}>
            {f.clock(at) !== '00:00' ? f.clock(at) : small ? f.weekday(at) : f.day(at)}
          </span>
        ))}
      </div>
    </div>
  )
}

interface Chosen {
  row: number
  index: number
}

function Reason({ block, kind, start, step }: { block: Block | undefined; kind: Kind; start: number; step: number }) {
  const { t, f } = useWords()
  if (!block) return <p class="muted">{t('plan.reason.hint')}</p>
  const now = platformNow()
  return (
    <>
      <p class="strong">
        <a href={`/ops/assets/${block.asset}`}>{block.device}</a> · {f.near(start + block.from * step, now)} →{' '}
        {f.near(start + block.to * step, now)}
      </p>
      <p>
        <Power kind={kind} powerKw={block.meanKw} />{' '}
        {Math.abs(block.energyKwh) > 0.05 && <span class="muted">({f.amount(Math.abs(block.energyKwh), 'kWh')})</span>}
      </p>
      <p>
        <span class="muted">{t('order.because')}</span> {block.because || t('plan.reason.none')}
      </p>
    </>
  )
}

function Band({ plan, rows, start, step, slots }: { plan: Plan; rows: Row[]; start: number; step: number; slots: number }) {
  const { t, f } = useWords()
  useTick(30_000)
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const tracks = useRef<(HTMLElement | null)[]>([])
  const grid = rows.map((row) => row.blocks)
  const block = chosen ? grid[chosen.row]?.[chosen.index] : undefined
  const nowLeft = (platformNow() - start) / (slots * step)
  /** The block of a row that was last looked at, or the one that is now. */
  const indexIn = (row: number): number => {
    if (block && chosen?.row === row) return chosen.index
    const slot = block ? block.from : Math.max(0, Math.floor((platformNow() - start) / step))
    return Math.max(
      0,
      (grid[row] ?? []).findIndex((each) => each.from <= slot && slot < each.to),
    )
  }
  const press = (event: KeyboardEvent, row: number) => {
    const to = neighbour(grid, row, indexIn(row), event.key)
    if (!to) return
    event.preventDefault()
    setChosen(to)
    tracks.current[to.row]?.focus()
  }
  const point = (event: MouseEvent, row: number) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
    const slot = Math.floor(((event.clientX - box.left) / box.width) * slots)
    const index = (grid[row] ?? []).findIndex((each) => each.from <= slot && slot < each.to)
    if (index >= 0) setChosen({ row, index })
  }
  const label = (each: Block | undefined, row: Row): string => {
    if (!each) return t('plan.reason.none')
    const flow = Math.abs(each.meanKw) < 0.05 ? 'idle' : row.kind === 'pv' ? 'producing' : each.meanKw > 0 ? 'charging' : 'discharging'
    const power = flow === 'idle' ? t.code('flow', flow) : `${t.code('flow', flow)} ${f.amount(Math.abs(each.meanKw), 'kW')}`
    return `${f.clock(start + each.from * step)} – ${f.clock(start + each.to * step)}, ${power}. ${each.because}`
  }
  return (
    <div class="band-box">
      <div class="band">
        <Backdrop plan={plan} slots={slots} start={start} step={step} />
        <Hours start={start} step={step} slots={slots} />
        {rows.map((row, rowIndex) => {
          const index = indexIn(rowIndex)
          const shown = chosen?.row === rowIndex ? block : undefined
          return (
            <div key={row.device} class="band-row">
              <a class="band-name" href={`/ops/assets/${row.asset}`}>
                <KindMark kind={row.kind} />
                <span>{row.device}</span>
              </a>
              {/* One stop for the keyboard a row: arrows go from block to block, as on a slider of times. */}
              <div
                class="band-track"
                role="slider"
                tabIndex={0}
                aria-label={t('plan.row', { device: row.device })}
                aria-valuemin={1}
                aria-valuemax={row.blocks.length}
                aria-valuenow={index + 1}
                aria-valuetext={label(row.blocks[index], row)}
                ref={(element) => {
                  tracks.current[rowIndex] = element
                }}
                onFocus={() => setChosen((before) => (before?.row === rowIndex ? before : { row: rowIndex, index }))}
                onClick={(event) => point(event, rowIndex)}
                onKeyDown={(event) => press(event, rowIndex)}
              >
                <Profile row={row} slots={slots} />
                {row.blocks.slice(1).map((each) => (
                  <span key={each.from} class="band-seam" style={{ left: `${(each.from / slots) * 100}%` }} />
                ))}
                {shown && (
                  <span
                    class="band-chosen"
                    style={{ left: `${(shown.from / slots) * 100}%`, width: `${((shown.to - shown.from) / slots) * 100}%` }}
                  />
                )}
              </div>
            </div>
          )
        })}
        {nowLeft > 0 && nowLeft < 1 && (
          <div class="band-row band-now-row" aria-hidden="true">
            <span class="band-name" />
            <div class="band-track">
              <span class="band-now" style={{ left: `${nowLeft * 100}%` }} />
            </div>
          </div>
        )}
      </div>
      <div class={block ? 'reason reason-on' : 'reason'} role="status">
        <Reason block={block} kind={rows[chosen?.row ?? 0]?.kind ?? 'battery'} start={start} step={step} />
      </div>
    </div>
  )
}

function Twin({ rows, start, step }: { rows: Row[]; start: number; step: number }) {
  const { t, f } = useWords()
  const [open, setOpen] = useState(false)
  return (
    <details class="twin" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('chart.table')}</summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section class="scroll" tabIndex={0} aria-label={t('plan.table')}>
          <table class="table">
            <caption>{t('plan.table')}</caption>
            <thead>
              <tr>
                <th scope="col">{t('plan.device')}</th>
                <th scope="col">{t('plan.from')}</th>
                <th scope="col">{t('plan.to')}</th>
                <th scope="col">{t('assets.col.power')}</th>
                <th scope="col">{t('plan.reason')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.flatMap((row) =>
                row.blocks.map((block) => (
                  <tr key={`${row.device}-${block.from}`}>
                    <th scope="row">{row.device}</th>
                    <td class="nowrap">{f.moment(start + block.from * step)}</td>
                    <td class="nowrap">{f.moment(start + block.to * step)}</td>
                    <td class="nowrap">
                      <Power kind={row.kind} powerKw={block.meanKw} />
                    </td>
                    <td class="because">{block.because || '–'}</td>
                  </tr>
                )),
              )}
            </tbody>
          </table>
        </section>
      )}
    </details>
  )
}

export function PlanPage({ route }: PageProps) {
  const { t } = useWords()
  const seen = useCell(versions)
  const place = useCell(site)
  const all = useCell(assets)
  const {
    data: plan,
    error,
    reload,
  } = useResource<Plan>(place ? address('/plans/latest', { asset: String(place.asset) }) : null, `${seen.plan}/${seen.limits}`)
  const horizon = HORIZONS.find((each) => each === route.query['h']) ?? '24'
  const kind = route.query['kind']
  const step = plan ? milliseconds(plan.step) : 900_000
  const slots = plan ? Math.min(plan.slots, Math.round((Number(horizon) * HOUR) / step)) : 0
  const start = plan ? Date.parse(plan.start) : 0
  const rows = useMemo((): Row[] => {
    if (!plan) return []
    const kinds = new Map((all ?? []).map((asset) => [asset.asset, asset]))
    const guess = (device: string): Kind => (device.startsWith('BAT') ? 'battery' : device.startsWith('PV') ? 'pv' : 'evse')
    return plan.devices
      .map((device): Row => {
        const kindOf = kinds.get(device.asset)?.kind ?? guess(device.device)
        const powerKw = device.powerKw.slice(0, slots)
        const twoWay = kindOf === 'battery' || powerKw.some((kw) => kw < -0.05)
        return {
          device: device.device,
          asset: device.asset,
          kind: kindOf,
          powerKw,
          freePowerKw: device.freePowerKw?.slice(0, slots) ?? null,
          blocks: blocksOf(device, slots, step),
          // A little air above, so that full power does not touch the next row.
          most: Math.max(kinds.get(device.asset)?.nominalKw ?? 0, ...powerKw.map(Math.abs), 0.001) * 1.12,
          twoWay,
        }
      })
      .filter((row) => !kind || row.kind === kind)
      .sort((a, b) => a.device.localeCompare(b.device))
  }, [plan, all, slots, step, kind])
  const kinds = [...new Set((plan?.devices ?? []).map((device) => all?.find((asset) => asset.asset === device.asset)?.kind ?? 'evse'))]
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('plan.title')}</h1>
        <Simulated on={place?.demo} />
      </div>
      <LimitBanner />
      {!plan ? (
        error ? (
          error.status === 404 ? (
            <Empty title={t('plan.empty')}>
              <p>{t('plan.empty.next')}</p>
              <button type="button" class="button" onClick={reload}>
                {t('state.retry')}
              </button>
            </Empty>
          ) : (
            <Failure error={error} retry={reload} />
          )
        ) : (
          <Loading />
        )
      ) : (
        <>
          <Stale error={error} />
          {plan.fallback && (
            <div class="notice notice-alert" role="status">
              <Icon name="alert" />
              <p>{t('plan.fallback', { why: plan.fallback })}</p>
            </div>
          )}
          <section class="card" aria-labelledby="plan-band">
            <h2 id="plan-band">{t('plan.band')}</h2>
            <div class="toolbar">
              <fieldset class="chips">
                <legend class="unseen">{t('plan.horizon')}</legend>
                {HORIZONS.map((each) => (
                  <button key={each} type="button" class="chip" aria-pressed={horizon === each} onClick={() => refine({ h: each })}>
                    {t('plan.hours', { hours: each })}
                  </button>
                ))}
              </fieldset>
              {kinds.length > 1 && (
                <fieldset class="chips">
                  <legend class="unseen">{t('assets.filter')}</legend>
                  <button type="button" class="chip" aria-pressed={!kind} onClick={() => refine({ kind: undefined })}>
                    {t('assets.all')}
                  </button>
                  {kinds.map((each) => (
                    <button
                      key={each}
                      type="button"
                      class="chip"
                      aria-pressed={kind === each}
                      onClick={() => refine({ kind: kind === each ? undefined : each })}
                    >
                      <KindMark kind={each} /> {t.code('kind', each)}
                    </button>
                  ))}
                </fieldset>
              )}
            </div>
            {rows.length === 0 ? (
              <p class="empty">{t('plan.none')}</p>
            ) : (
              <>
                <p class="muted small">{t('plan.keys')}</p>
                <Band plan={plan} rows={rows} start={start} step={step} slots={slots} />
                <ul class="plain legend">
                  <li>
                    <span class="sample-take" aria-hidden="true" /> {t('plan.legend.take')}
                  </li>
                  <li>
                    <span class="sample-give" aria-hidden="true" /> {t('plan.legend.give')}
                  </li>
                  <li>
                    <span class="sample-price" aria-hidden="true" /> {t('plan.legend.price', { unit: `${plan.currency}/MWh` })}
                  </li>
                  <li>
                    <span class="sample-sun" aria-hidden="true" /> {t('plan.legend.sun')}
                  </li>
                  {rows.some((row) => row.freePowerKw) && (
                    <li>
                      <span class="sample-free" aria-hidden="true" /> {t('plan.legend.free')}
                    </li>
                  )}
                </ul>
                <Twin rows={rows} start={start} step={step} />
              </>
            )}
          </section>
          <div class="columns">
            <BrokenWishes plan={plan} />
            <Facts plan={plan} step={step} />
          </div>
        </>
      )}
      <Accuracy />
    </div>
  )
}
