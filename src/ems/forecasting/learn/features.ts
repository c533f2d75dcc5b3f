/** What the learners see of a forecast (origin, slot): calendar, lags that were known at the origin, regressors at the slot. */
import { HOUR } from '#kernel'
import { meanOver, meanSameClock, newestValue, sameClock, USUAL_DAYS, type View } from './view.ts'

/** A block of forecasts to make or to learn from, one column per feature. */
export interface Block {
  /** Origin and slot of each row. */
  origins: Int32Array
  slots: Int32Array
  columns: Float64Array[]
  /** Index of the column that holds the usual value: what the learners correct. */
  usual: number
}

/** Names of the columns for a view, in order. Lags first: the linear candidate takes those from `LAGS` as they are. */
export function featureNames(view: View): string[] {
  return [
    'slot of day',
    'weekday',
    'horizon',
    'newest',
    'last hour',
    'last day',
    'same clock',
    'same clock, one earlier',
    'same clock, smooth',
    'same weekday',
    'mean of days',
    'mean of weeks',
    'oddness of the last hours',
    'oddness of the last day',
    ...(view.clear ? ['clear sky'] : []),
    ...view.regressors.flatMap(({ name, kind }) =>
      kind === 'future' ? [name, `${name}, around`, `${name}, change`] : [name, `${name}, same clock`],
    ),
  ]
}

/** First column that is a quantity and no calendar. */
export const FIRST_QUANTITY = 3
const MEAN_OF_DAYS = 10

/** Computes the features of rows. Values at or beyond the origin of a row are never read, but for future regressors. */
export function blockOf(view: View, origins: Int32Array, slots: Int32Array): Block {
  const rows = origins.length
  const columns = featureNames(view).map(() => new Float64Array(rows))
  const hour = Math.max(1, Math.round(HOUR / view.step))
  const hours = Math.max(1, Math.min(view.perDay, 3 * hour))
  for (let row = 0; row < rows; row++) {
    const origin = origins[row]!
    const slot = slots[row]!
    const same = sameClock(view, slot, origin, 0, 1)
    const earlier = sameClock(view, slot, origin, 1, 1)
    const week = sameClock(view, slot, origin, 0, 7)
    let column = 0
    const put = (value: number) => {
      columns[column++]![row] = value
    }
    put(view.slotOfDay[slot]!)
    put(view.weekday[slot]!)
    put(slot - origin + 1)
    put(newestValue(view, origin))
    put(meanOver(view, origin - hour, origin))
    put(meanOver(view, origin - view.perDay, origin))
    put(same < 0 ? Number.NaN : view.target[same]!)
    put(earlier < 0 ? Number.NaN : view.target[earlier]!)
    put(same < 0 ? Number.NaN : meanOver(view, same - hour, Math.min(origin, same + hour + 1)))
    put(week < 0 ? Number.NaN : view.target[week]!)
    put(meanSameClock(view, slot, origin, USUAL_DAYS, 1))
    put(meanSameClock(view, slot, origin, 4, 7))
    put(oddness(view, origin - hours, origin))
    put(oddness(view, origin - view.perDay, origin))
    if (view.clear) put(view.clear[slot]!)
    for (const { kind, values, reach = Number.POSITIVE_INFINITY } of view.regressors) {
      if (kind === 'future' && slot - origin >= reach) for (let part = 0; part < 3; part++) put(Number.NaN)
      else if (kind === 'future') {
        put(values[slot]!)
        put(around(values, slot))
        put(same < 0 ? Number.NaN : values[slot]! - values[same]!)
      } else {
        put(values[origin - 1] ?? Number.NaN)
        put(same < 0 ? Number.NaN : values[same]!)
      }
    }
  }
  return { origins, slots, columns, usual: MEAN_OF_DAYS }
}

const oddness = ({ oddSum, oddCount }: View, from: number, until: number): number => meanOver({ sum: oddSum, count: oddCount }, from, until)

/** Mean of a slot and its neighbours: measurements and forecasts are seldom cut at the same moment. */
function around(values: Float64Array, slot: number): number {
  let sum = 0
  let known = 0
  for (let at = Math.max(0, slot - 1); at <= Math.min(values.length - 1, slot + 1); at++) {
    const value = values[at]!
    if (Number.isNaN(value)) continue
    sum += value
    known++
  }
  return known === 0 ? Number.NaN : sum / known
}
