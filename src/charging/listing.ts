/** The stations as the screen shows them (GET /api/cariflex/v1/stations). */
import { formatInstant } from '#kernel'
import type { Charger } from './charger.ts'
import { powerOf } from './order.ts'
import { type Plugged, pluggedAt, type Station } from './station.ts'
import { energyOf } from './transaction.ts'

export interface ListedTransaction {
  id: string
  startedAt: string
  energyKwh: number
  exportedKwh: number
  powerKw: number | null
  socPercent: number | null
  token: string | null
  tokenStatus: string | null
  chargingState: string | null
  /** Device id of the plugged car. */
  vehicle: string | null
  /** What was odd about it: offline, orphan, meter-went-back, sequence-reused. */
  flags: string[]
}

export interface ListedStation {
  identity: string
  asset: number | null
  device: string | null
  name: string
  state: 'registered' | 'parked'
  boot: string | null
  online: boolean
  lastSeen: string | null
  version: string | null
  vendor: string | null
  model: string | null
  firmware: string | null
  evses: { id: number; connectorStatus: string | null; transaction: ListedTransaction | null }[]
  /** How it does not keep what it was told, while it does not. */
  disobedience: string | null
  limit: { kw: number; rung: string; because: string; until: string } | null
}

export function listStation(station: Station, charger: Charger | undefined, zone: string): ListedStation {
  const { record, session, lastSeen } = station
  const seen = lastSeen ?? record.lastSeen
  const connectors = [...station.connectors.values()]
  const ids = new Set([
    record.evse,
    ...connectors.map(({ evse }) => evse),
    ...[...station.open.values()].flatMap(({ transaction }) => transaction.evse ?? []),
  ])
  return {
    identity: record.identity,
    asset: record.asset ?? null,
    device: record.device ?? null,
    name: record.name ?? record.identity,
    state: record.state,
    boot: record.boot ?? null,
    online: session !== undefined,
    lastSeen: seen === undefined ? null : formatInstant(seen, zone),
    version: session?.wire.version ?? (record.protocol === undefined ? null : `ocpp${record.protocol}`),
    vendor: record.vendor ?? null,
    model: record.model ?? null,
    firmware: record.firmware ?? null,
    evses: [...ids]
      .sort((a, b) => a - b)
      .map((id) => {
        const plugged = pluggedAt(station, id)
        const statuses = connectors.filter(({ evse }) => evse === id).map(({ status }) => status)
        const status = statuses.find((one) => one !== 'Available' && one !== 'Unavailable') ?? statuses[0]
        return { id, connectorStatus: status ?? null, transaction: plugged ? listTransaction(plugged, zone) : null }
      }),
    disobedience: charger?.disobedience() ?? null,
    limit: listLimit(charger, zone),
  }
}

function listTransaction({ transaction, sample, soc, vehicle }: Plugged, zone: string): ListedTransaction {
  const kilo = (value: number) => Math.round(value) / 1000
  const { token } = transaction
  return {
    id: transaction.id,
    startedAt: formatInstant(transaction.startedAt ?? transaction.firstAt, zone),
    energyKwh: kilo(energyOf(transaction.imported)),
    exportedKwh: kilo(energyOf(transaction.exported)),
    powerKw: sample?.power === undefined ? null : kilo(sample.power),
    socPercent: soc?.percent ?? null,
    token: token === undefined ? null : token.length > 4 ? `…${token.slice(-4)}` : token,
    tokenStatus: transaction.tokenStatus ?? null,
    chargingState: transaction.chargingState ?? null,
    vehicle: vehicle?.device ?? null,
    flags: transaction.flags,
  }
}

function listLimit(charger: Charger | undefined, zone: string): ListedStation['limit'] {
  const order = charger?.order()
  const hold = charger?.hold()
  if (!order || !hold) return null
  const held = hold.held ?? powerOf(hold.limit, hold.wires)
  return { kw: Math.round(held) / 1000, rung: order.rung, because: order.because, until: formatInstant(order.until, zone) }
}
