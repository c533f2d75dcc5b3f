import assert from 'node:assert/strict'
import test from 'node:test'
import { heldSchedule, laidProfiles } from './laid.ts'

const out = { direction: 'out', kind: 'CALL', action: 'SetChargingProfile', at: '2026-11-25T14:00:00-04:00' } as const
const schedule = { chargingRateUnit: 'A', startSchedule: '2026-11-25T18:00:00Z', chargingSchedulePeriod: [{ startPeriod: 0, limit: 10 }] }

test('of every profile only what was laid last counts, in the words of 1.6 and of 2.x', () => {
  const profile = { id: 7, chargingProfilePurpose: 'TxProfile', chargingProfileKind: 'Absolute', stackLevel: 3 }
  const found = laidProfiles([
    { ...out, id: 4, payload: { evseId: 1, chargingProfile: { ...profile, chargingSchedule: [schedule] } } },
    { ...out, id: 3, payload: { evseId: 1, chargingProfile: { ...profile, stackLevel: 1, chargingSchedule: [schedule] } } },
    { ...out, id: 2, direction: 'in', kind: 'CALLRESULT', payload: { status: 'Accepted' } },
    { ...out, id: 1, payload: { connectorId: 0, csChargingProfiles: { chargingProfileId: 9, stackLevel: 0, chargingSchedule: schedule } } },
  ])
  assert.deepEqual(
    found.map(({ id, evse, stack, unit, periods }) => [id, evse, stack, unit, periods[0]?.limit]),
    [
      [7, 1, 3, 'A', 10],
      [9, 0, 0, 'A', 10],
    ],
  )
})

test('what a station says it holds is read from both versions, and nothing is made up where it says none', () => {
  assert.equal(heldSchedule({ status: 'Accepted', schedule: { ...schedule, scheduleStart: 'x' } })?.periods[0]?.limit, 10)
  assert.equal(
    heldSchedule({ status: 'Accepted', scheduleStart: 'y', chargingSchedule: { ...schedule, startSchedule: undefined } })?.start,
    'y',
  )
  assert.equal(heldSchedule({ status: 'Rejected' }), undefined)
  assert.equal(heldSchedule(null), undefined)
})
