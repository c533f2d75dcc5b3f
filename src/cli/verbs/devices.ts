import { setTimeout as wait } from 'node:timers/promises'
import type { DeviceStatus, OrderView } from '#community'
import { isProblem, Problem } from '#kernel'
import { connectInstance, type Instance } from '../instance.ts'
import { EXIT, type Verb } from '../verb.ts'
import { table } from './charging.ts'

const DEVICES = '/api/cariflex/v1/community/devices'
const URL_OPTION = { url: { type: 'string' } } as const
const URL_EXPLAINED = { url: 'the running instance; CARIFLEX_URL, else what is configured here, when not given' }
/** Seconds of waiting when nobody says: three tries take 25. */
const PATIENCE = 60
const LOOK_EVERY = 200
/** What the formats of the community promise beside the usual exit codes. */
const FAILED = 3
const REFUSED = 4

const instanceOf = (env: NodeJS.ProcessEnv, url: unknown): Instance =>
  connectInstance(url === undefined ? env : { ...env, CARIFLEX_URL: String(url) })
const statusOf = async (instance: Instance, id?: string) =>
  (await instance.get<{ data: DeviceStatus[] }>(`${DEVICES}/status${id === undefined ? '' : `?id=${encodeURIComponent(id)}`}`)).data

export const devicesOrder: Verb = {
  name: 'devices order',
  summary: `Switches a device of the community by hand and waits: exit code 0 acknowledged, ${FAILED} failed after its retries, ${REFUSED} refused.`,
  usage: `ID on|off [--timeout ${PATIENCE}] [--url http://127.0.0.1:5000]`,
  example: 'cariflex devices order A101 on',
  options: { ...URL_OPTION, timeout: { type: 'string' } },
  explain: { ...URL_EXPLAINED, timeout: `seconds to wait for the device, ${PATIENCE} when not given` },
  async run({ words: [id, order, ...more], options: { url, timeout }, env, show }) {
    if (id === undefined || (order !== 'on' && order !== 'off') || more.length > 0)
      throw new Problem('usage', 'Say which device, and on or off.', { hint: 'For example: cariflex devices order A101 on' })
    const seconds = timeout === undefined ? PATIENCE : Number(timeout)
    if (!(seconds > 0)) throw new Problem('usage', `--timeout must be a number of seconds above zero, not '${timeout}'.`)
    const instance = instanceOf(env, url)
    const { state, tries, ackMs, reason } = await ended(instance, id, await given(instance, id, order), seconds)
    show(
      { id, order, state, tries, ackMs, reason },
      () => `${id} ${order}: ${state} after ${tries} tries${ackMs === null ? '' : `, ${ackMs} ms`}.${reason === null ? '' : ` ${reason}`}`,
    )
    return state === 'acknowledged' ? EXIT.ok : state === 'refused' ? REFUSED : FAILED
  },
}

type Outcome = Omit<OrderView, 'uuid'> & { uuid: string | null }

/** An id that names no device is refused as well. */
async function given(instance: Instance, id: string, order: 'on' | 'off'): Promise<Outcome> {
  try {
    return (await instance.send<{ data: OrderView }>('POST', `${DEVICES}/${encodeURIComponent(id)}/orders`, { order })).data
  } catch (error) {
    const isUnknown = isProblem(error) && (error.code === 'unknown-device' || error.status === 422)
    if (!isUnknown) throw error
    return { uuid: null, id, order, state: 'refused', tries: 0, ackMs: null, reason: error.message }
  }
}

/** The order once it ended; one that goes on for longer than `seconds` has failed for whoever waits. */
async function ended(instance: Instance, id: string, first: Outcome, seconds: number): Promise<Outcome> {
  let order = first
  for (let left = seconds * 1000; order.state === 'waiting' || order.state === 'sent'; left -= LOOK_EVERY) {
    if (left <= 0) return { ...order, state: 'failed', reason: `The device did not answer within ${seconds} s.` }
    await wait(Math.min(LOOK_EVERY, left))
    const last = (await statusOf(instance, id))[0]?.lastOrder
    if (last?.uuid !== first.uuid) return { ...order, state: 'failed', reason: 'A newer order took its place.' }
    order = last
  }
  return order
}

export const devicesStatus: Verb = {
  name: 'devices status',
  summary: 'How the devices of the community are, and the last order of each.',
  usage: '[ID] [--url http://127.0.0.1:5000]',
  example: 'cariflex devices status A101',
  options: URL_OPTION,
  explain: URL_EXPLAINED,
  async run({ words: [id], options: { url }, env, show }) {
    const devices = await statusOf(instanceOf(env, url), id)
    show(devices, () =>
      table(
        devices.map(({ lastOrder, ...one }) => ({ ...one, lastOrder: lastOrder && `${lastOrder.order}: ${lastOrder.state}` })),
        ['id', 'online', 'relay', 'powerW', 'energyWh', 'control', 'command', 'lastSeen', 'lastOrder'],
      ),
    )
    return EXIT.ok
  },
}
