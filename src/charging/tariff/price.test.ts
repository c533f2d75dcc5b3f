import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import test from 'node:test'
import Fraction from 'fraction.js'
import { formatInstant, instant, parseInstant } from '#kernel'
import { priceSession } from './price.ts'
import { type PriceComponent, type PricingCase, type Restrictions, readPricingCase, type Tariff } from './tariff.ts'
import { writtenBill } from './written.ts'

const GOLDEN = '../shared/data/roaming/tariffs.json'

interface Golden {
  name: string
  input: unknown
  expected: Record<string, unknown>
}

/** Numbers within 1e-9, whether written as numbers or as decimals; keys that are not expected may be there. */
function matches(actual: unknown, expected: unknown, where: string): void {
  if (Array.isArray(expected)) {
    assert.equal((actual as unknown[]).length, expected.length, `${where}: as many`)
    for (const [index, each] of expected.entries()) matches((actual as unknown[])[index], each, `${where}.${index}`)
  } else if (expected !== null && typeof expected === 'object')
    for (const [key, value] of Object.entries(expected)) matches((actual as Record<string, unknown>)?.[key], value, `${where}.${key}`)
  else if (expected !== null && expected !== '' && Number.isFinite(Number(expected)))
    assert.ok(Math.abs(Number(actual) - Number(expected)) < 1e-9, `${where}: ${actual} is not ${expected}`)
  else assert.equal(actual, expected, where)
}

const byWhat = (lines: unknown) =>
  (lines as { dimension: string; tariff_id: string; element: number | null; vat: string | null }[]).toSorted((a, b) =>
    JSON.stringify([a.dimension, a.tariff_id, a.element, Number(a.vat ?? -1)]).localeCompare(
      JSON.stringify([b.dimension, b.tariff_id, b.element, Number(b.vat ?? -1)]),
    ),
  )

test('every golden case of a tariff is priced to the last digit', (t) => {
  if (!existsSync(GOLDEN)) return t.skip(`${GOLDEN} is not there`)
  const { cases } = JSON.parse(readFileSync(GOLDEN, 'utf8')) as { cases: Golden[] }
  for (const { name, input, expected } of cases) {
    const bill = writtenBill(priceSession(readPricingCase(input)))
    matches({ ...bill, lines: byWhat(bill.lines) }, { ...expected, lines: byWhat(expected['lines'] ?? []) }, name)
  }
})

/** Numbers from 0 to 1 that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function anyCase(random: () => number): PricingCase {
  const pick = <Value>(...values: Value[]): Value => values[Math.floor(random() * values.length)]!
  const component = (): PriceComponent => ({
    type: pick('ENERGY', 'ENERGY', 'TIME', 'PARKING_TIME', 'FLAT'),
    price: Math.round(random() * 1000) / 1000,
    step_size: pick(0, 1, 60, 900, 1000),
    ...(random() < 0.7 && { vat: pick(0, 2.1, 8.5, 20) }),
  })
  const restrictions = (): Restrictions => ({
    ...(random() < 0.4 && { start_time: pick('00:00', '06:00', '22:00'), end_time: pick('00:00', '07:30', '12:00') }),
    ...(random() < 0.3 && { min_kwh: pick(0, 3, 7.25) }),
    ...(random() < 0.3 && { max_kwh: pick(2, 11) }),
    ...(random() < 0.3 && { min_duration: pick(600, 3600) }),
    ...(random() < 0.2 && { max_power: pick(7, 22) }),
    ...(random() < 0.2 && { day_of_week: [pick('MONDAY', 'SUNDAY'), 'TUESDAY'] as const }),
  })
  const tariff: Tariff = {
    id: 'T1',
    currency: 'EUR',
    elements: Array.from({ length: 1 + Math.floor(random() * 4) }, () => ({
      price_components: Array.from({ length: 1 + Math.floor(random() * 2) }, component),
      ...(random() < 0.7 && { restrictions: restrictions() }),
    })),
  }
  let at = parseInstant('2026-10-24T21:00:00Z') + Math.floor(random() * 36) * 3_600_000
  const start = at
  const periods = Array.from({ length: 1 + Math.floor(random() * 5) }, () => {
    const period = {
      start_date_time: formatInstant(instant(at)),
      state: pick('CHARGING', 'CHARGING', 'SUSPENDED_EV', 'SUSPENDED_EVSE'),
      energy_kwh: Math.round(random() * 12_000) / 1000,
      power_kw: pick(3.7, 7, 22),
    } as const
    at += Math.floor(random() * 5_400) * 1000
    return period
  })
  return {
    tariff,
    session: {
      start_date_time: formatInstant(instant(start)),
      end_date_time: formatInstant(instant(at)),
      time_zone: pick('Europe/Paris', 'America/Martinique', 'UTC'),
      periods,
    },
  }
}

const PROOFS = Number(process.env['CARIFLEX_PROOFS'] ?? 25)

test('lines add up to the total, steps round up by less than a step, and nothing is priced twice', () => {
  const random = seeded(7)
  for (let run = 0; run < PROOFS; run++) {
    const given = anyCase(random)
    const { total, lines, consumed } = priceSession(given)
    const sum = lines.reduce((all, line) => ({ excl: all.excl.add(line.excl), incl: all.incl.add(line.incl) }), {
      excl: new Fraction(0),
      incl: new Fraction(0),
    })
    assert.ok(total?.excl.equals(sum.excl) && total.incl.equals(sum.incl), JSON.stringify(given))
    for (const { price, quantity, vat, excl, incl } of lines) {
      assert.ok(excl.equals(quantity.mul(price!)))
      assert.ok(incl.equals(vat === null ? excl : excl.mul(vat.div(100).add(1))))
    }
    for (const [dimension, most, step] of [
      ['ENERGY', consumed.energy, 1],
      ['TIME', consumed.time, 0.28],
      ['PARKING_TIME', consumed.parking, 0.28],
    ] as const) {
      const billed = lines.filter((line) => line.dimension === dimension).reduce((all, line) => all.add(line.quantity), new Fraction(0))
      assert.ok(billed.compare(most.add(step)) < 0 || billed.equals(0), `${dimension}: ${billed} billed of ${most}`)
    }
    assert.ok(lines.filter(({ dimension }) => dimension === 'FLAT').length <= 1)
  }
})

test('cutting a period in two, writing moments with another offset, or elements that can never be reached change no price', () => {
  const random = seeded(11)
  for (let run = 0; run < PROOFS; run++) {
    const given = anyCase(random)
    const before = writtenBill(priceSession(given)).total
    const { session } = given
    const [first, second] = session.periods
    const from = parseInstant(first!.start_date_time)
    const until = parseInstant(second?.start_date_time ?? session.end_date_time)
    const cut = instant(Math.floor((from + until) / 2))
    const share = until === from ? 1 : (cut - from) / (until - from)
    const energy = new Fraction(first!.energy_kwh!)
    if (until > from && (until - from) % 2 === 0)
      assert.deepEqual(
        writtenBill(
          priceSession({
            ...given,
            session: {
              ...session,
              periods: [
                { ...first!, energy_kwh: energy.mul(share).valueOf() },
                { ...first!, start_date_time: formatInstant(cut, 'Asia/Kolkata'), energy_kwh: energy.sub(energy.mul(share)).valueOf() },
                ...session.periods.slice(1),
              ],
            },
          }),
        ).total,
        before,
        JSON.stringify(given),
      )
    const open = given.tariff!.elements.find(({ restrictions }) => restrictions === undefined)
    if (!open) continue
    const dead = { price_components: open.price_components.map((each) => ({ ...each, price: 99 })) }
    assert.deepEqual(
      writtenBill(priceSession({ ...given, tariff: { ...given.tariff!, elements: [...given.tariff!.elements, dead] } })).total,
      before,
    )
  }
})

test('what cannot be read is refused with the field that is wrong', () => {
  const [session] = [{ start_date_time: '2026-01-01T00:00:00Z', end_date_time: '2026-01-01T01:00:00Z', time_zone: 'UTC', periods: [] }]
  const tariff = { id: 'T', currency: 'EUR', elements: [{ price_components: [{ type: 'ENERGY', price: 1, step_size: 1 }] }] }
  const refused = (given: unknown, words: RegExp) => assert.throws(() => readPricingCase(given), { code: 'invalid-tariff', message: words })
  refused({ session }, /neither a tariff nor tariffs/)
  refused({ tariff: { ...tariff, currency: 'euro' }, session }, /'tariff.currency'/)
  refused({ tariff, session: { ...session, time_zone: 'Mars/Olympus' } }, /'Mars\/Olympus' is not a time zone/)
  refused({ tariff: { ...tariff, elements: [] }, session }, /'tariff.elements'/)
  refused(null, /The case/)
})
