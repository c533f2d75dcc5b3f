// Many stations of the invented island: found and counted, firmware in waves, what their models take.
import { dialectOf } from '#protocols/ocpp'
import { local, type State } from './mock-island.ts'

type Body = Record<string, unknown>
type Listed = Body & { identity: string; name: string; online: boolean; latitude: number; longitude: number; evses: Body[] }
const HOUR = 3_600_000

const standingOf = ({ online, evses }: Listed) =>
  !online
    ? 'offline'
    : evses.some((evse) => evse['connectorStatus'] === 'Faulted')
      ? 'fault'
      : evses.some((evse) => evse['transaction'])
        ? 'busy'
        : 'free'

export function fleetOf(state: State, stations: () => Listed[]) {
  function survey(ask: URLSearchParams) {
    const words = (ask.get('search') ?? '').toLowerCase()
    const found = stations().filter((one) => one.name.toLowerCase().includes(words))
    const counts = { parked: 0, offline: 0, fault: 0, busy: 0, free: 0 }
    for (const one of found) counts[standingOf(one)]++
    const standing = ask.get('standing')
    const shown = found.filter((one) => standing === null || standingOf(one) === standing)
    const [offset, limit] = [Number(ask.get('offset') ?? 0), Number(ask.get('limit') ?? 50)]
    return {
      stations: shown.slice(offset, offset + limit).map((one, index) => ({ ...one, alarm: index === 1 })),
      total: shown.length,
      counts,
      models: ['Sim-11', 'Sim-22'],
      ...(ask.get('places')
        ? {
            places: shown.map((one) => ({
              identity: one.identity,
              standing: standingOf(one),
              latitude: one.latitude,
              longitude: one.longitude,
            })),
          }
        : {}),
    }
  }
  const ladder = (identity: string) => ({
    ...{ evse: 1, binds: 'order', measuredKw: 6.87, measuredAt: local(state.now - 12_000), plugged: true },
    steps: [
      { what: 'order', kw: 6.9, rung: 'plan', because: 'Fills up to its floor.', until: local(state.now + HOUR) },
      { what: 'laid', kw: 6.9, until: local(state.now + HOUR) },
      { what: 'station', kw: identity === 'CP004' ? 22 : 11 },
      { what: 'cable', kw: 13.8 },
    ],
    limits: [
      {
        ...{ id: 'limit-9', asset: 1, rung: 'grid', from: local(state.now), until: local(state.now + HOUR), maxKw: 40, minKw: null },
        ...{
          scope: 'flexible-consumption',
          origin: 'sensor 86',
          because: 'Demand response level 2 until 19:00: at most 40 kW of consumption.',
          ofSite: true,
        },
      },
    ],
  })
  const models = [
    {
      ...{ station: 'CP004', count: 8, online: 7, firmware: ['1.4.1', '1.4.2'], vendor: 'Cariflex', model: 'Sim-22', protocol: '2.0.1' },
      card: { units: ['W', 'A'], maxPeriods: 24, phaseSwitching: false, step: 0.1, minCurrent: 6, negative: true, dynamic: false },
      ...{ learned: { form: 'default W', deaf: ['tx W'], clearFirst: true }, said: { maxPeriods: 24 } },
      quirks: ['broken-json', 'empties', 'foreign-keys'],
    },
    {
      ...{ station: 'CP009', count: 2, online: 2, firmware: ['0.9'], vendor: 'Autre', model: 'AC-11', protocol: '1.6' },
      card: { units: ['A'], maxPeriods: 1, phaseSwitching: false, step: 1, minCurrent: 6, negative: false, dynamic: false },
      ...{ learned: {}, said: {}, quirks: [] },
    },
  ]
  const line = (station: string, wave: number, now: string, status: string | null, said: string | null = null) => ({
    ...{ station, wave, state: now, status, requestId: 1, tries: 1, said, changedAt: local(state.now - HOUR) },
  })
  const campaigns = new Map<number, Body & { stations: ReturnType<typeof line>[] }>()
  const begin = (body: Body, stations: ReturnType<typeof line>[], now = 'running') => {
    const id = campaigns.size + 1
    const campaign = {
      ...{ id, state: now, wave: 1, waves: 3, startsAt: local(state.now - HOUR), mostFailures: 1, by: 'ana@example.org' },
      ...{ askedAt: local(state.now - HOUR), ...body, stations },
    }
    campaigns.set(id, campaign)
    return campaign
  }
  begin(
    { name: 'Automne 2026', firmware: { file: 3 } },
    [
      line('CP001', 0, 'done', 'Installed'),
      line('CP002', 1, 'failed', 'DownloadFailed', 'DownloadFailed'),
      line('CP003', 1, 'sent', 'Downloading'),
      line('CP004', 2, 'waiting', null),
    ],
    'stopped',
  )
  const shown = (campaign: Body & { stations: { state: string }[] }) => ({
    ...campaign,
    counts: Object.fromEntries(
      ['waiting', 'sent', 'done', 'failed'].map((one) => [one, campaign.stations.filter(({ state }) => state === one).length]),
    ),
  })
  function firmware(method: string, id: string, act: string, body: Body): unknown {
    if (id === '' && method === 'POST')
      return shown(
        begin(
          body,
          ((body['stations'] as string[]) ?? ['CP001']).map((one) => line(one, 0, 'waiting', null)),
        ),
      )
    if (id === '') return [...campaigns.values()].map(shown)
    const campaign = campaigns.get(Number(id))
    if (!campaign) return undefined
    if (act !== '') campaign['state'] = act === 'stop' ? 'stopped' : 'running'
    if (act === 'retry')
      for (const one of campaign.stations) if (one.state === 'failed') Object.assign(one, { state: 'waiting', said: null })
    return shown(campaign)
  }
  const guests: string[] = []
  /** The stations of the world, as they see themselves. */
  const simulated = () =>
    [...stations().map(({ identity }) => identity), ...guests].map((id) => {
      const known = stations().find(({ identity }) => identity === id)
      const going = known?.evses[0]?.['transaction'] as Body | null | undefined
      return {
        ...{ id, version: known ? '2.0.1' : '1.6', phases: known ? 3 : 1, nominalKw: known ? 22 : 7.4, guest: !known },
        ...{ connected: known?.online ?? true, fault: state.faults.has(id), plugged: going?.['vehicle'] ?? null },
        ...{ connector: going ? 'Occupied' : 'Available', powerKw: going ? 6.9 : 0, limitKw: 6.9, session: Boolean(going) },
      }
    })
  return {
    simulated,
    invite: (id: string) => void guests.push(id),
    /** Undefined: not of this room. */
    answer(method: string, parts: readonly string[], ask: URLSearchParams, body: Body): unknown {
      const [room, name = '', third = '', fourth = ''] = parts
      if (room === 'stations') return third === 'ladder' ? ladder(name) : undefined
      if (room === 'sessions') return { said: true, feasible: true, reasons: ['About 3.10 EUR.'] }
      if (room !== 'charging') return undefined
      if (name === 'stations') return survey(ask)
      if (name === 'models') return models
      if (name === 'files')
        return [
          {
            id: 3,
            name: 'station-2.1.bin',
            direction: 'to-station',
            station: null,
            size: 12,
            madeAt: local(state.now),
            expiresAt: local(state.now),
          },
        ]
      if (name === 'firmware-campaigns') return firmware(method, third, fourth, body)
      if (name === 'messages') return dialectOf(`ocpp${third}`)?.schema(fourth, 'request')
      return undefined
    },
  }
}
