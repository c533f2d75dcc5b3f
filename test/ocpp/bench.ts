/** What the cases of the acceptance suite share: one platform, one strict station at work, and the words to drive both. */
import assert from 'node:assert/strict'
import { isProblem } from '#kernel'
import { CallError, type Payload } from '#protocols/ocpp'
import type { OcppHouse, Subject } from './house.ts'

export interface Bench {
  house: OcppHouse
  /** At work, free, with the factory's settings. */
  one: Subject
}

/** `[title, what happens]`; a text is the name of the room whose unfinished work it waits for. */
export type Case = readonly [title: string, run: (bench: Bench) => Promise<void>] | readonly [title: string, waitsFor: string]
export type Block = Record<string, Case>

export const BADGE = { idToken: 'CARIFLEX001', type: 'ISO14443' } as const
export const FRIEND = { idToken: 'CARIFLEX002', type: 'ISO14443' } as const
export const MASTER = { idToken: 'MASTER01', type: 'ISO14443' } as const

/** Badges that every case may use. */
export async function registerBadges({ charging }: OcppHouse): Promise<void> {
  await charging.registerToken({ token: BADGE.idToken, group: 'FAMILY' })
  await charging.registerToken({ token: FRIEND.idToken, group: 'FAMILY' })
  await charging.registerToken({ token: MASTER.idToken, group: 'MASTERS', master: true })
  await charging.registerToken({ token: 'BLOCKED01', status: 'Blocked' })
  await charging.registerToken({ token: 'EXPIRED01', validUntil: 1_000_000_000_000 as never })
}

/** Variables by 'Component.Variable'; set through the platform, each must be taken. */
export async function set({ house, one }: Bench, values: Record<string, string>): Promise<void> {
  const data = Object.entries(values).map(([path, attributeValue]) => {
    const [component = '', variable = ''] = path.split('.')
    return { component: { name: component }, variable: { name: variable }, attributeValue }
  })
  const results = await house.charging.blocks.variables.set(house.charging.station(one.identity), data)
  for (const { attributeStatus, variable } of results) assert.equal(attributeStatus, 'Accepted', variable.name)
}

const FACTORY = {
  'TxCtrlr.TxStartPoint': 'EVConnected,Authorized',
  'TxCtrlr.TxStopPoint': 'EVConnected,Authorized',
  'TxCtrlr.StopTxOnEVSideDisconnect': 'true',
  'TxCtrlr.EVConnectionTimeOut': '60',
  'AuthCtrlr.AuthorizeRemoteStart': 'false',
  'AuthCtrlr.LocalPreAuthorize': 'false',
  'AuthCtrlr.MasterPassGroupId': '',
  'AlignedDataCtrlr.Interval': '0',
  'AlignedDataCtrlr.TxEndedMeasurands': '',
  'AlignedDataCtrlr.SignReadings': 'false',
  'SampledDataCtrlr.SignReadings': 'false',
  'SampledDataCtrlr.TxUpdatedInterval': '600',
}

/** Leaves the station as it was found. */
export async function tidy(bench: Bench): Promise<void> {
  const { house, one } = bench
  one.instead = {}
  if (one.station.state().registration !== 'Accepted')
    await house.until('it is back', () => one.station.state().registration === 'Accepted')
  one.station.unplug()
  one.station.park(false)
  await house.until('it is free', () => one.station.state().transaction === undefined && one.station.state().waitingEvents === 0)
  const model = house.charging.station(one.identity).model
  const changed = Object.entries(FACTORY).filter(([path, value]) => {
    const known = model.get(`${path.replace('.', '/')}#actual`.toLowerCase())
    return known !== undefined && known.value !== value
  })
  if (changed.length > 0) await set(bench, Object.fromEntries(changed))
  one.frames.length = 0
}

export const stationOf = ({ house, one }: Bench) => house.charging.station(one.identity)

export const events = ({ one }: Bench) => one.said('TransactionEvent')

/** The session of the newest transaction that the station told of, as the platform keeps it. */
export async function kept(bench: Bench) {
  const id = events(bench).at(-1)?.transactionInfo.transactionId
  assert.ok(id, 'the station told of a transaction')
  return bench.house.charging.archive.session(bench.one.identity, id)
}

/** The listed transaction on EVSE 1, as screens see it. */
export const shown = ({ house, one }: Bench) =>
  house.charging
    .stations()
    .find(({ identity }) => identity === one.identity)
    ?.evses.find(({ id }) => id === 1)

/** A car is plugged and charges, its badge is accepted. */
export async function charge(bench: Bench, token?: string): Promise<string> {
  const { house, one } = bench
  one.station.plug(one.car(token))
  await house.until('it charges', () => one.station.state().flow === 'charging' && one.station.state().waitingEvents === 0)
  return one.station.state().transaction!
}

/** The events up to now in few words: 'Started CablePluggedIn EVConnected'. */
export const story = (bench: Bench) =>
  events(bench).map(({ eventType, triggerReason, transactionInfo: { chargingState, stoppedReason } }) =>
    [eventType, triggerReason, stoppedReason ?? chargingState].join(' '),
  )

export const quits = (code: string) => (error: unknown) => (isProblem(error) || error instanceof CallError) && error.code === code

export const command = ({ house, one }: Bench, action: string, payload: Payload = {}) => house.charging.call(one.identity, action, payload)

/** The newest command of an action as the list keeps it, once its effect is there. */
export async function effect(bench: Bench, action: string) {
  const { house, one } = bench
  const find = async () =>
    (await house.charging.blocks.commands.list(one.identity, { limit: 20 }, 'UTC')).find((each) => each.action === action)
  await house.until(`the effect of ${action}`, async () => (await find())?.effect != null)
  return (await find())!
}
