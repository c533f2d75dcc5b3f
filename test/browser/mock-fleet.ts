// Many stations of the invented island: found and counted, firmware in waves, what their models take.
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
  return {
    answer(_method: string, parts: readonly string[], ask: URLSearchParams, _body: Body): unknown {
      const [, name] = parts
      if (name === 'stations') return survey(ask)
      return undefined
    },
  }
}
