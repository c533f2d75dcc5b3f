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
    answer(_method: string, parts: readonly string[], ask: URLSearchParams, _body: Body): unknown {
      const [room, name = '', third = '', fourth = ''] = parts
      if (room === 'stations') return third === 'ladder' ? ladder(name) : undefined
      if (room === 'sessions') return { said: true, feasible: true, reasons: ['About 3.10 EUR.'] }
      if (room !== 'charging') return undefined
      if (name === 'stations') return survey(ask)
      if (name === 'messages') return dialectOf(`ocpp${third}`)?.schema(fourth, 'request')
      return undefined
    },
  }
}
