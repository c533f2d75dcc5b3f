import { Problem } from '#kernel'
import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'
import { need, path, table } from './charging.ts'

interface Shown {
  tariff: { id: string; currency: string }
  said: { en: string }
}
type Held = Record<string, unknown>

export const chargingTariffs: Verb = {
  name: 'charging tariffs',
  summary:
    'Shows the tariffs; with a station what was laid on it and what it refused; lays them anew, asks the station what it holds, takes them from it; or gives a running session another one.',
  usage: '[STATION [lay|ask|clear | session TRANSACTION TARIFF]]',
  example: 'cariflex charging tariffs CP001 ask',
  async run({ words: [station, what, transaction, tariff], env, show }) {
    const instance = connectInstance(env)
    if (station === undefined) {
      const { data } = await instance.get<{ data: Shown[] }>(path('tariffs'))
      show(data, () =>
        table(
          data.map(({ tariff: { id, currency }, said }) => ({ id, currency, said: said.en })),
          ['id', 'currency', 'said'],
        ),
      )
      return undefined
    }
    const at = path('stations', station, 'tariffs')
    if (what === undefined || what === 'lay') {
      const { data } = await (what === undefined
        ? instance.get<{ data: Held[] }>(at)
        : instance.send<{ data: Held[] }>('POST', `${at}/lay`))
      show(data, () => table(data, ['evse', 'tariff', 'way', 'status', 'at', 'reason']))
    } else if (what === 'ask' || what === 'clear') {
      const answer = await (what === 'ask'
        ? instance.send<{ data: unknown }>('POST', `${at}/ask`)
        : instance.send<{ data: unknown }>('DELETE', at))
      show(answer, () => JSON.stringify(answer.data))
    } else if (what === 'session') {
      const { data } = await instance.send<{ data: { tariff: string; total: string | null } }>(
        'PUT',
        path('stations', station, 'transactions', need(transaction, 'which session'), 'tariff'),
        { tariff: need(tariff, 'which tariff') },
      )
      show(data, () => `From now on by ${data.tariff}; ${data.total ?? 'nothing'} until now.`)
    } else throw new Problem('usage', `'${what}' is none of lay, ask, clear, session.`)
    return undefined
  },
}
