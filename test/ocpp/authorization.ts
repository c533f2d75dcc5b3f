/** Block C: badges that are unknown, blocked, expired; the cache of a station; groups; the master pass. */
import assert from 'node:assert/strict'
import { BADGE, type Bench, type Block, charge, command, events, FRIEND, kept, MASTER, set, story } from './bench.ts'

/** The badge is held before the reader of a station with a plugged car. Resolves with what the platform said of it. */
async function shown({ house, one }: Bench, idToken: string) {
  one.station.plug(one.car('NOBODY'))
  await house.until('the car was refused', () => one.told('Authorize').length === 1)
  await one.station.swipe({ idToken, type: 'ISO14443' })
  await house.pass(3)
  return one.told('Authorize').at(-1)?.idTokenInfo
}

const refusedAs =
  (idToken: string, status: string) =>
  async (bench: Bench): Promise<void> => {
    assert.equal((await shown(bench, idToken))?.status, status)
    assert.notEqual(bench.one.station.state().flow, 'charging')
  }

/** Two badges of one group: the second ends what the first began. */
async function stopBy(bench: Bench, badge: { idToken: string; type: 'ISO14443' }): Promise<void> {
  await charge(bench)
  await bench.one.station.swipe(badge)
  await bench.house.until('the end', () => events(bench).some(({ eventType }) => eventType === 'Ended'))
}

const master: Block = {
  TC_C_47: [
    'Master pass: it ends the transaction of anybody',
    async (bench) => {
      await set(bench, { 'AuthCtrlr.MasterPassGroupId': 'MASTERS' })
      await stopBy(bench, MASTER)
      assert.ok(story(bench).includes('Ended StopAuthorized MasterPass'))
      const session = await kept(bench)
      assert.equal(session.stoppedReason, 'MasterPass')
      assert.equal(bench.one.told('Authorize').at(-1)?.idTokenInfo.groupIdToken?.idToken, 'MASTERS')
    },
  ],
  TC_C_48: [
    'Master pass without a user interface: every transaction ends with it',
    async (bench) => {
      await set(bench, { 'AuthCtrlr.MasterPassGroupId': 'MASTERS' })
      await stopBy(bench, MASTER)
      assert.equal(bench.one.station.state().transaction, undefined)
      assert.equal((await kept(bench)).stoppedReason, 'MasterPass')
    },
  ],
  TC_C_49: [
    'Master pass: it begins nothing',
    async (bench) => {
      await set(bench, { 'AuthCtrlr.MasterPassGroupId': 'MASTERS' })
      const info = await shown(bench, MASTER.idToken)
      assert.equal(info?.status, 'Accepted')
      assert.equal(info?.groupIdToken?.idToken, 'MASTERS')
      assert.notEqual(bench.one.station.state().flow, 'charging')
    },
  ],
}

export const blockC: Block = {
  TC_C_02: [
    'An invalid badge: it is refused, and waits in the inbox for somebody who knows it',
    async (bench) => {
      await refusedAs('STRANGER01', 'Unknown')(bench)
      const inbox = await bench.house.charging.badges.unknown()
      assert.ok(inbox.some(({ token, station }) => token === 'STRANGER01' && station === bench.one.identity))
    },
  ],
  TC_C_06: ['A blocked badge', refusedAs('BLOCKED01', 'Blocked')],
  TC_C_07: ['An expired badge', refusedAs('EXPIRED01', 'Expired')],
  TC_C_08: [
    'Authorization through the cache: a badge in a TransactionEvent is judged all the same',
    async (bench) => {
      await set(bench, { 'AuthCtrlr.LocalPreAuthorize': 'true' })
      await charge(bench)
      bench.one.station.unplug()
      await bench.house.pass(3)
      const asked = bench.one.said('Authorize').length
      await charge(bench)
      assert.equal(bench.one.said('Authorize').length, asked, 'the station did not ask again')
      const index = events(bench).findLastIndex(({ idToken }) => idToken !== undefined)
      assert.equal(bench.one.told('TransactionEvent')[index]?.idTokenInfo?.status, 'Accepted')
    },
  ],
  TC_C_20: [
    'Authorization through the cache: a badge that was taken back meanwhile ends the transaction',
    async (bench) => {
      const { house, one } = bench
      await set(bench, { 'AuthCtrlr.LocalPreAuthorize': 'true' })
      await charge(bench)
      one.station.unplug()
      await house.pass(3)
      await house.charging.registerToken({ token: BADGE.idToken, status: 'Blocked' })
      one.station.plug(one.car())
      await house.until('deauthorised', () => story(bench).some((line) => line.endsWith('DeAuthorized')))
      assert.equal((await kept(bench)).stoppedReason, 'DeAuthorized')
      await house.charging.registerToken({ token: BADGE.idToken, group: 'FAMILY' })
    },
  ],
  TC_C_37: [
    'Clear the cache: accepted',
    async (bench) => {
      await set(bench, { 'AuthCtrlr.LocalPreAuthorize': 'true' })
      await charge(bench)
      bench.one.station.unplug()
      await bench.house.pass(3)
      assert.equal((await command(bench, 'ClearCache')).status, 'Accepted')
      const asked = bench.one.said('Authorize').length
      await charge(bench)
      assert.equal(bench.one.said('Authorize').length, asked + 1, 'the station asks anew')
    },
  ],
  TC_C_38: [
    'Clear the cache: rejected',
    async (bench) => {
      bench.one.instead.ClearCache = () => ({ status: 'Rejected' })
      assert.equal((await command(bench, 'ClearCache')).status, 'Rejected')
    },
  ],
  TC_C_39: [
    'Two badges of one group: both are told the group, the second ends what the first began',
    async (bench) => {
      await command(bench, 'ClearCache')
      await stopBy(bench, FRIEND)
      const groups = bench.one.told('Authorize').map(({ idTokenInfo }) => idTokenInfo.groupIdToken?.idToken)
      assert.deepEqual(groups, ['FAMILY', 'FAMILY'])
      assert.ok(story(bench).includes('Ended StopAuthorized Local'))
    },
  ],
  ...master,
}
