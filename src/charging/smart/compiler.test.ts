/** From plans to profiles, and from what cars say to needs: pure. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Limit, Plan } from '#ems'
import { after, formatInstant, HOUR, type Instant, instant, MINUTE, SECOND } from '#kernel'
import { compositeSchedule, type Installed, type ProfileVersion, profileTo16, type V21, validateProfile } from '#protocols/ocpp'
import { powerOf, standingProfile } from '../order.ts'
import type { Plugged } from '../station.ts'
import { type CapabilityCard, cardFrom, formName, ladder } from './capability-card.ts'
import { compile, levelAt, type Place, type Step } from './compiler.ts'
import { judgeWish, type Stretch } from './feasibility.ts'
import { excessOf, mayDischarge, readNeeds } from './needs.ts'
import { compare, disobeys, GRACE, heldAt } from './read-back.ts'
import { stretchesOf } from './stretches.ts'

const NOW = instant(Date.parse('2026-11-24T12:00:10Z'))
const MARGIN = MINUTE
const VOLTS = 230

const card = (more: Partial<CapabilityCard> = {}): CapabilityCard => ({
  version: '2.0.1',
  units: ['W', 'A'],
  maxPeriods: 24,
  maxStackLevel: 3,
  maxProfiles: 5,
  phaseSwitching: false,
  step: 0.1,
  minCurrent: 6,
  negative: false,
  dynamic: false,
  priority: false,
  learned: {},
  ...more,
})
const place = (more: Partial<Place> = {}): Place => ({
  evse: 1,
  transaction: '17',
  phases: 3,
  voltage: VOLTS,
  installation: 32,
  safe: 6,
  ...more,
})

function seeded(seed: number) {
  let state = (seed * 48_271) % 2_147_483_647
  return (count: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % count
  }
}
const planOf = (below: (count: number) => number, signed: boolean): Step[] =>
  Array.from({ length: 1 + below(40) }, (_, slot) => ({
    at: after(NOW, slot * 15 * MINUTE),
    power: below(4) === 0 ? 0 : below(26_000) - (signed && below(3) === 0 ? 26_000 : 0) + below(100) / 100,
  }))

test('P18: every profile that is made of a plan is valid beside the others, and its composite is the plan, rounded down and never between 0 and 6 A', () => {
  let checked = 0
  for (let seed = 1; seed <= 60; seed++) {
    const below = seeded(seed)
    const version = (['1.6', '2.0.1', '2.1'] as const)[below(3)]! as ProfileVersion
    const own = card({
      version,
      maxPeriods: [1, 2, 3, 24][below(4)]!,
      step: below(2) ? 0.1 : 1,
      negative: below(2) === 0,
      dynamic: version === '2.1' && below(2) === 0,
      units: below(2) ? ['W', 'A'] : ['A'],
    })
    const where = place({ phases: [1, 3][below(2)]!, installation: [16, 32][below(2)]! })
    const steps = planOf(below, own.negative)
    const until = after(steps.at(-1)!.at, 15 * MINUTE)
    for (const form of ladder(own, steps[0]!.power < 0)) {
      const compiled = compile({ plan: { steps, until }, card: own, form, place: where, now: NOW, margin: MARGIN })
      if (!compiled) continue
      checked++
      const why = `seed ${seed}, ${formName(form)}, ${JSON.stringify(compiled.profile)}`
      const standing = (purpose: 'TxDefaultProfile' | 'ChargingStationMaxProfile', amperes: number): Installed => ({
        evseId: 0,
        profile: standingProfile(purpose, amperes, compiled.wires, NOW),
      })
      const beside = [standing('ChargingStationMaxProfile', where.installation), standing('TxDefaultProfile', where.safe)]
      const rest = beside.filter((one) => one.profile.id !== compiled.profile.id)
      const candidate = version === '1.6' ? profileTo16(compiled.profile) : compiled.profile
      const verdict = validateProfile(candidate, {
        version,
        evseId: compiled.evseId,
        evses: [1],
        installed: rest,
        transactions: new Map([[1, '17']]),
        rateUnits: own.units,
        maxStackLevel: 3,
        maxPeriods: own.maxPeriods,
        maxProfiles: 5,
        allowNegative: own.negative,
      })
      assert.deepEqual(verdict, { ok: true }, why)
      const end = compiled.until
      const composite = compositeSchedule({
        profiles: [...rest, { evseId: compiled.evseId, profile: compiled.profile }],
        evseId: 1,
        from: NOW,
        until: after(end, MARGIN + HOUR),
        unit: form.unit,
        transactionStart: after(NOW, -HOUR),
        allowNegative: own.negative,
        phases: where.phases,
      })
      const saidAt = (at: Instant) => composite.findLast(({ startPeriod }) => startPeriod <= (at - NOW) / SECOND)!
      const most = where.installation * (form.unit === 'A' ? 1 : VOLTS * where.phases)
      for (let at: Instant = NOW; at < end; at = after(at, 7 * MINUTE + 3 * SECOND)) {
        const planned = steps.findLast((step) => step.at <= at)!.power
        const found = saidAt(at)
        const value = found.setpoint ?? found.limit
        const meant = powerOf(value, compiled.wires)
        const wanted = own.negative && form.rung !== 'station-max' ? planned : Math.max(0, planned)
        if (form.rung === 'dynamic') assert.equal(found.setpoint !== undefined, true, why)
        const isRungAboveSafe = form.rung === 'station-max' && value > 0
        // As the station's maximum it cannot lift what the safe default leaves.
        if (isRungAboveSafe) continue
        assert.ok(wanted >= 0 ? meant <= wanted + 1e-6 : meant >= wanted - 1e-6, `${meant} W of ${wanted} W: ${why}`)
        assert.ok(value <= most + 1e-9, why)
        const smallest = 6 * VOLTS * where.phases
        assert.ok(meant <= 0 || meant >= smallest - 1e-6, `${meant} W cannot be told: ${why}`)
        const grain = form.unit === 'W' ? 1 : own.step * VOLTS * where.phases
        if (wanted >= smallest && wanted <= powerOf(most, compiled.wires))
          assert.ok(wanted - meant <= grain + 1e-6, `${meant} W of ${wanted} W is too little: ${why}`)
      }
      // Lost: what remains is the safe limit, by itself.
      const after_ = saidAt(after(end, MARGIN + 2 * SECOND))
      const safe = form.unit === 'A' ? where.safe : Math.floor(where.safe * VOLTS * where.phases)
      assert.ok(Math.abs(after_.limit - safe) < 1e-9, `${after_.limit} remains: ${why}`)
    }
  }
  assert.ok(checked > 200, String(checked))
})

test('where the station takes fewer periods, the far end waits, or a car that wants the whole gets it coarser and never above the plan', () => {
  const steps = [7000, 9000, 8000, 0, 11_000, 5000].map((power, slot) => ({ at: after(NOW, slot * 15 * MINUTE), power }))
  const plan = { steps, until: after(NOW, 90 * MINUTE) }
  const parts = { plan, card: card({ maxPeriods: 3 }), form: { rung: 'tx', unit: 'W' } as const, place: place(), now: NOW, margin: MARGIN }
  const far = compile(parts)!
  assert.deepEqual(
    far.levels.map(({ limit }) => limit),
    [7000, 9000, 8000],
  )
  assert.equal(far.until, after(NOW, 45 * MINUTE))
  assert.equal(far.covers, false)
  const detail = compile({ ...parts, spare: 'detail' })!
  assert.equal(detail.covers, true)
  assert.equal(detail.until, plan.until)
  assert.ok(detail.levels.length <= 3)
  for (const { at, power } of steps) assert.ok(levelAt(detail, at)! <= power, `${power} W`)
  assert.equal(levelAt(detail, NOW), 7000, 'what is ordered now is not bent for later')
  assert.equal(levelAt(detail, plan.until), undefined)
  const one = compile({ ...parts, card: card({ maxPeriods: 1 }), spare: 'detail' })!
  assert.deepEqual([one.levels.length, one.levels[0]!.limit, one.until, one.covers], [1, 7000, after(NOW, 15 * MINUTE), true])
})

test('discharge is dropped where the station does not declare it, and told', () => {
  const plan = { steps: [{ at: NOW, power: -5000 }], until: after(NOW, HOUR) }
  const parts = { plan, form: { rung: 'tx', unit: 'W' } as const, place: place(), now: NOW, margin: MARGIN }
  const deaf = compile({ ...parts, card: card() })!
  assert.deepEqual([deaf.levels[0]!.limit, deaf.dropped], [0, true])
  const able = compile({ ...parts, card: card({ negative: true }) })!
  assert.deepEqual([able.levels[0]!.limit, able.dropped], [-5000, false])
  const new_ = compile({ ...parts, card: card({ negative: true, version: '2.1' }) })!
  const period = new_.profile.chargingSchedule[0]!.chargingSchedulePeriod[0]!
  assert.deepEqual([period.operationMode, period.setpoint, period.limit, period.dischargeLimit], ['CentralSetpoint', -5000, 0, -5000])
})

test('the ladder begins with what worked, ends with what had no effect, and takes set-points only to discharge', () => {
  const names = (own: CapabilityCard, discharges = false) => ladder(own, discharges).map(formName)
  assert.deepEqual(names(card()), ['tx W', 'tx A', 'default W', 'default A', 'default-zero W', 'default-relative W', 'station-max W'])
  assert.equal(names(card({ learned: { form: 'default A', deaf: ['tx W'] } }))[0], 'default A')
  assert.equal(names(card({ learned: { deaf: ['tx W'] } })).at(-1), 'tx W')
  assert.ok(!names(card({ maxPeriods: 1 })).includes('station-max W'))
  assert.equal(names(card({ version: '2.1', dynamic: true, negative: true }), true)[0], 'dynamic W')
})

test('a card says what the station says of itself, and a person has the last word', () => {
  const variables = (said: Record<string, string>) =>
    new Map(
      Object.entries(said).map(([name, value]) => [
        `smartchargingctrlr/${name.toLowerCase()}#actual`,
        { component: 'SmartChargingCtrlr', variable: name, value },
      ]),
    )
  const record = { evse: 1, nominal: 22_000 } as never
  const model = variables({
    RateUnit: 'Current,Power',
    PeriodsPerSchedule: '12',
    ProfileStackLevel: '7',
    'Entries[ChargingProfiles]': '4',
    SupportsDynamicProfiles: 'true',
  })
  const own = cardFrom({ model, record, open: new Map() }, '2.1', {}, {})
  assert.deepEqual([own.units, own.maxPeriods, own.maxStackLevel, own.maxProfiles, own.dynamic], [['W', 'A'], 12, 7, 4, true])
  const told = cardFrom({ model, record, open: new Map() }, '2.0.1', {}, { units: ['A'], maxPeriods: 1, wholeAmperes: true, minCurrent: 8 })
  assert.deepEqual([told.units, told.maxPeriods, told.step, told.minCurrent, told.dynamic], [['A'], 1, 1, 8, false])
  const silent = { model: new Map(), record, open: new Map() }
  assert.deepEqual([cardFrom(silent, '1.6', {}, {}).maxPeriods, cardFrom(silent, '2.0.1', {}, {}).units], [1, ['A', 'W']])
  const direct = { transaction: { needs: { transfer: 'DC' } } } as Plugged
  assert.deepEqual(cardFrom({ ...silent, open: new Map([['T1', direct]]) }, '2.0.1', {}, {}).units, ['W', 'A'], 'a voltage nobody knows')
})

/** An hour with one step, from 7 to 11 kW. */
function oneStep() {
  const steps = [
    { at: NOW, power: 7000 },
    { at: after(NOW, 15 * MINUTE), power: 11_000 },
  ]
  const plan = { steps, until: after(NOW, HOUR) }
  return compile({ plan, card: card(), form: { rung: 'tx', unit: 'W' }, place: place(), now: NOW, margin: MARGIN })!
}

test('what a station holds is compared at every step, and what is drawn only once the car had time to follow', () => {
  const compiled = oneStep()
  const held = (...limits: [number, number][]) => ({
    start: NOW,
    unit: 'W' as const,
    periods: limits.map(([startPeriod, limit]) => ({ startPeriod, limit })),
  })
  assert.deepEqual(compare(held([0, 7000], [900, 11_000]), compiled, NOW), { held: 7000, above: [] })
  assert.equal(compare(held([0, 7000]), compiled, NOW).above.length, 0, 'less is no disobedience')
  assert.deepEqual(
    compare(held([0, 11_000]), compiled, NOW).above.map(({ told }) => told),
    [7000],
  )
  assert.equal(
    heldAt({ start: NOW, unit: 'A', periods: [{ startPeriod: 0, limit: 10, numberPhases: 1 }] }, NOW, { phases: 3, voltage: 230 }),
    2300,
  )
  const since = NOW
  assert.equal(disobeys({ power: 11_000, at: after(NOW, GRACE - 1) }, 7000, since), false)
  assert.equal(disobeys({ power: 11_000, at: after(NOW, GRACE) }, 7000, since), true)
  assert.equal(disobeys({ power: 7400, at: after(NOW, GRACE) }, 7000, since), false, 'meters and ramps')
  assert.equal(disobeys({ power: 250, at: after(NOW, GRACE) }, 0, since), false, 'a car that pauses still heats its battery')
})

test('needs of cars of both versions are read, with the limits of the car per phase', () => {
  const read = (chargingNeeds: V21.ChargingNeedsType) => readNeeds({ evseId: 1, chargingNeeds }, NOW, 3, 500)
  const ac = read({
    requestedEnergyTransfer: 'AC_single_phase',
    departureTime: '2026-11-24T18:00:00Z',
    acChargingParameters: { energyAmount: 21_000, evMinCurrent: 6, evMaxCurrent: 16, evMaxVoltage: 230 },
  })
  assert.deepEqual(
    [ac.energy, ac.maxPower, ac.maxCurrent, ac.minCurrent, ac.phases, ac.takenBefore, ac.departure],
    [21_000, 3680, 16, 6, 1, 500, Date.parse('2026-11-24T18:00:00Z')],
  )
  const three = read({
    requestedEnergyTransfer: 'AC_three_phase',
    acChargingParameters: { energyAmount: 1, evMinCurrent: 6, evMaxCurrent: 32, evMaxVoltage: 400 },
  })
  assert.equal(three.maxPower, Math.round((400 / Math.sqrt(3)) * 32 * 3))
  assert.equal(three.phases, undefined)
  const dc = read({
    requestedEnergyTransfer: 'DC',
    dcChargingParameters: { evMaxCurrent: 125, evMaxVoltage: 400, evMaxPower: 50_000, stateOfCharge: 40, evEnergyCapacity: 75_000 },
  })
  assert.deepEqual([dc.maxPower, dc.soc, dc.capacity], [50_000, 40, 75_000])
  const v2x = read({
    requestedEnergyTransfer: 'AC_BPT',
    controlMode: 'DynamicControl',
    v2xChargingParameters: {
      maxChargePower: 3680,
      maxChargePower_L2: 3680,
      maxChargePower_L3: 3680,
      maxDischargePower: 11_000,
      evTargetEnergyRequest: 20_000.4,
      evMinEnergyRequest: 5000,
      evMinV2XEnergyRequest: 3000,
      evMaxV2XEnergyRequest: 30_000,
      targetSoC: 80,
    },
  })
  assert.deepEqual(
    [v2x.energy, v2x.least, v2x.maxPower, v2x.maxDischarge, v2x.control, v2x.targetSoc],
    [20_000, 5000, 11_040, 11_000, 'DynamicControl', 80],
  )
  assert.equal(mayDischarge(v2x, 0), false, 'below the window')
  assert.equal(mayDischarge(v2x, 4000), true)
  assert.equal(mayDischarge(v2x, 30_001), false, 'above it')
})

test('a schedule that a car chose keeps to the offer, or the first moment at which it does not is told', () => {
  const compiled = oneStep()
  const chosen = (...limits: [number, number][]) => ({
    timeBase: formatInstant(NOW),
    chargingSchedule: {
      id: 1,
      chargingRateUnit: 'W' as const,
      chargingSchedulePeriod: limits.map(([startPeriod, limit]) => ({ startPeriod, limit })),
    },
  })
  assert.equal(excessOf(chosen([0, 7000], [900, 11_000]), compiled), undefined)
  assert.equal(excessOf(chosen([0, 7030], [900, 0]), compiled), undefined, 'half a percent')
  assert.deepEqual(excessOf(chosen([0, 7000], [800, 11_000]), compiled), { at: after(NOW, 800_000), chosen: 11_000, allowed: 7000 })
})

// ---- wishes -------------------------------------------------------------------------------------------------------------------------

test('what becomes of a wish is said before it is kept: energy, time, purse and sun', () => {
  const stretches: Stretch[] = Array.from({ length: 12 }, (_, slot) => ({
    from: after(NOW, slot * 15 * MINUTE),
    until: after(NOW, (slot + 1) * 15 * MINUTE),
    power: 11_000,
    surplus: slot >= 4 && slot < 8 ? 5000 : 0,
    price: slot >= 8 ? undefined : slot < 4 ? 0.3 : 0.1,
  }))
  const words = { currency: 'EUR', clock: (at: Instant) => formatInstant(at).slice(11, 16) }
  const wanted = { energy: 10_000, by: after(NOW, 3 * HOUR), least: 4140 }
  const judge = (more: object = {}) => judgeWish({ ...wanted, ...more }, stretches, words)
  const cheapest = judge()
  assert.deepEqual([cheapest.feasible, cheapest.reachable, cheapest.missing, cheapest.cost], [true, 10_000, 0, 1])
  assert.deepEqual(cheapest.reasons, ['About 1.00 EUR for 10.0 kWh.'])
  const first = judge({ priority: true })
  assert.deepEqual([first.ready, first.cost], [after(NOW, Math.round((10 / 11) * HOUR)), 3], 'at once, whatever it costs')
  const much = judge({ energy: 40_000 })
  assert.equal(much.feasible, false)
  assert.equal(much.missing, 7000)
  assert.deepEqual(much.reasons.slice(1, 3), ['7.0 kWh will be missing at 15:00.', 'At most 11.0 kW can flow into the car.'])
  assert.equal(much.uncertain, true)
  const purse = judge({ maxCost: 0.5 })
  assert.deepEqual([purse.feasible, purse.reachable, purse.cost], [false, 5000, 0.5])
  assert.ok(purse.reasons.includes('0.50 are spent before that.'))
  const sun = judge({ solarOnly: true })
  assert.deepEqual([sun.feasible, sun.reachable], [false, 5000])
  assert.ok(sun.reasons.includes('The sun is expected to give 5.0 kWh by then.'))
  assert.equal(
    judgeWish(
      { ...wanted, solarOnly: true },
      stretches.map((one) => ({ ...one, surplus: 3000 })),
      words,
    ).reachable,
    0,
    'less than a car can take',
  )
  assert.deepEqual(judgeWish(wanted, [], words).reasons.at(-1), 'No power is left for this car until then.')
})

test('what is left for a car is what neither limits nor the plan give to others', () => {
  const plan = {
    start: NOW,
    step: 15 * MINUTE,
    slots: 4,
    devices: [
      { device: 'CP001', powerKw: [0, 0, 0, 0] },
      { device: 'CP002', powerKw: [8, 8, 0, 0] },
      { device: 'PV', powerKw: [-3, -3, -9, -9], availableKw: [-3, -3, -9, -9] },
    ],
    inflexibleKw: [1, 1, 2, 2],
    consumptionPrice: [300, 300, 100, 100],
  } as unknown as Plan
  const parts = { device: 'CP001', asset: 101, power: 11_000, from: NOW, by: after(NOW, HOUR), plan }
  const cap = (scope: Limit['scope'], max: number, asset = 1): Limit => ({
    id: 'x',
    rung: 'grid',
    asset,
    from: NOW,
    until: after(NOW, HOUR),
    max: max as never,
    scope,
    because: '',
    origin: '',
  })
  const powers = (limits: Limit[]) => stretchesOf({ ...parts, limits }).map(({ power }) => power)
  assert.equal(stretchesOf({ ...parts, limits: [] }).length, 5, 'the clock of the site, not ours, cuts the hour')
  assert.deepEqual([...new Set(powers([]))], [11_000])
  assert.deepEqual(
    stretchesOf({ ...parts, limits: [] }).map(({ price }) => price),
    [0.3, 0.3, 0.3, 0.1, 0.1],
    'per kWh, where the plan reckons per MWh',
  )
  assert.deepEqual(powers([cap('flexible-consumption', 12_000)]), [4000, 4000, 4000, 11_000, 11_000])
  assert.deepEqual(powers([cap('site-net', 12_000)]).slice(0, 2), [6000, 6000], 'others 8 + 1 - 3')
  assert.deepEqual([...new Set(powers([cap('device', 3000, 101)]))], [3000])
  assert.deepEqual([...new Set(powers([cap('device', 3000, 102)]))], [11_000])
  assert.deepEqual(
    stretchesOf({ ...parts, limits: [], sharers: 2 }).map(({ surplus }) => surplus),
    [1000, 1000, 1000, 3500, 3500],
  )
})
