import { Problem } from '#kernel'
import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'

interface View {
  version: string
  orders: string
  broker: { open: boolean; fault: string | null }
  heardUntil: string | null
  comparedAt: string | null
  stations: { identity: string; version: string }[]
  strangers: string[]
  drifts: Drift[]
}
interface Drift {
  station: string
  kind: string
  what: string
}
interface Check {
  what: string
  ok: boolean
  detail: string
}

const API = '/api/cariflex/v1/charging/bridge'
const asLines = (drifts: readonly Drift[]) => drifts.map(({ what }) => `  ${what}`)

export const chargingBridge: Verb = {
  name: 'charging bridge',
  summary: 'Shows the bridge to a running CitrineOS; tries every way to it (check); or compares both sides now (reconcile).',
  usage: '[status|check|reconcile]',
  example: 'cariflex charging bridge check',
  async run({ words: [word = 'status'], env, show }) {
    const instance = connectInstance(env)
    if (word === 'status') {
      const { data } = await instance.get<{ data: View }>(API)
      show({ data }, () => statusOf(data))
      return data.broker.open ? undefined : 1
    }
    if (word === 'check') {
      const { data } = await instance.send<{ data: Check[] }>('POST', `${API}/check`)
      show({ data }, () => data.map(({ what, ok, detail }) => `${ok ? 'ok    ' : 'failed'}  ${what.padEnd(9)} ${detail}`).join('\n'))
      return data.every(({ ok }) => ok) ? undefined : 1
    }
    if (word === 'reconcile') {
      const { data } = await instance.send<{ data: Drift[] }>('POST', `${API}/reconcile`)
      show({ data }, () => (data.length === 0 ? 'Both sides agree.' : ['Both sides differ:', ...asLines(data)].join('\n')))
      return data.length === 0 ? undefined : 1
    }
    throw new Problem('usage', `'${word}' is nothing the bridge does.`, { hint: 'Choose one of: status, check, reconcile.' })
  },
}

const statusOf = ({ version, orders, broker, heardUntil, comparedAt, stations, strangers, drifts }: View): string =>
  [
    `CitrineOS ${version}: ${broker.open ? 'connected to its broker' : `its broker is away (${broker.fault})`}; orders: ${orders}.`,
    `Everything its stations said is here until ${heardUntil ?? 'nobody knows when'}; compared ${comparedAt ?? 'not yet'}.`,
    `${stations.length} stations: ${stations.map(({ identity, version: spoken }) => `${identity} (${spoken})`).join(', ') || 'none'}.`,
    ...(strangers.length > 0 ? [`Not ours: ${strangers.join(', ')}. Register them with 'cariflex charging import --citrineos'.`] : []),
    ...(drifts.length > 0 ? ['Both sides differ:', ...asLines(drifts)] : []),
  ].join('\n')
