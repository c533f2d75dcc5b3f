import { Problem } from '#kernel'
import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'

interface Upstream {
  url: string
  connected: boolean
  fault?: string
  waiting: number
  orders: boolean
  badges: 'theirs' | 'ours'
}

export const chargingUpstream: Verb = {
  name: 'charging upstream',
  summary: 'Connects a charging station to another CSMS as well, through us; or to none any more; or shows which.',
  usage: 'STATION [URL|none] [--password PASSWORD] [--orders yes|no] [--badges theirs|ours]',
  example: 'cariflex charging upstream CP001 wss://csms.example/ocpp --password its-password-there',
  options: { password: { type: 'string' }, orders: { type: 'string' }, badges: { type: 'string' } },
  explain: {
    password: 'of the station at the other CSMS; the one before stays unless given',
    orders: 'whether its orders (start, stop, reset, unlock, settings) reach the station; yes at first',
    badges: 'whose word counts for badges; theirs at first',
  },
  async run({ words: [identity, url], options: { password, orders, badges }, env, show }) {
    if (!identity) throw new Problem('usage', 'Say which station, e.g. CP001.')
    if (orders !== undefined && orders !== 'yes' && orders !== 'no') throw new Problem('usage', "Say '--orders yes' or '--orders no'.")
    const path = `/api/cariflex/v1/stations/${encodeURIComponent(identity)}/upstream`
    const method = url === undefined ? 'GET' : url === 'none' ? 'DELETE' : 'PUT'
    const { data } = await connectInstance(env).send<{ data: Upstream | null }>(
      method,
      path,
      method === 'PUT' ? { url, password, badges, ...(orders !== undefined && { orders: orders === 'yes' }) } : undefined,
    )
    show(data, () =>
      data === null
        ? `${identity} has no other CSMS.`
        : [
            `${identity} is ${data.connected ? '' : 'not '}connected to ${data.url}; ${data.waiting} messages wait for it.`,
            `Its orders ${data.orders ? 'reach' : 'do not reach'} the station; ${data.badges === 'ours' ? 'our' : 'its'} word counts for badges.`,
            ...(data.fault === undefined ? [] : [data.fault]),
          ].join('\n'),
    )
    return undefined
  },
}
