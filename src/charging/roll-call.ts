/**
 * What the database knows of stations that come. Another platform on the same database may have served them since they were here: whether
 * their boot was accepted, their passwords and what they charge is read anew. All that come while one reading lasts share the next.
 */
import { isDeepStrictEqual } from 'node:util'
import { describeError, type Log } from '#kernel'
import type { Store } from '#store'
import { type DeviceModel, loadModels } from './device-model.ts'
import { openTransactions } from './ledger.ts'
import { readStations, type Station, type StationRecord } from './station.ts'
import type { Transaction } from './transaction.ts'

interface Found {
  records: Map<string, StationRecord>
  open: Transaction[]
}

export interface RollCallParts {
  store: Store
  log: Log
  /** Puts a record in the place of the one that is known. */
  place(record: StationRecord): Station
  /** Makes the sessions of a station those that are open. */
  bringUp(station: Station, open: readonly Transaction[]): Promise<void>
}

/** Resolves when the station is as the database knows it; as it is known here while the database is away. Of stations that are not connected. */
export type RollCall = (station: Station) => Promise<void>

export function openRollCall({ store, log, place, bringUp }: RollCallParts): RollCall {
  let last: Promise<unknown> = Promise.resolve()
  let next: { identities: string[]; found: Promise<Found> } | undefined

  const read = async (identities: string[]): Promise<Found> => {
    const [records, open] = await Promise.all([readStations(store, identities), openTransactions(store, identities)])
    return { records: new Map(records.map((record) => [record.identity, record])), open }
  }
  const enrol = (identity: string): Promise<Found> => {
    if (!next) {
      const identities: string[] = []
      const found = last.then(() => {
        next = undefined
        return read(identities)
      })
      last = found.catch(() => undefined)
      next = { identities, found }
    }
    next.identities.push(identity)
    return next.found
  }
  const modelOf = async (identity: string): Promise<DeviceModel> => (await loadModels(store, identity)).get(identity) ?? new Map()

  return async (station) => {
    const { identity } = station.record
    try {
      const { records, open } = await enrol(identity)
      const record = records.get(identity)
      if (record && !isDeepStrictEqual(lasting(record), lasting(station.record))) {
        if (record.onboardedAt !== station.record.onboardedAt) station.model = await modelOf(identity)
        place(record)
      }
      await bringUp(
        station,
        open.filter((transaction) => transaction.station === identity),
      )
    } catch (error) {
      log.warn({ station: identity, error: describeError(error) }, 'a station came, and is taken as it was known here')
    }
  }
}

/** Without what changes all the time. */
const lasting = ({ lastSeen: _, ...record }: StationRecord) => record
