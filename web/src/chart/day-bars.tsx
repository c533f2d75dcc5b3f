/** Bars of days, two or more series side by side, with what they stand for; a twin as table says the same. */
import { useState } from 'preact/hooks'
import { formatFor } from '../format.ts'
import { useWords } from '../words.ts'
import { ticks } from './ticks.ts'

export interface Bars {
  key: string
  label: string
  unit: string
  total: number | null
  /** One a day; null where nothing is known. */
  days: readonly (number | null)[]
  /** Name of a colour of the style sheet, such as `--battery`. */
  colour: string
  /** Drawn as an outline: what would have been. */
  hollow?: boolean
}

const WIDTH = 100

/** `dates`: local days, `2026-01-15`. `bars` share one unit. `table`: every line of the table twin, the bars among them. */
export function DayBars({
  dates,
  bars,
  table,
  summary,
  caption,
}: {
  dates: readonly string[]
  bars: readonly Bars[]
  table: readonly Omit<Bars, 'colour'>[]
  summary: string
  caption: string
}) {
  const { t, f, language } = useWords()
  // Days of a calendar, not moments.
  const days = formatFor(language, 'UTC')
  const [under, setUnder] = useState<number | null>(null)
  const values = bars.flatMap((one) => one.days).filter((value) => value !== null)
  const { low, high, marks } = ticks(Math.min(0, ...values), Math.max(0, ...values))
  const height = (value: number) => ((high - value) / (high - low)) * 100
  const unit = bars[0]?.unit ?? ''
  const slot = WIDTH / Math.max(1, dates.length)
  // Air between days; none between those of one day.
  const each = (slot * 0.72) / Math.max(1, bars.length)
  const every = Math.ceil(dates.length / 8)
  const noon = (date: string) => Date.parse(`${date}T12:00:00Z`)
  return (
    <figure class="chart bars">
      <figcaption class="chart-summary">{summary}</figcaption>
      <ul class="plain bars-legend">
        {bars.map((one) => (
          <li key={one.key}>
            <svg width="18" height="14" viewBox="0 0 18 14" aria-hidden="true" focusable="false">
              <rect x="2" y="1" width="14" height="12" {...look(one)} />
            </svg>
            {one.label}
            {under !== null && <b> {f.amount(one.days[under], one.unit)}</b>}
          </li>
        ))}
        <li class="muted">{under === null ? '' : days.day(noon(dates[under]!))}</li>
      </ul>
      <div class="bars-plot" role="img" aria-label={summary}>
        <ul class="plain bars-scale" aria-hidden="true">
          {marks.map((mark) => (
            <li key={mark} style={{ top: `${height(mark)}%` }}>
              {f.number(mark, marks.some((one) => !Number.isInteger(one)) ? 1 : 0)}
              {mark === marks.at(-1) ? ` ${unit}` : ''}
            </li>
          ))}
        </ul>
        <div class="bars-field" onPointerLeave={() => setUnder(null)}>
          <svg viewBox={`0 0 ${WIDTH} 100`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
            {marks.map((mark) => (
              <line key={mark} class={mark === 0 ? 'zero' : ''} x1="0" x2={WIDTH} y1={height(mark)} y2={height(mark)} />
            ))}
            {dates.map((date, day) => (
              <g key={date}>
                {under === day && <rect class="under" x={day * slot} y="0" width={slot} height="100" />}
                {bars.map((one, place) => {
                  const value = one.days[day]
                  if (value === null || value === undefined) return null
                  return (
                    <rect
                      key={one.key}
                      x={day * slot + slot * 0.14 + place * each}
                      width={each * 0.92}
                      y={height(Math.max(0, value))}
                      height={Math.abs(height(0) - height(value))}
                      {...look(one)}
                    />
                  )
                })}
                <rect class="hit" x={day * slot} y="0" width={slot} height="100" onPointerEnter={() => setUnder(day)} />
              </g>
            ))}
          </svg>
          <ul class="plain bars-days" aria-hidden="true">
            {dates.map((date, day) => (
              <li key={date} class={day % (2 * every) === 0 ? '' : 'minor'}>
                {day % every === 0 ? days.date(noon(date)) : ''}
              </li>
            ))}
          </ul>
        </div>
      </div>
      <DaysTable dates={dates} lines={table} caption={caption} label={t('chart.table')} />
    </figure>
  )
}

const look = ({ colour, hollow }: Bars) => ({
  class: hollow ? 'hollow' : 'full',
  style: { color: `var(${colour})` },
})

function DaysTable({
  dates,
  lines,
  caption,
  label,
}: {
  dates: readonly string[]
  lines: readonly Omit<Bars, 'colour'>[]
  caption: string
  label: string
}) {
  const { t, f, language } = useWords()
  // Days of a calendar, not moments.
  const days = formatFor(language, 'UTC')
  const number = (value: number | null | undefined) => (value === null || value === undefined ? '–' : f.number(value, 1))
  return (
    <details class="twin">
      <summary>{label}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label={caption}>
        <table class="table">
          <caption>{caption}</caption>
          <thead>
            <tr>
              <th scope="col">{t('report.day')}</th>
              {lines.map((line) => (
                <th key={line.key} scope="col" class="number">
                  {line.label} ({line.unit})
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {dates.map((date, day) => (
              <tr key={date}>
                <th scope="row" class="nowrap">
                  {days.day(Date.parse(`${date}T12:00:00Z`))}
                </th>
                {lines.map((line) => (
                  <td key={line.key} class="number">
                    {number(line.days[day])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{t('report.total')}</th>
              {lines.map((line) => (
                <td key={line.key} class="number strong">
                  {number(line.total)}
                </td>
              ))}
            </tr>
          </tfoot>
        </table>
      </section>
    </details>
  )
}
