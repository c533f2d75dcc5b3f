// What ties the invented island to others: contracts of cars, a CitrineOS beside it, another CSMS of a station, the tariffs in a station, a broker.
import { local, type State } from './mock-island.ts'

const HOUR = 3_600_000
type Body = Record<string, unknown>

export function linksOf(state: State) {
  const at = (before: number) => local(state.now - before)
  const contracts = new Map<string, Body>()
  const contract = (emaid: string, car: string, more: Body = {}) =>
    contracts.set(emaid, {
      ...{ emaid, car, state: 'waiting', until: at(-17_000 * HOUR), installedAt: null },
      ...{ revokedAt: null, revokedBecause: null, createdAt: at(48 * HOUR), ...more },
    })
  contract('FRCARC000000014', 'VF1AAAAAA00000001', { state: 'installed', installedAt: at(24 * HOUR) })
  contract('FRCARC000000022', 'VF1AAAAAA00000002')
  contract('FRCARC000000030', 'VF1AAAAAA00000003', { state: 'revoked', revokedAt: at(HOUR), revokedBecause: 'Voiture vendue' })
  let upstream: Body | null = {
    ...{ url: 'wss://csms.example/ocpp', connected: false, fault: 'connect ECONNREFUSED 192.0.2.7:443', waiting: 12 },
    ...{ orders: true, badges: 'theirs' },
  }
  let isMended = false

  const bridge = () => ({
    ...{ version: '1.8', orders: 'alternate', broker: { open: true, fault: null }, api: true, database: false },
    ...{ heardUntil: at(4000), comparedAt: at(200_000), strangers: ['QUAI-9'], counts: { taken: 4211, unread: 1, strange: 18 } },
    stations: ['CP001', 'CP004', 'CP006'].map((identity) => ({ identity, version: '1.6', online: identity !== 'CP006' })),
    drifts: [
      {
        station: 'CP004',
        kind: 'profile',
        what: 'CP004 does not hold the limit that was laid on it: 11 kW instead of 6.9 kW.',
      },
    ],
  })
  const differences = () => [
    { station: 'CP001', kind: 'power', what: '22 kW here, 11 kW at CitrineOS', mended: isMended, mendable: true },
    {
      station: 'QUAI-9',
      kind: 'unknown-station',
      what: 'CitrineOS has it, without the power of its connectors',
      mended: false,
      mendable: false,
    },
  ]
  const table = (isTrial: boolean) => [
    { line: 2, what: 'CP050', outcome: 'made' },
    { line: 3, what: 'CP001', outcome: 'known' },
    {
      line: 4,
      what: 'CP051',
      outcome: 'refused',
      why: `power_kw must be a number from 0.1 to 2000; it is '${isTrial ? 'much' : 'more'}'.`,
    },
  ]

  function ofContracts(method: string, name: string | undefined, more: string | undefined, body: Body): unknown {
    if (name === 'trial' && more === 'cars')
      return ['iso2', 'iso20'].map((version) => ({ version, certificate: `-----BEGIN CERTIFICATE-----\n${version}\n`, key: 'KEY\n' }))
    if (more === 'revocation') {
      const one = contracts.get(name!)
      contracts.set(name!, { ...one, state: 'revoked', revokedAt: at(0), revokedBecause: body['because'] })
    } else if (method === 'POST') contract(`${body['emaid']}9`, String(body['car']))
    return { pool: { place: 'own', roots: ['CN=Cariflex MO Root, O=Cariflex'] }, contracts: [...contracts.values()] }
  }

  function ofStation(method: string, what: string | undefined, more: string | undefined, body: Body): unknown {
    if (what === 'tariffs' && more === 'ask')
      return { status: 'Accepted', tariffAssignments: [{ tariffId: 'ISLAND-1', tariffKind: 'DefaultTariff', evseIds: [1] }] }
    if (what === 'tariffs') {
      const held = { evse: 0, tariff: 'ISLAND', sentAs: 'ISLAND-1', way: 'tariff', at: at(HOUR) }
      const reason = 'The station refused it.'
      return [
        { ...held, status: 'Accepted', reason: null },
        { ...held, evse: 1, sentAs: 'ISLAND-2', status: 'TooManyElements', reason },
      ]
    }
    if (what !== 'upstream') return undefined
    if (method === 'PUT') upstream = { connected: true, waiting: 0, url: body['url'], orders: body['orders'], badges: body['badges'] }
    if (method === 'DELETE') upstream = null
    return upstream
  }

  /** Undefined: not of this room. */
  return function answer(method: string, parts: string[], ask: URLSearchParams, body: Body): unknown {
    const [room, name, third, fourth] = parts
    if (room === 'stations') return ofStation(method, third, fourth, body)
    if (room === 'mqtt')
      return { url: 'mqtt://broker.example:1883', prefix: 'cariflex', events: ['*'], connected: true, waiting: 2, error: null }
    if (room !== 'charging') return undefined
    if (name === 'contracts') return ofContracts(method, third, fourth, body)
    if (name === 'bridge' && third === 'check')
      return [
        { what: 'broker', ok: true, detail: "exchange 'citrineos'" },
        { what: 'api', ok: false, detail: 'connect ECONNREFUSED 127.0.0.1:8080' },
      ]
    if (name === 'bridge') return third === 'reconcile' ? bridge().drifts : bridge()
    if (name === 'import') return table(ask.get('dryRun') === 'true')
    if (name !== 'sync') return undefined
    isMended ||= body['mend'] === true
    return { stations: 12, assets: 12, citrineos: 4, differences: differences() }
  }
}
