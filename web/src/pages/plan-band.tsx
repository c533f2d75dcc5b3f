/** The band of all devices: one row each, its power as a picture, its blocks by pointer and arrow keys, the reason of the chosen one; and the twin table. */
import { useRef, useState } from 'preact/hooks'
import { platformNow } from '../live.ts'
import { KindMark, Power } from '../parts/marks.tsx'
import { useTick } from '../parts/tick.ts'
import type { Kind, Plan } from '../wire.ts'
import { useWords } from '../words.ts'
import { Backdrop, Hours } from './plan-backdrop.tsx'
import { type Block, neighbour, outline } from './plan-blocks.ts'

export interface Row {
  device: string
  asset: number
  kind: Kind
  powerKw: number[]
  freePowerKw: number[] | null
  blocks: Block[]
  most: number
  twoWay: boolean
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

interface Chosen {
  row: number
  index: number
}

function Reason({ block, kind, start, step }: { block: Block | undefined; kind: Kind; start: number; step: number }) {
  const { t, f, said } = useWords()
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
        <span class="muted">{t('order.because')}</span> {block.because ? said(block.because) : t('plan.reason.none')}
      </p>
    </>
  )
}

export function Band({ plan, rows, start, step, slots }: { plan: Plan; rows: Row[]; start: number; step: number; slots: number }) {
  const { t, f, said } = useWords()
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
    return `${f.clock(start + each.from * step)} – ${f.clock(start + each.to * step)}, ${power}. ${said(each.because)}`
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

export function Twin({ rows, start, step }: { rows: Row[]; start: number; step: number }) {
  const { t, f, said } = useWords()
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
                    <td class="because">{block.because ? said(block.because) : '–'}</td>
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
