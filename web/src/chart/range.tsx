/** The stretch of time a chart shows, in the address: ready-made spans, days of one's own, back and forth, nearer and farther. */

import { dayIn, startOfDay } from '../days.ts'
import { iso } from '../format.ts'
import { platformNow } from '../live.ts'
import { Chips } from '../parts/chips.tsx'
import { type Route, refine } from '../route.ts'
import { useWords } from '../words.ts'

const HOUR = 3_600_000
const SPANS: Record<string, number> = { PT12H: 12, PT36H: 36, P7D: 168, P30D: 720 }

export interface Range {
  from: number
  until: number
  /** The ready-made span; undefined for days of one's own. */
  span: string | undefined
  /** Moves with the clock. */
  following: boolean
}

/** What the address says; without a wish 36 hours around now. */
export function rangeOf(route: Route): Range {
  const from = Date.parse(route.query['from'] ?? '')
  const until = Date.parse(route.query['until'] ?? '')
  if (!Number.isNaN(from) && !Number.isNaN(until) && until > from) return { from, until, span: undefined, following: false }
  const span = route.query['span'] && route.query['span'] in SPANS ? route.query['span'] : 'PT36H'
  const length = SPANS[span]! * HOUR
  const quarter = Math.floor(platformNow() / 900_000) * 900_000
  // What is planned reaches a day or two ahead: long spans show mostly the past.
  const ahead = Math.min(length / 2, 24 * HOUR)
  return { from: quarter + ahead - length, until: quarter + ahead, span, following: true }
}

export function RangeBar({ range }: { range: Range }) {
  const { t, f, zone } = useWords()
  const { from, until, span } = range
  const length = until - from
  const show = (start: number, end: number) => refine({ from: iso(start), until: iso(end), span: undefined, at: undefined })
  const day = 24 * HOUR
  return (
    <div class="toolbar range">
      <Chips
        legend={t('chart.span')}
        chosen={span}
        onChoose={(each) => refine({ span: each, from: undefined, until: undefined, at: undefined })}
        choices={Object.keys(SPANS).map((value) => ({ value, label: t.code('chart.span', value) }))}
      />
      <div class="chips">
        <button type="button" class="chip" aria-label={t('chart.earlier')} onClick={() => show(from - length / 2, until - length / 2)}>
          ◀
        </button>
        <button type="button" class="chip" aria-label={t('range.nearer')} onClick={() => show(from + length / 4, until - length / 4)}>
          +
        </button>
        <button type="button" class="chip" aria-label={t('range.farther')} onClick={() => show(from - length / 2, until + length / 2)}>
          −
        </button>
        <button type="button" class="chip" aria-label={t('chart.later')} onClick={() => show(from + length / 2, until + length / 2)}>
          ▶
        </button>
      </div>
      <div class="row range-days">
        <label class="field field-day">
          <span class="unseen">{t('range.from')}</span>
          <input
            type="date"
            value={dayIn(from, zone)}
            onChange={({ currentTarget: { value } }) => {
              const start = startOfDay(value, zone)
              if (!Number.isNaN(start)) show(start, Math.max(until, start + day))
            }}
          />
        </label>
        <span aria-hidden="true">–</span>
        <label class="field field-day">
          <span class="unseen">{t('range.until')}</span>
          <input
            type="date"
            value={dayIn(until - 1, zone)}
            onChange={({ currentTarget: { value } }) => {
              const end = startOfDay(dayIn(startOfDay(value, zone) + 1.5 * day, zone), zone)
              if (!Number.isNaN(end)) show(Math.min(from, end - day), end)
            }}
          />
        </label>
      </div>
      <p class="unseen" role="status">
        {t('range.shown', { from: f.moment(from), until: f.moment(until) })}
      </p>
    </div>
  )
}
