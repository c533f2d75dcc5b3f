/**
 * What no plan can do, found before solving: bounds that cross, and jumps of the stock beyond what the power of its devices allows. The rules and
 * names of FlexMeasures, but with efficiencies and flows counted in, so that only what is impossible is refused.
 */
import { formatInstant } from '#kernel'
import type { DeviceNumbers } from './flex-device.ts'
import { valueError } from './flex-reading.ts'
import { type FlexPlan, momentOf } from './flex-request.ts'
import type { StockNumbers } from './flex-stock.ts'
import { at, type SchedulingProblem } from './problem.ts'

/** A value by name at a step: powers in MW, stocks in MW·steps above the start, as FlexMeasures tells them. */
type Named = (step: number) => number

/**
 * @throws Problem `impossible-limits` with one line a contradiction: `t=<time> | <rule>`
 */
export function demandPossible(plan: FlexPlan, devices: DeviceNumbers[], stocks: StockNumbers[]): void {
  devices.forEach((device, index) => {
    const stock = plan.inventory.stocks.findIndex(({ members }) => members[0] === index)
    const numbers = stock < 0 ? undefined : stocks[stock]!
    const members = stock < 0 ? [] : plan.inventory.stocks[stock]!.members.map((member) => devices[member]!.device)
    const lines = contradictions(plan, device, members, numbers?.start === undefined ? undefined : numbers)
    if (lines.length > 0)
      throw valueError(
        'impossible-limits',
        `The input data yields an infeasible problem. Constraint validation has found the following issues:\n${lines.join('\n')}`,
        'Correct or relax the limits named.',
      )
  })
}

const FEW = 1e-6

function contradictions(
  plan: FlexPlan,
  { device }: DeviceNumbers,
  members: SchedulingProblem['devices'],
  stock: StockNumbers | undefined,
): string[] {
  const { steps } = plan
  const found: string[] = []
  const hours = steps.step / 3_600_000
  const names: Record<string, Named> = {
    derivative_min: (step) => at(device.min, step) / 1000,
    derivative_max: (step) => at(device.max, step) / 1000,
  }
  const rule = (left: [string, Named], right: [string, Named]) => {
    for (let step = 0; step < steps.count; step++) {
      const [a, b] = [left[1](step), right[1](step)]
      if (Number.isNaN(a) || Number.isNaN(b) || a <= b + FEW) continue
      found.push(`t=${formatInstant(momentOf(steps, step))} | ${left[0]} [${tidy(a)}] <= ${right[0]} [${tidy(b)}]`)
    }
  }
  const named = (name: string): [string, Named] => [`${name}(t)`, names[name]!]
  rule(named('derivative_min'), named('derivative_max'))
  if (!stock) return found
  const level = (series: Float64Array | undefined): Named => {
    const start = stock.start!
    return (step) => ((series?.[step] ?? Number.NaN) - start) / 1000 / hours
  }
  names['soc_min'] = level(stock.socMin)
  names['soc_max'] = level(stock.socMax)
  names['min'] = level(stock.min)
  names['max'] = level(stock.max)
  names['equals'] = level(stock.equals)
  rule(named('soc_min'), named('min'))
  rule(named('max'), named('soc_max'))
  rule(named('min'), named('max'))
  rule(named('min'), named('equals'))
  rule(named('equals'), named('max'))
  // The stock before: what bounds it in general before the first step, and where it stands.
  const before =
    (name: string, first: Named): Named =>
    (step) =>
      step > 0 ? names[name]!(step - 1) : first(0)
  const rise = (a: string, b: string, first: Named): [string, Named] => {
    const previous = before(b, first)
    return [`${a}(t) - ${b}(t-1)`, (step) => names[a]!(step) - previous(step)]
  }
  const most: [string, Named] = ['derivative_max(t) * factor_w_wh(t)', (step) => (rising(members, step) + stock.inflow[step]!) / 1000]
  // A stock that loses by itself may fall by any amount.
  const falls = stock.retention.every((share) => share === 1)
  const least: [string, Named] = [
    'derivative_min(t) * factor_w_wh(t)',
    (step) => (falls ? (falling(members, step) + stock.inflow[step]!) / 1000 : -Infinity),
  ]
  const zero: Named = () => 0
  rule(rise('equals', 'equals', zero), most)
  rule(least, rise('equals', 'equals', zero))
  rule(rise('min', 'max', names['soc_max']!), most)
  rule(least, rise('max', 'min', names['soc_min']!))
  rule(rise('equals', 'max', names['soc_max']!), most)
  rule(least, rise('equals', 'min', names['soc_min']!))
  return found
}

/** Most that devices can put into their stock, kW. */
const rising = (devices: SchedulingProblem['devices'], step: number): number =>
  devices.reduce((sum, device) => sum + stored(device, step, at(device.max, step)), 0)

/** Most that devices can take out of it, kW < 0. */
const falling = (devices: SchedulingProblem['devices'], step: number): number =>
  devices.reduce((sum, device) => sum + stored(device, step, at(device.min, step)), 0)

const stored = (device: SchedulingProblem['devices'][number], step: number, power: number): number =>
  power >= 0 ? power * at(device.chargingEfficiency ?? 1, step) : power / at(device.dischargingEfficiency ?? 1, step)

const tidy = (value: number): number => Math.round(value * 1e6) / 1e6 || 0
