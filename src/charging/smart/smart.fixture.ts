/** A station that charges and a plan for it, for tests of what is laid on stations. */
import assert from 'node:assert/strict'
import type { Plan } from '#ems'
import { openPlans } from '#ems'
import { type Instant, isProblem, MINUTE } from '#kernel'
import type { ChargingProfileType } from '#protocols/ocpp'
import { MODEL, measured, NOW, type Rig, type StationOptions, started } from '../rig.fixture.ts'

export const WIDE = { ...MODEL, 'SmartChargingCtrlr.PeriodsPerSchedule': '24' }

export async function plugged(house: Rig, options: StationOptions = {}, identity = 'CP001') {
  const station = await house.station(identity, options)
  await station.event('Started', 0, started({ meterValue: [measured(house.clock.now(), ['SoC', 40, 'Percent'])] }))
  station.calls.length = 0
  const profiles = () =>
    station.calls
      .filter(({ action }) => action === 'SetChargingProfile')
      .map(({ payload }) => payload['chargingProfile'] as ChargingProfileType)
  const draw = (power: number, seqNo: number) =>
    station.event('Updated', seqNo, { evse: { id: 1 }, meterValue: [measured(house.clock.now(), ['Power.Active.Import', power, 'W'])] })
  return { station, charger: house.devices.get(identity)!, profiles, draw }
}

/** A plan of the site in which CP001 takes so many kW from slot to slot. */
export async function planned(house: Rig, powerKw: number[], start: Instant = NOW, more: Partial<Plan> = {}) {
  const plan = {
    id: `plan-${powerKw.join('-')}`,
    site: 1,
    madeAt: house.clock.now(),
    start,
    step: 15 * MINUTE,
    slots: powerKw.length,
    devices: [{ device: 'CP001', asset: 101, sensor: 61, powerKw, reasons: [] }],
    inflexibleKw: powerKw.map(() => 0),
    consumptionPrice: powerKw.map(() => 200),
    productionPrice: powerKw.map(() => 100),
    currency: 'EUR',
    objective: 0,
    bound: 0,
    gap: 0,
    solver: 'none',
    solveMs: 0,
    brokenWishes: [],
    trigger: 'test',
    ...more,
  } as unknown as Plan
  await openPlans(house.store).keep(plan)
  house.tell({ kind: 'plan', site: 1, plan: plan.id })
}

/** Lets what waits for sockets and the database run until the condition holds. */
export async function until(condition: () => boolean, what: string) {
  for (let turns = 0; turns < 2000; turns++) {
    if (condition()) return
    await new Promise((resolve) => setImmediate(resolve))
    if (turns > 200) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  assert.fail(what)
}

/** Whether an error is a problem of that code. */
export const is = (code: string) => (error: unknown) => isProblem(error) && error.code === code
