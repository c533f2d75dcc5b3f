/** Units as energy people write them, converted as pint does: kW, MWh, %, EUR/MWh, W/m², °C, m³/h, kEUR … */
import { Problem } from './problem.ts'
import { reckon } from './reckon.ts'

/** Exponents by base dimension: kg, m, s, A, K, and one per currency code. */
type Dimensions = Readonly<Record<string, number>>

export interface Unit {
  readonly text: string
  readonly dimensions: Dimensions
  /** Base value = value × factor + offset. */
  readonly factor: number
  readonly offset: number
}

const PREFIX: Record<string, number> = {
  p: 1e-12,
  n: 1e-9,
  µ: 1e-6,
  u: 1e-6,
  m: 1e-3,
  c: 1e-2,
  d: 1e-1,
  h: 1e2,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
}
const WATT: Dimensions = { kg: 1, m: 2, s: -3 }
const JOULE: Dimensions = { kg: 1, m: 2, s: -2 }
const VOLT: Dimensions = { kg: 1, m: 2, s: -3, A: -1 }
const CURRENCIES = new Set('EUR USD GBP CHF JPY KRW SEK NOK DKK PLN CZK HUF RON BGN AUD CAD NZD CNY INR BRL ZAR TRY MXN XPF XCD'.split(' '))

/** name → [dimensions, factor, takes SI prefixes, offset] */
const NAMED: Record<string, [Dimensions, number, boolean, number?]> = {
  W: [WATT, 1, true],
  VA: [WATT, 1, true],
  var: [WATT, 1, true],
  VAr: [WATT, 1, true],
  Wh: [JOULE, 3600, true],
  VAh: [JOULE, 3600, true],
  J: [JOULE, 1, true],
  V: [VOLT, 1, true],
  A: [{ A: 1 }, 1, true],
  Ah: [{ A: 1, s: 1 }, 3600, true],
  Ω: [{ kg: 1, m: 2, s: -3, A: -2 }, 1, true],
  ohm: [{ kg: 1, m: 2, s: -3, A: -2 }, 1, true],
  g: [{ kg: 1 }, 1e-3, true],
  t: [{ kg: 1 }, 1e3, true],
  tonne: [{ kg: 1 }, 1e3, false],
  m: [{ m: 1 }, 1, true],
  l: [{ m: 3 }, 1e-3, true],
  L: [{ m: 3 }, 1e-3, true],
  liter: [{ m: 3 }, 1e-3, false],
  s: [{ s: 1 }, 1, true],
  sec: [{ s: 1 }, 1, false],
  min: [{ s: 1 }, 60, false],
  minute: [{ s: 1 }, 60, false],
  h: [{ s: 1 }, 3600, false],
  hour: [{ s: 1 }, 3600, false],
  d: [{ s: 1 }, 86_400, false],
  day: [{ s: 1 }, 86_400, false],
  Hz: [{ s: -1 }, 1, true],
  Pa: [{ kg: 1, m: -1, s: -2 }, 1, true],
  bar: [{ kg: 1, m: -1, s: -2 }, 1e5, true],
  K: [{ K: 1 }, 1, true],
  kelvin: [{ K: 1 }, 1, false],
  '°C': [{ K: 1 }, 1, false, 273.15],
  degC: [{ K: 1 }, 1, false, 273.15],
  '°F': [{ K: 1 }, 5 / 9, false, 459.67 * (5 / 9)],
  degF: [{ K: 1 }, 5 / 9, false, 459.67 * (5 / 9)],
  '%': [{}, 0.01, false],
  percent: [{}, 0.01, false],
  ppm: [{}, 1e-6, false],
  dimensionless: [{}, 1, false],
  deg: [{}, Math.PI / 180, false],
  '°': [{}, Math.PI / 180, false],
  rad: [{}, 1, false],
  '€': [{ EUR: 1 }, 1, false],
  cent: [{ EUR: 1 }, 0.01, false],
  cents: [{ EUR: 1 }, 0.01, false],
}

function named(word: string): [Dimensions, number, number] | undefined {
  const whole = NAMED[word]
  if (whole) return [whole[0], whole[1], whole[3] ?? 0]
  if (CURRENCIES.has(word)) return [{ [word]: 1 }, 1, 0]
  const scale = PREFIX[word[0] ?? '']
  const rest = NAMED[word.slice(1)]
  if (scale !== undefined && rest?.[2]) return [rest[0], rest[1] * scale, 0]
  if (scale !== undefined && CURRENCIES.has(word.slice(1))) return [{ [word.slice(1)]: 1 }, scale, 0]
  return undefined
}

const multiply = (a: Dimensions, b: Dimensions, power: number): Dimensions => {
  const sum: Record<string, number> = { ...a }
  for (const [key, exponent] of Object.entries(b)) {
    sum[key] = (sum[key] ?? 0) + exponent * power
    if (sum[key] === 0) delete sum[key]
  }
  return sum
}

const known = new Map<string, Unit>()

/**
 * Reads a unit expression: names with SI prefixes, `*`, `·`, `/`, `^` or `**` or superscripts, parentheses, numbers. '' is dimensionless.
 * @throws Problem `unknown-unit`
 */
export function parseUnit(text: string): Unit {
  const hit = known.get(text)
  if (hit) return hit
  const unit = read(text)
  if (known.size < 1000) known.set(text, unit)
  return unit
}

/** True when `parseUnit` accepts the text. */
export function isUnit(text: string): boolean {
  try {
    parseUnit(text)
    return true
  } catch {
    return false
  }
}

function read(text: string): Unit {
  const refuse = (why: string): Problem =>
    new Problem('unknown-unit', `'${text}' is not a known unit${why}.`, {
      status: 422,
      hint: 'Use units such as kW, MWh, %, EUR/MWh, W/m² or °C.',
      details: { unit: text },
    })
  const tokens = text
    .replace(/²/g, '^2')
    .replace(/³/g, '^3')
    .replace(/\*\*/g, '^')
    .replace(/·/g, '*')
    .match(/[A-Za-zµΩ€%°]+|[0-9.]+(?:e-?\d+)?|[*/^()-]/g)
  if (text.trim() === '') return { text, dimensions: {}, factor: 1, offset: 0 }
  if (!tokens || tokens.join('').length !== text.replace(/²|³/g, 'xx').replace(/\s+/g, '').replace(/\*\*/g, '^').length) throw refuse('')
  let position = 0
  let offset = 0
  const factorOf = (): [Dimensions, number] => {
    const token = tokens[position++]
    let value: [Dimensions, number]
    if (token === '(') {
      value = product()
      if (tokens[position++] !== ')') throw refuse(' (a parenthesis is open)')
    } else if (token !== undefined && /^[0-9.]/.test(token)) value = [{}, Number(token)]
    else {
      const entry = token === undefined ? undefined : named(token)
      if (!entry) throw refuse(token && token !== text ? ` ('${token}')` : '')
      if (entry[2] !== 0 && tokens.length === 1) offset = entry[2]
      value = [entry[0], entry[1]]
    }
    if (tokens[position] === '^') {
      position++
      let sign = 1
      if (tokens[position] === '-') {
        sign = -1
        position++
      }
      const power = sign * Number(tokens[position++])
      if (!Number.isInteger(power)) throw refuse(' (a power must be whole)')
      value = [multiply({}, value[0], power), value[1] ** power]
    }
    return value
  }
  const product = (): [Dimensions, number] => {
    let [dimensions, factor] = factorOf()
    for (;;) {
      const token = tokens[position]
      if (token === undefined || token === ')') return [dimensions, factor]
      const divide = token === '/'
      if (divide || token === '*') position++
      else if (token === '^' || token === '-') throw refuse('')
      const [more, scale] = factorOf()
      dimensions = multiply(dimensions, more, divide ? -1 : 1)
      factor = divide ? factor / scale : factor * scale
    }
  }
  const [dimensions, factor] = product()
  if (position !== tokens.length) throw refuse('')
  return { text, dimensions, factor, offset }
}

const sameDimensions = (a: Dimensions, b: Dimensions): boolean => {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}

const DIMENSIONS = {
  power: WATT,
  energy: JOULE,
  'energy price': undefined,
  'power price': undefined,
  temperature: { K: 1 } as Dimensions,
  ratio: {} as Dimensions,
} as const

/** True when the unit measures power, energy, a price per energy or power, a temperature, or is a plain ratio. */
export function measures(text: string, what: keyof typeof DIMENSIONS): boolean {
  if (!isUnit(text)) return false
  const { dimensions } = parseUnit(text)
  if (what === 'energy price' || what === 'power price') {
    const currency = currencyOf(text)
    return currency !== undefined && sameDimensions(dimensions, multiply({ [currency]: 1 }, what === 'energy price' ? JOULE : WATT, -1))
  }
  return sameDimensions(dimensions, DIMENSIONS[what])
}

/** The currency code inside a unit ('EUR/MWh' → 'EUR'), undefined when there is none. */
export function currencyOf(text: string): string | undefined {
  return isUnit(text) ? Object.keys(parseUnit(text).dimensions).find((key) => CURRENCIES.has(key)) : undefined
}

/**
 * A function that turns values in `from` into values in `to`. With `resolution` (milliseconds) it also turns a stock into the flow
 * over that time and back (kWh per 15 min → kW × 4). Currencies are never exchanged.
 * @throws Problem `unknown-unit`, `incompatible-units`
 */
export function converter(from: string, to: string, resolution?: number): (value: number) => number {
  if (from === to) return (value) => value
  const source = parseUnit(from)
  const target = parseUnit(to)
  if (sameDimensions(source.dimensions, target.dimensions)) {
    if (source.offset === 0 && target.offset === 0) {
      const scale = source.factor / target.factor
      // 1/scale is exact where scale is not (kW from W is ÷1000, not ×0.001)
      return scale !== 0 && scale < 1 && Number.isInteger(Math.round((1 / scale) * 1e6) / 1e6)
        ? (value) => value / (Math.round((1 / scale) * 1e6) / 1e6)
        : (value) => value * scale
    }
    return (value) => (value * source.factor + source.offset - target.offset) / target.factor
  }
  if (resolution !== undefined && resolution > 0) {
    const seconds = resolution / 1000
    if (sameDimensions(source.dimensions, multiply(target.dimensions, { s: 1 }, 1)))
      return (value) => (value * source.factor) / seconds / target.factor
    if (sameDimensions(multiply(source.dimensions, { s: 1 }, 1), target.dimensions))
      return (value) => (value * source.factor * seconds) / target.factor
  }
  throw new Problem('incompatible-units', `${from} cannot be converted to ${to}.`, {
    status: 422,
    hint: `Send a unit that measures the same thing as ${to || "''"}.`,
    details: { from, to },
  })
}

/** One value from one unit to another; see `converter`. */
export const convert = (value: number, from: string, to: string, resolution?: number): number => converter(from, to, resolution)(value)

/**
 * Reads '15 kW', '0.29 EUR/kWh', '90%', '-3' or '(30/2 - 1) kW'. A bare number carries the unit ''.
 * @throws Problem `invalid-quantity`, `unknown-unit`
 */
export function parseQuantity(text: string): { value: number; unit: string } {
  const hit = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$/.exec(text)
  const isSum = text.length < 200 && (!hit || /^[-+*/]/.test(hit[2]!))
  const sum = isSum ? /^([-+*/().\d\s]*[\d)])\s*([^\d\s].*?)?\s*$/.exec(text) : null
  const value = sum ? reckon(sum[1]!) : hit ? Number(hit[1]) : undefined
  if (value === undefined)
    throw new Problem('invalid-quantity', `Cannot convert value '${text}' to a valid quantity.`, {
      status: 422,
      hint: "Write a number and a unit, like '15 kW'.",
    })
  const unit = (sum ? sum[2] : hit?.[2]) ?? ''
  parseUnit(unit)
  return { value, unit }
}
