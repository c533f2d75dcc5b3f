import { Problem } from '#kernel'
import { CONFIG_OPTIONS, CONFIG_WORDS, configOf } from '../configured.ts'
import { connectInstance } from '../instance.ts'
import { table } from '../terminal.ts'
import type { Verb } from '../verb.ts'

interface Listed {
  id: number
  name: string
  assetName: string
  words: string
  next: string | null
  last: { due: string; status: string | null } | null
}

export const automationRun: Verb = {
  name: 'automation run',
  summary: 'Runs an automation of a running instance now, also one that rests; without a number lists them.',
  usage: '[NUMBER] [--json]',
  example: 'cariflex automation run 3',
  options: { config: CONFIG_OPTIONS.config, data: CONFIG_OPTIONS.data },
  explain: { config: CONFIG_WORDS.config, data: CONFIG_WORDS.data },
  async run({ options, words: [number], env, show }) {
    const instance = connectInstance(env, { config: configOf({ options, env }).config })
    if (number === undefined) {
      const { data } = await instance.get<{ data: Listed[] }>('/api/cariflex/v1/automations?limit=500')
      show(data, () => (data.length === 0 ? 'There are no automations.' : table([HEAD, ...data.map(row)])))
      return undefined
    }
    if (!/^\d+$/.test(number))
      throw new Problem('usage', `'${number}' is no number of an automation.`, { hint: 'See cariflex automation run.' })
    const { data } = await instance.send<{ data: { job: string } }>('POST', `/api/cariflex/v1/automations/${number}/run`, {})
    show(data, () => `Automation ${number} made job ${data.job}.`)
    return undefined
  },
}

const HEAD = ['ID', 'NAME', 'ASSET', 'WHEN', 'NEXT', 'LAST', 'ENDED']
const row = ({ id, name, assetName, words, next, last }: Listed): string[] => [
  ...[String(id), name, assetName, words, next ?? 'rests', last?.due ?? '-', last?.status ?? '-'],
]
