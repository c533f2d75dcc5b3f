import { Problem } from '#kernel'
import { connectInstance, type Instance } from '../instance.ts'
import { table } from '../terminal.ts'
import type { Verb } from '../verb.ts'

const API = '/api/cariflex/v1/charging/contracts'

interface Contract {
  emaid: string
  car: string
  state: string
  until: string
  installedAt: string | null
}
interface Asked {
  instance: Instance
  words: string[]
  until: string | undefined
  show(value: unknown, text: () => string): void
}

const need = (value: string | undefined, what: string): string => {
  if (value) return value
  throw new Problem('usage', `Say ${what}.`, { hint: 'cariflex charging contracts --help shows examples.' })
}
const at = (emaid: string | undefined) => `${API}/${encodeURIComponent(need(emaid, 'which contract, by its eMAID'))}`

const DEEDS: Record<string, (asked: Asked) => Promise<void>> = {
  async list({ instance, show }) {
    const { data } = await instance.get<{ data: { pool: { place: string } | null; contracts: Contract[] } }>(API)
    const pool = data.pool === null ? 'No pool is set up.' : `Cars get their contracts from: ${data.pool.place}`
    show(data, () =>
      data.contracts.length === 0
        ? `${pool}\nThere are no contracts.`
        : `${pool}\n${table([
            ['EMAID', 'CAR', 'STATE', 'UNTIL', 'INSTALLED'],
            ...data.contracts.map(({ emaid, car, state, until, installedAt }) => [emaid, car, state, until, installedAt ?? '']),
          ])}`,
    )
  },
  async trial({ instance, show }) {
    const { data } = await instance.send<{ data: { roots: string[] } }>('POST', `${API}/trial`, {})
    show(data, () => data.roots.join('').trimEnd())
  },
  async car({ instance, words: [car], show }) {
    const body = { car: need(car, 'which car, by its PCID, e.g. WP0ZZZTRIAL000001') }
    const { data } = await instance.send<{ data: { version: string; certificate: string; key: string }[] }>(
      'POST',
      `${API}/trial/cars`,
      body,
    )
    show(data, () =>
      data
        .map(({ version, certificate, key }) => `# ${version}\n${certificate}${key}`)
        .join('')
        .trimEnd(),
    )
  },
  async add({ instance, words: [emaid, car], until, show }) {
    const body = { emaid: need(emaid, 'which eMAID'), car: need(car, 'for which car, by its PCID'), ...(until !== undefined && { until }) }
    const { data } = await instance.send<{ data: Contract }>('POST', API, body)
    show(data, () => `${data.emaid} waits for ${data.car} until ${data.until}.`)
  },
  async show({ instance, words: [emaid], show }) {
    const { data } = await instance.get<{
      data: Contract & { certificates: { fingerprint: string; until: string; revokedAt: string | null }[] }
    }>(at(emaid))
    show(data, () =>
      [
        `${data.emaid} of ${data.car}: ${data.state}, until ${data.until}`,
        ...data.certificates.map(
          ({ fingerprint, until, revokedAt }) => `  ${fingerprint} ${revokedAt === null ? `until ${until}` : 'revoked'}`,
        ),
      ].join('\n'),
    )
  },
  async revoke({ instance, words: [emaid, ...because], show }) {
    const { data } = await instance.send<{ data: Contract }>('POST', `${at(emaid)}/revocation`, { because: need(because.join(' '), 'why') })
    show(data, () => `${data.emaid} pays no more.`)
  },
}

export const chargingContracts: Verb = {
  name: 'charging contracts',
  summary: 'Contracts that cars pay by (Plug & Charge): list, add, show, revoke; an authority and cars for trials.',
  usage: '[list | trial | car PCID | add EMAID PCID [--until TIME] | show EMAID | revoke EMAID WHY]',
  example: 'cariflex charging contracts add FR-CAR-C00000001 WP0ZZZTRIAL000001',
  options: { until: { type: 'string' } },
  explain: { until: 'when the contract ends, e.g. 2028-01-01T00:00:00Z; two years from now unless given' },
  async run({ words: [deed = 'list', ...words], options: { until }, env, show }) {
    const work = DEEDS[deed]
    if (!work) throw new Problem('usage', `'${deed}' is not known.`, { hint: `One of: ${Object.keys(DEEDS).join(', ')}.` })
    await work({ instance: connectInstance(env), words, until: until as string | undefined, show })
    return undefined
  },
}
