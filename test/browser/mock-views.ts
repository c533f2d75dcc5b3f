// The invented island as lists of the API: assets with their orders, stations, conversations, alarms.
import { byDevice, chance, local, measured, ordered, type State, soc, things } from './mock-island.ts'

const HOUR = 3_600_000

/** What the API shows of the island now. */
export function viewsOf(state: State) {
  const { plugged } = state
  const power = (device: string) => {
    const value = measured(byDevice(device)!, state.now, state)
    return value === null ? null : Math.round(value * 100) / 100
  }
  const order = (device: string) => {
    const thing = byDevice(device)!
    if (thing.kind !== 'battery' && thing.kind !== 'evse') return null
    if (thing.kind === 'evse' && ![...plugged.values()].includes(device)) return null
    const { powerKw, rung, because } = ordered(thing, state.now, state)
    const silent = state.cut.has(device)
    const luck = chance(device, 'luck')
    const outcome = silent ? 'silent' : luck > 0.92 ? 'clipped' : luck > 0.86 ? 'refused' : 'obeyed'
    const measuredKw = power(device)
    return {
      device,
      asset: thing.asset,
      powerKw: Math.round(powerKw * 10) / 10,
      at: local(state.now - 95_000),
      until: local(Math.ceil(state.now / 900_000) * 900_000),
      because,
      rung,
      receipt: {
        outcome,
        powerKw: measuredKw,
        at: local(state.now - 4_000),
        why: silent
          ? 'Aucune réponse depuis 5 minutes : l’appareil suit son réglage sûr.'
          : outcome === 'clipped'
            ? 'La batterie est presque pleine.'
            : null,
      },
    }
  }
  const assets = () => [
    ...things.map((thing) => ({
      ...thing,
      live: {
        powerKw: thing.kind === 'vehicle' ? null : power(thing.device),
        socKwh: thing.sensors['soc'] === undefined ? null : Math.round(soc(thing, state.now) * 10) / 10,
        at: local(state.now - (state.cut.has(thing.device) ? 700_000 : 3_000)),
        freshness: state.cut.has(thing.device) ? 'silent' : thing.device === 'PV006' ? 'late' : 'fresh',
        controllable: thing.kind !== 'pv' && !state.faults.has(thing.device),
        why: state.faults.has(thing.device) ? 'En panne : le code 17 de l’onduleur demande une visite.' : null,
        plugged:
          thing.kind === 'vehicle'
            ? (plugged.get(thing.device) ?? null)
            : thing.kind === 'evse'
              ? ([...plugged].find(([, station]) => station === thing.device)?.[0] ?? null)
              : null,
        simulated: true,
      },
      order: order(thing.device),
    })),
    ...(
      [
        [50, 'Station météo', 'weather', { irradiance: 81, temperature: 82 }],
        [51, 'Réseau de la Martinique', 'grid', { consumption_price: 84, load_control_signal: 86, demand_response_signal: 87 }],
      ] as const
    ).map(([asset, name, kind, sensors]) => ({
      asset,
      device: null,
      name,
      kind,
      town: 'Le Lamentin',
      latitude: 14.595 + (asset - 50) * 0.03,
      longitude: -60.995,
      sensors,
      nominalKw: null,
      capacityKwh: null,
      live: { powerKw: null, socKwh: null, at: local(state.now - 600_000), freshness: 'fresh', why: null, plugged: null, simulated: true },
      order: null,
    })),
  ]
  const orders = (device: string, from: number) => {
    const thing = byDevice(device)
    if (!thing || (thing.kind !== 'battery' && thing.kind !== 'evse')) return []
    const newest = order(device)
    const old = []
    for (let at = Math.floor(state.now / 900_000) * 900_000 - 900_000; at > from; at -= 900_000) {
      const { powerKw, rung, because } = ordered(thing, at, { ...state, allowedKw: undefined, overrides: new Map() })
      const measuredKw = Math.round(powerKw * 98) / 100
      old.push({
        device,
        asset: thing.asset,
        powerKw: Math.round(powerKw * 10) / 10,
        at: local(at),
        until: local(at + 900_000),
        because,
        rung,
        receipt: { outcome: chance(device, at) > 0.93 ? 'clipped' : 'obeyed', powerKw: measuredKw, at: local(at + 12_000), why: null },
      })
    }
    return newest ? [newest, ...old] : old
  }
  const stations = () =>
    things
      .filter((thing) => thing.kind === 'evse')
      .map((thing) => {
        const car = [...plugged].find(([, station]) => station === thing.device)?.[0]
        const now = order(thing.device)
        return {
          identity: thing.device,
          asset: thing.asset,
          device: thing.device,
          name: `${thing.device} · ${thing.town}`,
          latitude: thing.latitude,
          longitude: thing.longitude,
          online: !state.cut.has(thing.device),
          lastSeen: local(state.now - 9_000),
          version: 'ocpp2.0.1',
          vendor: 'Cariflex',
          model: 'Sim-22',
          firmware: '1.4.2',
          evses: [
            {
              id: 1,
              connectorStatus: state.faults.has(thing.device) ? 'Faulted' : car ? 'Occupied' : 'Available',
              transaction: car
                ? {
                    id: `7c2f-${thing.device}`,
                    startedAt: local(state.now - 3 * HOUR),
                    energyKwh: 18.4,
                    powerKw: power(thing.device),
                    socPercent: Math.round((soc(byDevice(car)!, state.now) / 75) * 100),
                    token: 'MARIE-01',
                    chargingState: (power(thing.device) ?? 0) > 0 ? 'Charging' : 'SuspendedEVSE',
                    vehicle: car,
                  }
                : null,
            },
          ],
          limit: now ? { kw: now.powerKw, rung: now.rung, because: now.because, until: now.until } : null,
        }
      })
  const talk = (identity: string, search: string, before: number) => {
    const lines = Array.from({ length: 80 }, (_, index) => {
      const id = 1000 - index
      const at = local(state.now - index * 21_000 - 2_000)
      const turn = index % 4
      const message = `m${Math.floor(id / 2)}`
      if (turn === 0)
        return {
          id,
          at,
          direction: 'in',
          kind: 'CALL',
          action: 'TransactionEvent',
          message,
          payload: {
            eventType: 'Updated',
            triggerReason: 'MeterValuePeriodic',
            seqNo: id,
            meterValue: [{ sampledValue: [{ measurand: 'Power.Active.Import', value: 6870 }] }],
          },
          took: null,
        }
      if (turn === 1) return { id, at, direction: 'out', kind: 'CALLRESULT', action: 'TransactionEvent', message, payload: {}, took: 3 }
      if (turn === 2)
        return {
          id,
          at,
          direction: 'in',
          kind: 'CALLRESULT',
          action: 'SetChargingProfile',
          message,
          payload: { status: 'Accepted' },
          took: 84,
        }
      return {
        id,
        at,
        direction: 'out',
        kind: 'CALL',
        action: 'SetChargingProfile',
        message,
        payload: {
          evseId: 1,
          chargingProfile: {
            id: 71,
            stackLevel: 3,
            chargingProfilePurpose: 'TxProfile',
            chargingSchedule: [{ chargingRateUnit: 'W', chargingSchedulePeriod: [{ startPeriod: 0, limit: 6900 }] }],
          },
          for: identity,
        },
        took: null,
      }
    })
    return lines.filter((line) => line.id < before && (search === '' || JSON.stringify(line).toLowerCase().includes(search.toLowerCase())))
  }
  const alarms = () => {
    const list = [...state.cut.keys()].map((device) => ({
      id: `silent-${device}`,
      asset: byDevice(device)!.asset,
      code: 'device-silent',
      message: 'Ne répond plus depuis 11 minutes ; réglage sûr en vigueur.',
      since: local(state.now - 660_000),
      active: true,
    }))
    return [
      ...list,
      ...[...state.faults].map((device) => ({
        id: `fault-${device}`,
        asset: byDevice(device)!.asset,
        code: 'device-faulted',
        message: 'Panne signalée par l’appareil (code 17).',
        since: local(state.now - 20_000),
        active: true,
      })),
    ]
  }
  return { power, assets, orders, stations, talk, alarms }
}
