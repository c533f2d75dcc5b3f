// The plan of a site: what must hold whatever the numbers, and what is said when something cannot hold.
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { isProblem } from '#kernel'
import { random } from '../../../test/oracle/schedule-model.ts'
import { violations } from './price.ts'
import { sayReason } from './reason.ts'
import { type SiteSchedule, scheduleSite, siteFormulation } from './site.ts'
import type { PlanDevice, SiteProblem } from './site-problem.ts'
import { startSolverPool } from './solver-pool.ts'
import { sayMissedWish } from './wish.ts'

const pool = startSolverPool()
after(() => pool.close())
const options = { deadlineMs: 20_000, pool }

/** A random site: batteries, cars that leave with a wish, sometimes a curtailable roof, limits of all kinds. */
function randomSite(seed: number): SiteProblem {
  const next = random(seed)
  const slots = 12 + Math.floor(next() * 20)
  const series = (value: (slot: number) => number) => Array.from({ length: slots }, (_, slot) => value(slot))
  const price = series(() => 40 + 160 * next() - (seed % 4 === 0 && next() < 0.2 ? 150 : 0))
  const devices: PlanDevice[] = []
  for (let index = 0; index < 2 + next() * 3; index++)
    devices.push({
      id: `BAT${index}`,
      minKw: -50,
      maxKw: 50,
      storage: { kwh: 10 + 80 * next(), minKwh: 10, maxKwh: 100, chargingEfficiency: 0.95, dischargingEfficiency: 0.95 },
    })
  for (let index = 0; index < next() * 4; index++) {
    const leaves = Math.floor(slots * (0.3 + 0.5 * next()))
    devices.push({
      id: `CAR${index}`,
      minKw: series((slot) => (slot < leaves && index % 2 ? -11 : 0)),
      maxKw: series((slot) => (slot < leaves ? 11 : 0)),
      storage: { kwh: 30 * next(), minKwh: 10, maxKwh: 75, wishes: [{ slot: leaves - 1, kwh: 20 + 50 * next(), kind: 'minimum' }] },
    })
  }
  if (next() < 0.5) devices.push({ id: 'PV', minKw: series(() => -20 * next()), maxKw: 0, flexible: false })
  return {
    slots,
    step: 900_000,
    devices,
    inflexibleKw: series(() => 60 * (next() - 0.5)),
    consumptionPrice: price,
    productionPrice: price.map((each) => (each > 0 ? each * 0.6 : each)),
    ...(next() < 0.5 ? { importKw: 60, exportKw: 80 } : {}),
    ...(next() < 0.6 ? { flexibleConsumptionKw: series((slot) => (slot % 7 === 0 ? Infinity : 100 * next())) } : {}),
  }
}

const value = (series: SiteProblem['inflexibleKw'], slot: number): number => (typeof series === 'number' ? series : series[slot]!)

/** Everything hard about a site plan, recomputed from its powers alone. */
function judge(site: SiteProblem, plan: SiteSchedule, name: string): void {
  const hours = site.step / 3_600_000
  for (let slot = 0; slot < site.slots; slot++) {
    let consumed = 0
    let net = value(site.inflexibleKw, slot)
    plan.devices.forEach((device, index) => {
      const power = device.powerKw[slot]!
      const given = site.devices[index]!
      assert.ok(
        power >= value(given.minKw, slot) - 1e-6 && power <= value(given.maxKw, slot) + 1e-6,
        `${name}: ${device.id} at ${slot}: ${power}`,
      )
      if (given.flexible !== false) consumed += Math.max(power, 0)
      net += power
      if (!given.storage) return
      const before = device.storedKwh![slot]!
      const { chargingEfficiency: inwards = 1, dischargingEfficiency: outwards = 1 } = given.storage
      const expected = before + hours * (power > 0 ? power * inwards : power / outwards)
      assert.ok(Math.abs(device.storedKwh![slot + 1]! - expected) < 1e-6, `${name}: energy of ${device.id} appears at ${slot}`)
      assert.ok(expected >= -1e-6 && expected <= given.storage.maxKwh + 1e-6, `${name}: ${device.id} holds ${expected}`)
    })
    if (site.flexibleConsumptionKw !== undefined)
      assert.ok(consumed <= value(site.flexibleConsumptionKw, slot) + 1e-5, `${name}: cap broken at ${slot}: ${consumed}`)
    assert.ok(Math.abs(net - plan.netKw[slot]!) < 1e-6)
  }
}

test('random sites: bounds, energy and load control hold; the plan is never worse than rest and improves with freedom', async () => {
  for (let seed = 1; seed <= 16; seed++) {
    const site = randomSite(seed)
    const plan = await scheduleSite(site, { ...options, gap: 0 })
    judge(site, plan, `seed ${seed}`)
    assert.ok(plan.bound <= plan.objective + 1e-6 && plan.gap < 1e-4, `seed ${seed}: gap ${plan.gap}`)
    const tolerance = 1e-4 * Math.max(1, Math.abs(plan.objective))
    const { flexibleConsumptionKw: _, ...free } = site
    const freer = await scheduleSite(free, { ...options, gap: 0 })
    assert.ok(freer.objective <= plan.objective + tolerance, `seed ${seed}: without the cap ${freer.objective}, with it ${plan.objective}`)
    const still = { ...site, devices: site.devices.map((device) => (device.storage ? { ...device, minKw: 0, maxKw: 0 } : device)) }
    const rest = await scheduleSite(still, { ...options, gap: 0 })
    assert.ok(plan.objective <= rest.objective + tolerance, `seed ${seed}: ${plan.objective} is worse than rest ${rest.objective}`)
  }
})

test('the same site gives the same plan', async () => {
  const site = randomSite(8)
  const [one, other] = [await scheduleSite(site, options), await scheduleSite(site, options)]
  assert.deepEqual(
    one.devices.map((device) => device.powerKw),
    other.devices.map((device) => device.powerKw),
  )
})

const car = (more: Partial<PlanDevice> = {}): PlanDevice => ({
  id: 'V2G003',
  minKw: 0,
  maxKw: 11,
  storage: { kwh: 10, minKwh: 0, maxKwh: 75, wishes: [{ slot: 7, kwh: 48, kind: 'minimum' }] },
  ...more,
})
const plain = (devices: PlanDevice[], more: Partial<SiteProblem> = {}): SiteProblem => ({
  slots: 16,
  step: 900_000,
  devices,
  inflexibleKw: 0,
  consumptionPrice: 100,
  productionPrice: 60,
  ...more,
})

test('a wish that the charger cannot meet is named with its amount, and everything possible is done', async () => {
  const plan = await scheduleSite(plain([car()]), options)
  assert.equal(plan.missedWishes.length, 1)
  const [missed] = plan.missedWishes
  assert.ok(Math.abs(missed!.missingKwh - 16) < 1e-6)
  assert.equal(sayMissedWish(missed!, { time: '07:00' }), 'V2G003: 16 kWh will be missing at 07:00: the charger gives 11 kW.')
  assert.deepEqual(plan.devices[0]!.powerKw.slice(0, 8), new Array(8).fill(11))
})

test('a cap on flexible consumption is kept against wishes and prices, and told as the reason', async () => {
  const battery: PlanDevice = { id: 'BAT001', minKw: -50, maxKw: 50, storage: { kwh: 50, minKwh: 10, maxKwh: 100 } }
  const cheap = Array.from({ length: 16 }, (_, slot) => (slot < 8 ? 20 : 200))
  const site = plain([car(), battery], { consumptionPrice: cheap, productionPrice: cheap, flexibleConsumptionKw: 6 })
  const plan = await scheduleSite(site, options)
  judge(site, plan, 'capped')
  const [missed] = plan.missedWishes
  assert.equal(missed?.cause, 'flexible-cap')
  assert.match(sayMissedWish(missed!, { time: '07:00' }), /load control/)
  const zero = await scheduleSite({ ...site, flexibleConsumptionKw: 0 }, options)
  for (const device of zero.devices) assert.ok(device.powerKw.every((power) => power <= 1e-9))
  const reason = plan.devices[0]!.reasons[0]!
  assert.equal(reason.heldBy, 'flexible-cap')
  assert.match(sayReason(reason, { time: (slot) => `slot ${slot}`, currency: 'EUR' }), /Charges for slot 8\. Held by load control\./)
})

test('an import limit that the fixed load already breaks does not stop the plan: it is named, and batteries help', async () => {
  const battery: PlanDevice = { id: 'BAT001', minKw: -20, maxKw: 20, storage: { kwh: 100, minKwh: 0, maxKwh: 100 } }
  const plan = await scheduleSite(plain([battery], { inflexibleKw: 50, importKw: 20 }), options)
  assert.ok(plan.brokenBounds.every((broken) => broken.bound === 'site-import' && broken.excessKw >= 10 - 1e-6))
  assert.equal(plan.brokenBounds.length, 16)
  assert.ok(plan.devices[0]!.powerKw.every((power) => power <= -19.99))
})

test('a battery below its floor is filled up first, dear or not', async () => {
  const battery: PlanDevice = { id: 'BAT001', minKw: -20, maxKw: 20, storage: { kwh: 2, minKwh: 10, maxKwh: 100 } }
  const plan = await scheduleSite(plain([battery]), options)
  assert.ok(plan.devices[0]!.powerKw[0]! > 19.99)
  assert.equal(plan.devices[0]!.reasons[0]!.code, 'floor')
})

test('a trip that needs more than the car can hold does not stop the plan, nor empty the car for money', async () => {
  const away = (slot: number) => slot >= 8 && slot < 12
  const trip: PlanDevice = {
    id: 'V2G001',
    minKw: Array.from({ length: 16 }, (_, slot) => (away(slot) ? 0 : -11)),
    maxKw: Array.from({ length: 16 }, (_, slot) => (away(slot) ? 0 : 11)),
    storage: { kwh: 10, minKwh: 0, maxKwh: 75, inflowKw: Array.from({ length: 16 }, (_, slot) => (away(slot) ? -40 : 0)) },
  }
  const plan = await scheduleSite(plain([trip], { consumptionPrice: 100, productionPrice: 100 }), options)
  assert.ok(plan.devices[0]!.powerKw.slice(0, 8).every((power) => power > 10.99))
  assert.deepEqual(
    plan.missedWishes.map((missed) => [missed.device, missed.kind, missed.slot, Math.round(missed.missingKwh)]),
    [['V2G001', 'floor', 11, 8]],
  )
})

test('a roof is curtailed when producing costs money, and not otherwise', async () => {
  const roof: PlanDevice = { id: 'PV001', minKw: -5, maxKw: 0, flexible: false }
  const price = Array.from({ length: 16 }, (_, slot) => (slot < 4 ? -30 : 50))
  const plan = await scheduleSite(plain([roof], { consumptionPrice: price, productionPrice: price }), options)
  assert.deepEqual(plan.devices[0]!.powerKw, [...new Array(4).fill(0), ...new Array(12).fill(-5)])
  assert.deepEqual(
    plan.devices[0]!.reasons.map((reason) => reason.code),
    ['negative-price', 'free'],
  )
})

test('the marginal price of a slot says what one more kW costs', async () => {
  const battery: PlanDevice = {
    id: 'BAT001',
    minKw: -20,
    maxKw: 20,
    storage: { kwh: 50, minKwh: 10, maxKwh: 100, chargingEfficiency: 0.95, dischargingEfficiency: 0.95 },
  }
  const site = plain([battery], {
    inflexibleKw: Array.from({ length: 16 }, (_, slot) => (slot % 3) * 15 - 14.9),
    consumptionPrice: Array.from({ length: 16 }, (_, slot) => 100 + 37 * (slot % 5)),
  })
  const exact = { ...options, gap: 0 }
  const plan = await scheduleSite(site, exact)
  for (const slot of [0, 3, 7, 12]) {
    const more = { ...site, inflexibleKw: (site.inflexibleKw as number[]).map((power, index) => (index === slot ? power + 1e-3 : power)) }
    const other = await scheduleSite(more, exact)
    const perMwh = ((other.objective - plan.objective) / 1e-3 / 0.25) * 1000
    assert.ok(Math.abs(perMwh - plan.marginalPrice![slot]!) < 0.5, `slot ${slot}: ${perMwh} against ${plan.marginalPrice![slot]}`)
  }
})

test('a plan keeps to the last one where nothing is gained by change', async () => {
  const battery: PlanDevice = { id: 'BAT001', minKw: -20, maxKw: 20, storage: { kwh: 50, minKwh: 10, maxKwh: 100 } }
  const previous = Array.from({ length: 16 }, (_, slot) => (slot >= 2 && slot < 10 ? -20 : 0))
  const site = plain([{ ...battery, previousKw: previous }], { productionPrice: 100 })
  const kept = await scheduleSite({ ...site, changePrice: 0.5 }, { ...options, gap: 0 })
  kept.devices[0]!.powerKw.forEach((power, slot) => {
    assert.ok(Math.abs(power - previous[slot]!) < 1e-6, `slot ${slot}: ${power}`)
  })
  const fresh = await scheduleSite(site, { ...options, gap: 0 })
  assert.ok(fresh.devices[0]!.powerKw[15]! < -19, 'left alone, a battery delivers late')
  assert.ok(Math.abs(fresh.objective - kept.objective) < 1e-6)
})

test('what is too little for a charger is not asked of it, and the plan costs hardly more', async () => {
  const v2g: PlanDevice = { id: 'V2G001', minKw: -11, maxKw: 11, storage: { kwh: 50, minKwh: 10, maxKwh: 75 }, wearPrice: 4 }
  // A house that needs a little more than nothing most of the time: by itself the car would cover just that.
  const load = Array.from({ length: 16 }, (_, slot) => (slot % 4 === 0 ? 5 : 0.08))
  const site = plain([v2g], { inflexibleKw: load, productionPrice: 0, consumptionPrice: 200 })
  const free = await scheduleSite(site, options)
  assert.ok(
    free.devices[0]!.powerKw.some((power) => power < 0 && power > -0.8),
    'left alone it trickles',
  )
  const held = await scheduleSite({ ...site, devices: [{ ...v2g, leastKw: 0.8 }] }, options)
  for (const [slot, power] of held.devices[0]!.powerKw.entries())
    assert.ok(Math.abs(power) < 1e-6 || Math.abs(power) >= 0.8 - 1e-6, `slot ${slot}: ${power}`)
  assert.ok(
    held.devices[0]!.powerKw.some((power) => power < -4),
    'where the house needs more, the car gives',
  )
  assert.ok(held.bound <= held.objective && held.objective - free.objective < 0.06, `${held.objective} against ${free.objective}`)
})

test('a quarter-hour later, nothing else being new, what is left of a plan is planned again to the last watt', async () => {
  const slots = 32
  // Blocks of equal price, and a house that needs less than the batteries can give: who gives when is open.
  const price = Array.from({ length: slots }, (_, slot) => (Math.floor(slot / 8) % 2 ? 200 : 50))
  const devices = [0, 1, 2].map(
    (index): PlanDevice => ({
      id: `BAT00${index}`,
      minKw: -20,
      maxKw: 20,
      wearPrice: 4,
      storage: { kwh: 20 + index, minKwh: 10, maxKwh: 40 + 10 * index, chargingEfficiency: 0.95, dischargingEfficiency: 0.95 },
    }),
  )
  const from = (slot: number): SiteProblem =>
    plain(devices, {
      slots: slots - slot,
      inflexibleKw: Array.from({ length: slots }, (_, at) => 20 + (at % 3)).slice(slot),
      consumptionPrice: price.slice(slot),
      productionPrice: 0,
      changePrice: 0.5,
    })
  const moved = async (changePrice: number): Promise<number> => {
    const first = await scheduleSite({ ...from(0), changePrice }, options)
    const again = from(1)
    const second = await scheduleSite(
      {
        ...again,
        changePrice,
        devices: again.devices.map((device, index) => ({
          ...device,
          storage: { ...device.storage!, kwh: first.devices[index]!.storedKwh![1]! },
          previousKw: first.devices[index]!.powerKw.slice(1),
        })),
      },
      options,
    )
    return Math.max(
      ...second.devices.flatMap(({ powerKw }, index) =>
        powerKw.map((power, slot) => Math.abs(power - first.devices[index]!.powerKw[slot + 1]!)),
      ),
    )
  }
  assert.ok((await moved(0.5)) < 1e-3)
  assert.ok((await moved(0)) > 1, 'the price on change is what holds it')
})

test('where doing both at once is free, the plan is found all the same, and soon', async () => {
  const battery: PlanDevice = { id: 'BAT001', minKw: -20, maxKw: 20, storage: { kwh: 50, minKwh: 10, maxKwh: 100 } }
  const plan = await scheduleSite(plain([battery, { ...battery, id: 'BAT002' }], { productionPrice: 100 }), { ...options, gap: 0 })
  assert.equal(plan.gap, 0)
  assert.ok(plan.solveMs < 10_000)
})

test('a problem that cannot be meant is refused with the place of the fault', async () => {
  const bad: [Partial<SiteProblem>, RegExp][] = [
    [{ consumptionPrice: [1, 2] }, /consumptionPrice has 2 values for 16 slots/],
    [{ inflexibleKw: Number.NaN }, /inflexibleKw is NaN/],
    [{ devices: [car({ minKw: 12 })] }, /V2G003: minKw is above maxKw at slot 0/],
    [{ slots: 0 }, /0 slots/],
  ]
  for (const [change, message] of bad)
    await assert.rejects(
      scheduleSite({ ...plain([car()]), ...change }, options),
      (error) => isProblem(error) && message.test(error.message),
    )
})

test('twenty storages for a day: within two seconds and a gap of a thousandth', async () => {
  const next = random(5)
  const slots = 96
  const price = Array.from({ length: slots }, (_, slot) => 150 + 60 * Math.sin(((slot / 4) * 2 * Math.PI) / 12) + 10 * next())
  const devices = Array.from(
    { length: 20 },
    (_, index): PlanDevice => ({
      id: `D${index}`,
      minKw: -50,
      maxKw: 50,
      storage: {
        kwh: 20 + 60 * next(),
        minKwh: 10,
        maxKwh: 100,
        chargingEfficiency: 0.95,
        dischargingEfficiency: 0.95,
        wishes: [{ slot: 40 + index, kwh: 70, kind: 'minimum' }],
      },
    }),
  )
  const site: SiteProblem = {
    slots,
    step: 900_000,
    devices,
    inflexibleKw: Array.from({ length: slots }, (_, slot) => -50 * Math.max(0, Math.sin(((slot - 24) / 48) * Math.PI))),
    consumptionPrice: price,
    productionPrice: price.map((each) => each * 0.6),
    importKw: 300,
    exportKw: 300,
    flexibleConsumptionKw: 400,
  }
  const plan = await scheduleSite(site, options)
  assert.ok(plan.gap <= 0.001)
  judge(site, plan, 'island')
  assert.deepEqual(
    violations(
      siteFormulation(site),
      plan.devices.map((device) => device.powerKw),
      1e-5,
    ),
    [],
  )
})
