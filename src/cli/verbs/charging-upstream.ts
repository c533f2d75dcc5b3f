import { Problem } from '#kernel'
import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'

export const chargingUpstream: Verb = {
  name: 'charging upstream',
  summary: 'Connects a charging station to another CSMS as well, through us; or to none any more; or shows which.',
  usage: 'STATION [URL|none] [--password PASSWORD]',
  example: 'cariflex charging upstream CP001 wss://csms.example/ocpp --password its-password-there',
  options: { password: { type: 'string' } },
  explain: { password: 'of the station at the other CSMS; the one before stays unless given' },
  async run({ words: [identity, url], options: { password }, env, show }) {
    if (!identity) throw new Problem('usage', 'Say which station, e.g. CP001.')
    const path = `/api/cariflex/v1/stations/${encodeURIComponent(identity)}/upstream`
    const method = url === undefined ? 'GET' : url === 'none' ? 'DELETE' : 'PUT'
    const { data } = await connectInstance(env).send<{ data: { url: string; connected: boolean; waiting: number } | null }>(
      method,
      path,
      method === 'PUT' ? { url, ...(typeof password === 'string' && { password }) } : undefined,
    )
    show(data, () =>
      data === null
        ? `${identity} has no other CSMS.`
        : `${identity} is ${data.connected ? '' : 'not '}connected to ${data.url}; ${data.waiting} messages wait for it.`,
    )
    return undefined
  },
}
