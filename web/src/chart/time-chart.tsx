/** One chart of several lines over time, on canvas: legend with values under the pointer, marks for moments, a twin as table. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useCell } from '../cell.ts'
import { paint } from '../settings.ts'
import { useWords } from '../words.ts'
import { rowSize, thin, type Values } from './digest.ts'

export interface Line {
  key: string
  label: string
  unit: string
  values: Values
  /** Name of a colour of the style sheet, such as `--battery`. */
  colour: string
  dash?: number[]
  /** Holds from slot to slot, as an order does. */
  stepped?: boolean
  /** Not drawn until asked for in the legend. */
  off?: boolean
  fill?: boolean
  width?: number
  /** Drawn through where values are missing: moments, which come when they come. */
  span?: boolean
}
/** A time with a meaning of its own, as a tinted band. */
export interface Band {
  from: number
  until: number
  label: string
  colour: string
}
export interface Moment {
  at: number
  label: string
  colour: string
}
export interface TimeChartProps {
  start: number
  step: number
  lines: Line[]
  moments: Moment[]
  /** One sentence that says what the picture shows. */
  summary: string
  caption: string
  height?: number
  bands?: Band[]
  /** With it a stretch of time can be drawn with the pointer. */
  onZoom?: (from: number, until: number) => void
}

/** A colour of the style sheet as the canvas wants it (light-dark() resolved). */
function resolve(name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  probe.hidden = true
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

const NONE: Band[] = []
const faint = (colour: string): string => colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.16)')

export function TimeChart({ start, step, lines, moments, summary, caption, height = 320, bands = NONE, onZoom }: TimeChartProps) {
  const { t, f, zone } = useWords()
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const [chosen, setChosen] = useState<Record<string, boolean>>({})
  const [under, setUnder] = useState<number | null>(null)
  const painted = useCell(paint)
  const count = lines[0]?.values.length ?? 0
  const times = useMemo(() => Array.from({ length: count }, (_, index) => (start + index * step) / 1000), [start, step, count])
  const isOn = (line: Line) => chosen[line.key] ?? !line.off
  const shape = lines.map((line) => `${line.key}${line.colour}${line.unit}${line.dash}${isOn(line)}`).join()
  const latest = useRef({ lines, moments, bands, onZoom })
  latest.current = { lines, moments, bands, onZoom }
  const data = () => [times, ...latest.current.lines.map((line) => line.values)] as uPlot.AlignedData

  useEffect(() => {
    const box = host.current
    if (!box || count === 0) return
    const text = resolve('--text-soft')
    const rule = resolve('--rule')
    const axis = { stroke: text, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1 }, font: '12px system-ui, sans-serif' }
    // One scale per unit: the first on the left with the grid, the others on the right.
    const units = [...new Set(lines.filter(isOn).map((line) => line.unit))]
    const narrow = box.clientWidth < 480
    const drawMoments = (chart: uPlot) => {
      const { ctx, bbox } = chart
      ctx.save()
      ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`
      ctx.textAlign = 'left'
      ctx.textBaseline = 'alphabetic'
      latest.current.moments.forEach(({ at, label, colour }, index) => {
        const x = chart.valToPos(at / 1000, 'x', true)
        if (x < bbox.left || x > bbox.left + bbox.width) return
        ctx.strokeStyle = ctx.fillStyle = resolve(colour)
        ctx.lineWidth = 1.5 * devicePixelRatio
        ctx.setLineDash(index === 0 ? [] : [4 * devicePixelRatio, 4 * devicePixelRatio])
        ctx.beginPath()
        ctx.moveTo(x, bbox.top)
        ctx.lineTo(x, bbox.top + bbox.height)
        ctx.stroke()
        const width = ctx.measureText(label).width
        const leftward = x + width + 10 * devicePixelRatio > bbox.left + bbox.width
        ctx.fillText(
          label,
          leftward ? x - width - 5 * devicePixelRatio : x + 5 * devicePixelRatio,
          bbox.top + (13 + index * 15) * devicePixelRatio,
        )
      })
      ctx.restore()
    }
    const drawBands = (chart: uPlot) => {
      const { ctx, bbox } = chart
      ctx.save()
      for (const { from, until, colour } of latest.current.bands) {
        const [left, right] = [from, until].map((at) =>
          Math.min(bbox.left + bbox.width, Math.max(bbox.left, chart.valToPos(at / 1000, 'x', true))),
        ) as [number, number]
        if (right <= left) continue
        ctx.fillStyle = faint(resolve(colour))
        ctx.fillRect(left, bbox.top, right - left, bbox.height)
      }
      ctx.restore()
    }
    const chart = new uPlot(
      {
        width: Math.max(260, box.clientWidth),
        height,
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
        legend: { show: false },
        cursor: { drag: { x: onZoom !== undefined, y: false, setScale: false }, points: { size: 7 } },
        scales: {
          x: { time: true },
          ...Object.fromEntries(
            units.map((unit) => [
              unit,
              { range: { min: { pad: 0.08, soft: 0, mode: 1 }, max: { pad: 0.12, soft: 1, mode: 1 } } } as uPlot.Scale,
            ]),
          ),
        },
        axes: [
          {
            ...axis,
            space: 56,
            values: (_, splits) =>
              splits.map((at, index) => {
                const turns = (to: number) => to > 0 && to < splits.length && f.day(splits[to - 1]! * 1000) !== f.day(splits[to]! * 1000)
                // The day stands under the first hour of it, and under the first of all unless the next is too near.
                const named = turns(index) || (index === 0 && !turns(1) && !turns(2))
                return named ? `${f.clock(at * 1000)}\n${f.day(at * 1000)}` : f.clock(at * 1000)
              }),
            size: 44,
          },
          ...units.map(
            (unit, index): uPlot.Axis => ({
              ...axis,
              scale: unit,
              side: index === 0 ? 3 : 1,
              size: narrow ? 40 : 48,
              ...(index === 0 ? {} : { grid: { show: false } }),
              label: unit,
              labelSize: 18,
              labelFont: '12px system-ui, sans-serif',
              values: (_, splits) => splits.map((value) => f.number(value, Math.abs((splits[1] ?? 1) - (splits[0] ?? 0)) < 1 ? 1 : 0)),
            }),
          ),
        ],
        series: [
          {},
          ...lines.map((line): uPlot.Series => {
            const colour = resolve(line.colour)
            return {
              label: line.label,
              scale: line.unit,
              stroke: colour,
              width: line.width ?? 2,
              show: isOn(line),
              points: { show: false },
              spanGaps: line.span ?? false,
              ...(line.dash ? { dash: line.dash } : {}),
              ...(line.fill ? { fill: faint(colour) } : {}),
              ...(line.stepped ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
            }
          }),
        ],
        hooks: {
          drawClear: [drawBands],
          draw: [drawMoments],
          setCursor: [(self) => setUnder(self.cursor.idx ?? null)],
          setSelect: [
            (self) => {
              const { left, width } = self.select
              if (width < 8) return
              const at = (x: number) => self.posToVal(x, 'x') * 1000
              latest.current.onZoom?.(at(left), at(left + width))
              self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            },
          ],
        },
      },
      data(),
      box,
    )
    plot.current = chart
    const resized = new ResizeObserver(() => {
      const width = Math.max(260, box.clientWidth)
      if (Math.abs(width - chart.width) > 1) chart.setSize({ width, height })
    })
    resized.observe(box)
    return () => {
      resized.disconnect()
      chart.destroy()
      plot.current = null
    }
  }, [shape, zone, painted, t, count === 0, height])

  // A hidden page draws nothing; it catches up when it is looked at.
  const draw = () => {
    if (!document.hidden) plot.current?.setData(data())
  }
  useEffect(draw, [times, lines, moments, bands])
  useEffect(() => {
    document.addEventListener('visibilitychange', draw)
    return () => document.removeEventListener('visibilitychange', draw)
  }, [times])
  const index = under ?? undefined
  return (
    <figure class="chart">
      <figcaption class="chart-summary">{summary}</figcaption>
      <ul class="plain chart-legend">
        {lines.map((line) => (
          <li key={line.key}>
            <button type="button" class="chip" aria-pressed={isOn(line)} onClick={() => setChosen({ ...chosen, [line.key]: !isOn(line) })}>
              <svg class="sample" width="26" height="12" viewBox="0 0 26 12" aria-hidden="true" focusable="false">
                <path
                  d={line.stepped ? 'M1 9h8V3h8v6h8' : 'M1 6h24'}
                  style={{ stroke: `var(${line.colour})`, strokeDasharray: line.dash?.join(' ') ?? 'none', strokeWidth: line.width ?? 2 }}
                />
              </svg>
              {line.label}
              {index !== undefined && isOn(line) && <b class="chart-value">{f.amount(line.values[index], line.unit)}</b>}
            </button>
          </li>
        ))}
        <li class="muted chart-at">{index === undefined ? '' : f.moment(start + index * step)}</li>
      </ul>
      <div class="chart-canvas" ref={host} role="img" aria-label={summary} style={{ minHeight: `${height}px` }} />
      <Twin start={start} step={step} lines={lines} caption={caption} />
    </figure>
  )
}

function Twin({ start, step, lines, caption }: { start: number; step: number; lines: Line[]; caption: string }) {
  const { t, f } = useWords()
  const [open, setOpen] = useState(false)
  const count = lines[0]?.values.length ?? 0
  const size = rowSize(count, step)
  const columns = useMemo(() => (open ? lines.map((line) => thin(line.values, size)) : []), [open, lines, size])
  return (
    <details class="twin" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('chart.table')}</summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section class="scroll" tabIndex={0} aria-label={caption}>
          <table class="table">
            <caption>
              {caption} {size > 1 && t('chart.means', { minutes: (size * step) / 60_000 })}
            </caption>
            <thead>
              <tr>
                <th scope="col">{t('chart.time')}</th>
                {lines.map((line) => (
                  <th key={line.key} scope="col" class="right">
                    {line.label} ({line.unit})
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: Math.ceil(count / size) }, (_, row) => (
                <tr key={start + row * size * step}>
                  <th scope="row" class="nowrap">
                    {f.moment(start + row * size * step)}
                  </th>
                  {columns.map((column, index) => {
                    const value = column[row]
                    return (
                      <td key={lines[index]!.key} class="right">
                        {value === null || value === undefined ? '–' : f.number(value, 2)}
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  )
}
