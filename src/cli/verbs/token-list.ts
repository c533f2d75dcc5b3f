import { Problem } from '#kernel'
import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'
import { need, path, table } from './charging.ts'

export const tokenList: Verb = {
  name: 'token list',
  summary: 'Shows your tokens and sessions with their nicknames and last use; with an id, ends one.',
  usage: '[end ID]',
  example: 'cariflex token list',
  async run({ words: [what, id], env, show }) {
    const instance = connectInstance(env)
    if (what === undefined) {
      const { data } = await instance.get<{ data: Record<string, unknown>[] }>(path('tokens'))
      show(data, () => table(data, ['id', 'kind', 'label', 'createdAt', 'lastUsedAt', 'expiresAt', 'own']))
    } else if (what === 'end') {
      const which = need(id, 'which token, by its id')
      await instance.send('DELETE', path('tokens', which))
      show({ ended: which }, () => `${which} opens nothing any more.`)
    } else throw new Problem('usage', `'${what}' is nothing that can be done with a token.`, { hint: "Say 'end' and its id." })
    return undefined
  },
}
