/** What a schema cannot say of a template: every value has one place, units measure what they must, SunSpec points exist, limits are there. */
import { convert, isUnit, measures, nearest, parseQuantity } from '#kernel'
import { type Point, pointsOf, SUNSPEC_MODELS } from '#protocols/modbus'
import type { Template, TemplateNominal, TemplatePlace, TemplateReading, TemplateWrite } from './template.ts'

interface Fault {
  path: string[]
  message: string
}

type What = 'power' | 'energy' | 'ratio' | 'any'

/** Everything in a template of the right shape that makes no sense. */
export function faultsOf(template: Template): Fault[] {
  const faults: Fault[] = []
  const say = (path: (string | number)[], message: string) => faults.push({ path: path.map(String), message })

  for (const [i, entry] of (template.identify ?? []).entries()) {
    placed(entry, ['identify', i])
    if ((entry.is === undefined) === (entry.matches === undefined)) say(['identify', i], "An identification says either 'is' or 'matches'.")
    if (entry.matches !== undefined && !isPattern(entry.matches))
      say(['identify', i, 'matches'], `'${entry.matches}' is not a regular expression.`)
  }
  for (const [name, value] of Object.entries(template.nominal)) {
    const allowed: What[] = name.endsWith('Soc')
      ? ['energy', 'ratio']
      : [name === 'capacity' ? 'energy' : name.endsWith('Efficiency') ? 'ratio' : 'power']
    if (typeof value === 'string') quantity(value, ['nominal', name], allowed)
    else measured(value as TemplateNominal, ['nominal', name], allowed)
  }
  for (const [name, reading] of Object.entries(template.readings)) {
    measured(reading, ['readings', name], name === 'power' ? ['power', 'ratio'] : name === 'soc' ? ['energy', 'ratio'] : ['any'])
    duration(reading.stuckAfter, ['readings', name, 'stuckAfter'])
    if (reading.above !== undefined) quantity(reading.above, ['readings', name, 'above'], ['power'])
  }
  duration(template.bus?.timeout, ['bus', 'timeout'])
  if (template.kind === 'battery') {
    for (const name of ['consumption', 'production', 'capacity'] as const)
      if (template.nominal[name] === undefined) say(['nominal'], `A battery needs nominal.${name}.`)
    if (!template.readings.soc) say(['readings'], 'A battery needs readings.soc, its state of charge.')
  }
  if (template.kind === 'pv' && template.nominal.production === undefined) say(['nominal'], 'A PV plant needs nominal.production.')
  if (template.orders) ordered(template.orders)
  return faults

  function ordered(orders: NonNullable<Template['orders']>): void {
    duration(orders.watchdog, ['orders', 'watchdog'])
    duration(orders.refresh, ['orders', 'refresh'])
    if (orders.watchdog !== undefined && orders.refresh !== undefined && seconds(orders.refresh) >= seconds(orders.watchdog))
      say(['orders', 'refresh'], `An order must be told again before the watchdog of ${orders.watchdog} runs out.`)
    for (const [i, write] of orders.writes.entries()) written(write, ['orders', 'writes', i], orders.watchdog)
    if (!orders.writes.some(({ from }) => from === 'power')) say(['orders', 'writes'], 'No write carries the ordered power (from: power).')
    const { safe } = orders
    if ((safe.power === undefined) === (safe.writes === undefined))
      say(['orders', 'safe'], "The safe default says either 'power' or 'writes'.")
    if (safe.power !== undefined) quantity(safe.power, ['orders', 'safe', 'power'], ['power'])
    for (const [i, write] of (safe.writes ?? []).entries()) {
      written(write, ['orders', 'safe', 'writes', i], orders.watchdog)
      if (write.from === 'power')
        say(['orders', 'safe', 'writes', i, 'from'], 'There is no ordered power in the safe default; say safe.power instead.')
    }
  }

  function written(write: TemplateWrite, path: (string | number)[], watchdog: string | undefined): void {
    const point = placed(write, path)
    if ((write.from === undefined) === (write.value === undefined)) say(path, "A write says either 'from' or 'value'.")
    if (write.from === 'watchdog' && watchdog === undefined)
      say([...path, 'from'], 'It writes the watchdog, but orders.watchdog does not say how long it is.')
    if (write.table === 'input') say([...path, 'table'], 'Input registers cannot be written.')
    if (point && !point.writable) say([...path, 'point'], `The SunSpec point ${point.name} cannot be written.`)
    if (write.from === 'power') percent(write, path, write.unit ?? point?.unit, ['power', 'ratio'])
  }

  function measured(reading: TemplateReading | TemplateNominal, path: (string | number)[], allowed: What[]): void {
    const point = placed(reading, path)
    const unit = reading.unit ?? point?.unit
    if (allowed.includes('any')) {
      if (reading.unit !== undefined && !isUnit(reading.unit)) say([...path, 'unit'], `'${reading.unit}' is not a known unit.`)
    } else percent(reading, path, unit, allowed)
  }

  /** The unit measures what it must; a percentage of a power says of what. */
  function percent(entry: { of?: string; unit?: string }, path: (string | number)[], unit: string | undefined, allowed: What[]): void {
    if (unit === undefined) return void say(path, `The unit is missing (${wanted(allowed)}).`)
    if (!fits(unit, allowed)) return void say([...path, 'unit'], `The unit is '${unit}', it must measure ${wanted(allowed)}.`)
    if (allowed.includes('power') && measures(unit, 'ratio') && entry.of === undefined)
      say(path, "A power in '%' says what 100 % is (of: consumption or production).")
    const of = entry.of as 'consumption' | 'production' | 'capacity' | undefined
    if (of !== undefined && template.nominal[of] === undefined)
      say([...path, 'of'], `It is a share of nominal.${of}, which the template does not give.`)
  }

  function placed(entry: TemplatePlace, path: (string | number)[]): Point | undefined {
    const has = { register: entry.register !== undefined, model: entry.model !== undefined }
    if (has.register === has.model) return void say(path, "It needs one place: either 'register' or 'model' with 'point'.")
    if (has.register) {
      if (entry.type === undefined) say(path, "A register says its 'type' (u16, i16, u32, i32, f32 …).")
      if (entry.type === 'string' && entry.length === undefined) say(path, "A string says its 'length' in registers.")
      return
    }
    const models = [entry.model!].flat()
    const unknown = models.find((model) => !SUNSPEC_MODELS.includes(model))
    if (unknown !== undefined)
      return void say([...path, 'model'], `SunSpec model ${unknown} is not known; known are ${SUNSPEC_MODELS.join(', ')}.`)
    if (entry.point === undefined) return void say(path, "A SunSpec model needs the name of a 'point'.")
    for (const model of models) {
      const points = pointsOf(model)!
      if (points.has(entry.point)) continue
      const meant = nearest(entry.point, points.keys())
      return void say(
        [...path, 'point'],
        `SunSpec model ${model} has no point '${entry.point}'.${meant ? ` Did you mean '${meant}'?` : ''}`,
      )
    }
    return pointsOf(models[0]!)!.get(entry.point)
  }

  function quantity(text: string, path: (string | number)[], allowed: What[]): void {
    try {
      const { unit } = parseQuantity(text)
      if (!fits(unit, allowed)) say(path, `'${text}' must measure ${wanted(allowed)}.`)
    } catch {
      say(path, `'${text}' is not a number with a unit, such as '50 kW'.`)
    }
  }

  function duration(text: string | undefined, path: (string | number)[]): void {
    if (text !== undefined && !(seconds(text) > 0)) say(path, `'${text}' is not a length of time, such as '60 s'.`)
  }
}

/** '60 s', '5 min' in seconds; NaN when it is something else. */
export function seconds(text: string): number {
  const hit = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h)\s*$/.exec(text)
  return hit ? Number(hit[1]) * { ms: 0.001, s: 1, min: 60, h: 3600 }[hit[2] as 'ms' | 's' | 'min' | 'h'] : Number.NaN
}

/** Watts of a quantity such as '50 kW'. @throws Problem `invalid-quantity`, `incompatible-units` */
export function powerOf(text: string): number {
  const { value, unit } = parseQuantity(text)
  return convert(value, unit, 'W')
}

const fits = (unit: string, allowed: What[]): boolean =>
  allowed.some((what) => (what === 'any' ? isUnit(unit) : measures(unit, what) && (what !== 'ratio' || unit !== '')))

const wanted = (allowed: What[]): string => allowed.map((what) => (what === 'ratio' ? 'a share (%)' : what)).join(' or ')

function isPattern(text: string): boolean {
  try {
    new RegExp(text)
    return true
  } catch {
    return false
  }
}
