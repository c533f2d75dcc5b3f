import assert from 'node:assert/strict'
import test from 'node:test'
import { after, HOUR, instant, kilowatts, wattHours, watts } from '#kernel'
import type { Capability } from './device.ts'
import type { Want } from './held.ts'
import { type Limit, RUNGS } from './limit.ts'
import { narrow } from './narrow.ts'
import { share } from './share.ts'

const at = instant(Date.parse('2026-11-24T14:00:00Z'))
const SITE = 1

function want(asset: number, kw: number, more: Partial<Want> & { able?: Partial<Capability>; low?: number; high?: number } = {}): Want {
  const { able, low = -50, high = 50, ...rest } = more
  const capability: Capability = {
    kind: 'battery',
    maxPower: kilowatts(high),
    minPower: kilowatts(low),
    minStep: watts(0),
    controllable: true,
    ...able,
  }
  return { device: `D${asset}`, asset, power: kilowatts(kw), because: 'plan', rung: 'plan', capability, ...rest }
}

const charger = (asset: number, kw: number, more: Partial<Want> = {}): Want =>
  want(asset, kw, { low: 0, high: 22, able: { kind: 'evse', minStep: watts(4140) }, ...more })

const sun = (asset: number, kw: number, more: Partial<Want> = {}): Want =>
  want(asset, kw, { low: -5, high: 0, able: { kind: 'pv' }, measured: kilowatts(kw), ...more })

const GAVE_WAY = 'Another limit asks for at least 5 kW; this one stands above it.'

function limit(rung: Limit['rung'], asset: number, more: Partial<Limit> & { maxKw?: number; minKw?: number }): Limit {
  const { maxKw, minKw, ...rest } = more
  return {
    id: `${rung}-${asset}`,
    rung,
    asset,
    from: at,
    until: after(at, HOUR),
    scope: asset === SITE ? 'flexible-consumption' : 'device',
    because: rung,
    origin: 'test',
    ...(maxKw !== undefined && { max: kilowatts(maxKw) }),
    ...(minKw !== undefined && { min: kilowatts(minKw) }),
    ...rest,
  }
}

const told = (wants: Want[], limits: Limit[], inflexibleKw = 0) =>
  narrow(wants, limits, { at, inflexible: kilowatts(inflexibleKw) }).map((order) => [order.power / 1000, order.because, order.rung])

const TABLE: [string, Want[], Limit[], [number, string, string][], number?][] = [
  ['nothing forbids: the plan is ordered', [want(2, 10)], [], [[10, 'plan', 'plan']]],
  ['a grid limit holds even when the plan wants more', [want(2, 10)], [limit('grid', 2, { maxKw: 4 })], [[4, 'grid', 'grid']]],
  ['a limit that does not bind leaves the reason alone', [want(2, 3)], [limit('grid', 2, { maxKw: 4 })], [[3, 'plan', 'plan']]],
  [
    'the tighter of two limits decides',
    [want(2, 10)],
    [limit('grid', 2, { maxKw: 8 }), limit('contract', 2, { maxKw: 5 })],
    [[5, 'contract', 'contract']],
  ],
  [
    'of two equal limits the more important one speaks',
    [want(2, 10)],
    [limit('contract', 2, { maxKw: 5 }), limit('grid', 2, { maxKw: 5 })],
    [[5, 'grid', 'grid']],
  ],
  [
    'a lower rung never widens a higher one',
    [want(2, 10)],
    [limit('grid', 2, { maxKw: 0 }), limit('contract', 2, { minKw: 5 })],
    [[0, `Grid. ${GAVE_WAY}`, 'grid']],
  ],
  [
    'of one rung what forbids consumption stands above what asks for it, whichever came first',
    [want(2, 10)],
    [limit('grid', 2, { minKw: 5 }), limit('grid', 2, { maxKw: 0 })],
    [[0, `Grid. ${GAVE_WAY}`, 'grid']],
  ],
  [
    'a limit of the whole site stands above what the same rung asks of a device, and it is said',
    [want(2, 0)],
    [limit('grid', 2, { minKw: 5 }), limit('grid', SITE, { maxKw: 2, scope: 'site-net' })],
    [[2, `Grid. ${GAVE_WAY}`, 'grid']],
  ],
  [
    'what is asked of a device is served first as long as both can hold',
    [want(2, 0), want(3, 20)],
    [limit('grid', 2, { minKw: 5 }), limit('grid', SITE, { maxKw: 10, scope: 'site-net' })],
    [
      [5, 'grid', 'grid'],
      [5, 'grid', 'grid'],
    ],
  ],
  [
    'what a more important rung asks of a device stands',
    [want(2, 0)],
    [limit('grid', 2, { minKw: 5 }), limit('contract', SITE, { maxKw: 2, scope: 'site-net' })],
    [[5, 'grid', 'grid']],
  ],
  [
    'an export limit of the grid stands above a contract that asks for production',
    [want(2, 0)],
    [limit('contract', 2, { maxKw: -10 }), limit('grid', SITE, { minKw: -4, scope: 'site-net' })],
    [[-4, 'grid', 'grid']],
  ],
  [
    'a contract may force consumption that nobody forbids',
    [want(2, 0)],
    [limit('contract', 2, { minKw: 5 })],
    [[5, 'contract', 'contract']],
  ],
  [
    'a limit of the past does not bind',
    [want(2, 10)],
    [limit('grid', 2, { maxKw: 0, from: after(at, -HOUR), until: at })],
    [[10, 'plan', 'plan']],
  ],
  ['what a device can do is safety', [want(2, 80)], [], [[50, 'The device takes at most 50 kW now.', 'safety']]],
  [
    'load control of zero stops all charging, not discharging',
    [want(2, 10), want(3, -10)],
    [limit('grid', SITE, { maxKw: 0 })],
    [
      [0, 'grid', 'grid'],
      [-10, 'plan', 'plan'],
    ],
  ],
  [
    'a group cap is shared in proportion',
    [want(2, 30), want(3, 10)],
    [limit('grid', SITE, { maxKw: 20 })],
    [
      [15, 'grid', 'grid'],
      [5, 'grid', 'grid'],
    ],
  ],
  [
    'a group cap that holds anyway changes nothing',
    [want(2, 10), want(3, 10)],
    [limit('grid', SITE, { maxKw: 20 })],
    [
      [10, 'plan', 'plan'],
      [10, 'plan', 'plan'],
    ],
  ],
  [
    'a charger below its smallest step stands still',
    [charger(2, 3)],
    [],
    [[0, 'Waits: 3 kW is less than the 4.1 kW a charger can hold.', 'plan']],
  ],
  [
    'a charger that would give less than its smallest step stands still too',
    [{ ...charger(2, -0.08), capability: { ...charger(2, 0).capability, minPower: watts(-11_000) } }],
    [],
    [[0, 'Waits: 80 W is less than the 4.1 kW a charger can hold.', 'plan']],
  ],
  [
    'a limit below the smallest step stops the charger and says so',
    [charger(2, 11)],
    [limit('grid', 2, { maxKw: 3 })],
    [[0, 'grid', 'grid']],
  ],
  [
    'a share below the step goes to the others',
    [charger(2, 11), charger(3, 11)],
    [limit('grid', SITE, { maxKw: 7 })],
    [
      [0, 'grid', 'grid'],
      [7, 'grid', 'grid'],
    ],
  ],
  [
    'an import limit counts what is not steered',
    [want(2, 30)],
    [limit('contract', SITE, { maxKw: 25, scope: 'site-net' })],
    [[15, 'contract', 'contract']],
    10,
  ],
  [
    'local production makes room under an import limit',
    [want(2, 30), want(3, -10)],
    [limit('contract', SITE, { maxKw: 20, scope: 'site-net' })],
    [
      [30, 'plan', 'plan'],
      [-10, 'plan', 'plan'],
    ],
  ],
  [
    'an export limit holds discharging back',
    [want(2, -30), want(3, -10)],
    [limit('grid', SITE, { minKw: -20, scope: 'site-net' })],
    [
      [-15, 'grid', 'grid'],
      [-5, 'grid', 'grid'],
    ],
  ],
  [
    'an export limit curtails the sun',
    [want(2, -5, { low: -5, high: 0, able: { kind: 'pv' }, measured: kilowatts(-3) })],
    [limit('grid', SITE, { minKw: -2, scope: 'site-net' })],
    [[-2, 'grid', 'grid']],
  ],
  ['a plant under a limit of its own is told it at night too', [sun(2, 0)], [limit('grid', 2, { minKw: -2 })], [[-2, 'grid', 'grid']]],
  ['a plant that may give nothing is told so at night too', [sun(2, 0)], [limit('grid', 2, { minKw: 0 })], [[0, 'grid', 'grid']]],
  [
    'plants are told their part of an export limit before the sun comes out',
    [sun(2, -1), sun(3, 0)],
    [limit('grid', SITE, { minKw: -4, scope: 'site-net' })],
    [
      [-2, 'grid', 'grid'],
      [-2, 'grid', 'grid'],
    ],
  ],
  [
    'an export contract says nothing to plants that give less than it allows',
    [sun(2, -1), sun(3, 0)],
    [limit('contract', SITE, { minKw: -4, scope: 'site-net' })],
    [
      [-1, 'plan', 'plan'],
      [0, 'plan', 'plan'],
    ],
  ],
  [
    'at night the room under an export limit is left to the batteries',
    [want(2, -30), sun(3, 0, { isHeld: true })],
    [limit('grid', SITE, { minKw: -4, scope: 'site-net' })],
    [
      [-4, 'grid', 'grid'],
      [-4, 'grid', 'grid'],
    ],
  ],
  [
    'under an export limit batteries give way before the sun',
    [want(2, -30), want(3, -5, { low: -5, high: 0, able: { kind: 'pv' }, measured: kilowatts(-5) })],
    [limit('grid', SITE, { minKw: -20, scope: 'site-net' })],
    [
      [-15, 'grid', 'grid'],
      [-5, 'plan', 'plan'],
    ],
  ],
  [
    'the sun is not counted on for more than it gives',
    [want(2, 30), want(3, -5, { low: -5, high: 0, able: { kind: 'pv' }, measured: kilowatts(-1) })],
    [limit('contract', SITE, { maxKw: 20, scope: 'site-net' })],
    [
      [21, 'contract', 'contract'],
      [-5, 'plan', 'plan'],
    ],
  ],
  [
    'a plan that a grid limit already bent says grid',
    [want(2, 10, { bent: true }), want(3, 10)],
    [limit('grid', SITE, { maxKw: 20 })],
    [
      [10, 'grid', 'grid'],
      [10, 'plan', 'plan'],
    ],
  ],
  ['a bent plan whose limit is over says plan', [want(2, 10, { bent: true })], [], [[10, 'plan', 'plan']]],
]

for (const [name, wants, limits, expected, inflexible] of TABLE)
  test(name, () => assert.deepEqual(told(wants, limits, inflexible), expected))

test('a car at its floor never discharges, even for its owner', () => {
  const storage = {
    soc: wattHours(20_000),
    capacity: wattHours(75_000),
    min: wattHours(0),
    max: wattHours(75_000),
    chargingEfficiency: 1,
    dischargingEfficiency: 1,
  }
  const wish = { soc: wattHours(60_000), by: after(at, HOUR), floor: wattHours(22_500) }
  const [order] = narrow([want(2, -10, { rung: 'override', wish, able: { kind: 'evse', storage } })], [], { at, inflexible: watts(0) })
  assert.equal(order!.power, 0)
  assert.equal(order!.rung, 'safety')
  assert.match(order!.because, /at least 22.5 kWh/)
})

test('whatever a rung asks of devices, its own limit of the site holds', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const roll = dice(seed)
    const pick = (low: number, high: number) => low + Math.floor(roll() * (high - low + 1))
    const wants = Array.from({ length: pick(1, 6) }, (_, index) =>
      roll() < 0.5 ? charger(index + 2, pick(0, 22)) : want(index + 2, pick(-50, 50)),
    )
    const musts = wants.flatMap(({ asset }) => (roll() < 0.6 ? [limit('grid', asset, { minKw: pick(1, 22) })] : []))
    const whole = limit('grid', SITE, { maxKw: pick(0, 60), ...(roll() < 0.5 && { scope: 'site-net' as const }) })
    const orders = narrow(wants, [...musts, whole], { at, inflexible: watts(0) })
    const drawn = orders.reduce((sum, { power }) => sum + (whole.scope === 'site-net' ? power : Math.max(0, power)), 0)
    assert.ok(drawn <= whole.max! + 1e-6, `seed ${seed}: ${drawn} W of ${whole.max} W`)
  }
})

test('the car that leaves first keeps what it needs, the others share the rest', () => {
  const missing = 10_000
  const claims = [
    { wanted: 11_000, least: 0, step: 4140, by: after(at, 2 * HOUR), missing },
    { wanted: 11_000, least: 0, step: 4140, by: after(at, HOUR), missing },
    { wanted: 50_000, least: 0, step: 0 },
  ]
  const [later, sooner, battery] = share(claims, 20_000, at)
  assert.ok(sooner! >= 10_000, 'needs 10 kW to be ready in an hour')
  assert.ok(later! >= 5_000, 'needs 5 kW to be ready in two')
  assert.ok(sooner! + later! + battery! <= 20_000)
  assert.ok(battery! > 0)
})

/** A small generator with a seed, so that a failure can be had again. */
function dice(seed: number) {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

test('whatever is wanted and forbidden: sums hold, steps hold, and every limit only shrinks', () => {
  for (let seed = 1; seed <= 400; seed++) {
    const roll = dice(seed)
    const pick = (low: number, high: number) => low + Math.floor(roll() * (high - low + 1))
    const wants = Array.from({ length: pick(1, 8) }, (_, index) => {
      const by = roll() < 0.5 ? { wish: { soc: wattHours(60_000), by: after(at, pick(1, 12) * HOUR), floor: wattHours(0) } } : {}
      return roll() < 0.5 ? charger(index + 2, pick(0, 22), by) : want(index + 2, pick(-50, 50))
    })
    const limits: Limit[] = [
      ...(roll() < 0.7 ? [limit('grid', SITE, { maxKw: pick(0, 120) })] : []),
      ...(roll() < 0.5 ? [limit('contract', SITE, { maxKw: pick(0, 100), minKw: -pick(0, 100), scope: 'site-net' as const })] : []),
      ...wants.flatMap((one) => (roll() < 0.3 ? [limit(roll() < 0.5 ? 'grid' : 'contract', one.asset, { maxKw: pick(0, 30) })] : [])),
    ]
    const orders = narrow(wants, limits, { at, inflexible: watts(0) })
    const sum = (pickOf: (power: number) => number) => orders.reduce((total, order) => total + pickOf(order.power), 0)
    orders.forEach((order, index) => {
      const { power, capability } = wants[index]!
      const label = `seed ${seed}, ${order.device}`
      assert.ok(Math.abs(order.power) <= Math.abs(power) + 1e-6 && order.power * power >= 0, `${label}: only shrinks`)
      assert.ok(order.power === 0 || Math.abs(order.power) >= capability.minStep, `${label}: 0 or a step`)
      for (const one of limits) if (one.asset === order.asset) assert.ok(order.power <= one.max! + 1e-6, `${label}: ${one.id}`)
      assert.equal(
        order.rung === 'plan',
        order.power === power || order.because.startsWith('Waits'),
        `${label}: the reason is of the rung that decided`,
      )
    })
    for (const one of limits.filter((each) => each.asset === SITE)) {
      if (one.scope === 'flexible-consumption')
        assert.ok(sum((power) => Math.max(0, power)) <= one.max! + 1e-6, `seed ${seed}: load control`)
      else {
        assert.ok(sum((power) => power) <= Math.max(one.max!, 0) + 1e-6, `seed ${seed}: import`)
        assert.ok(sum((power) => power) >= one.min! - 1e-6, `seed ${seed}: export`)
      }
    }
    // Taking limits away can only widen.
    for (const rung of RUNGS) {
      const fewer = narrow(
        wants,
        limits.filter((each) => each.rung !== rung),
        { at, inflexible: watts(0) },
      )
      const isAlone = limits.every((each) => each.scope === 'device' || each.rung === rung)
      for (const [index, order] of isAlone ? orders.entries() : [])
        assert.ok(Math.abs(order.power) <= Math.abs(fewer[index]!.power) + 1e-6, `seed ${seed}: without ${rung}`)
    }
  }
})
