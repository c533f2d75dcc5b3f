/** A new password for a station that is connected (OCPP 2.0.1 A01): both open while it is on its way, the new one alone once it is confirmed. */
import { hashPassword } from '#ems'
import { describeError, isProblem, type Log, Problem, say } from '#kernel'
import { CallError } from '#protocols/ocpp'
import type { Store } from '#store'
import { inventStationPassword, isAuthorizationKey, isStationPassword } from '../password.ts'
import { type Station, saveAccess } from '../station.ts'
import { FACE, isOld } from './face.ts'
import { SAYING } from './saying.ts'

export interface PasswordChange {
  /** The station's status word, or 'NoAnswer'. */
  status: string
  /** The password that the station will come with; absent when it refused. */
  password?: string
}

export interface PasswordChanger {
  /**
   * Sends a new password (invented unless given) and resolves with what the station said. Refused: the old one goes on. No answer: both open
   * until one of them is used.
   * @throws Problem `bad-password`, `station-offline`, `under-way`
   */
  change(station: Station, password?: string): Promise<PasswordChange>
  isChanging(identity: string): boolean
}

export function openPasswordChanger({ store, log, timeout }: { store: Store; log: Log; timeout: number }): PasswordChanger {
  const changing = new Set<string>()
  return {
    isChanging: (identity) => changing.has(identity),
    async change(station, given) {
      const { identity } = station.record
      const password = given ?? inventStationPassword()
      const session = connected(station)
      // An OCPP 1.6 station is given hex, in which 20 bytes fit; the hex itself is good as well.
      if (!isStationPassword(password) || (isOld(session) && password.length > 20 && !isAuthorizationKey(password)))
        throw new Problem('bad-password', say(SAYING.badPassword), { status: 422, hint: say(SAYING.leaveItOut) })
      return alone(changing, identity, async () => {
        const nextPasswordHash = await hashPassword(password)
        station.record = { ...station.record, nextPasswordHash }
        await saveAccess(store, station.record)
        const status = await FACE.setPassword(session, password, { timeout }).catch((error: unknown) => {
          if (error instanceof CallError) return 'Rejected'
          if (!isProblem(error) || (error.code !== 'no-answer' && error.code !== 'connection-closed')) throw error
          log.warn({ station: identity, error: describeError(error) }, 'whether a station took its new password is not known')
          return 'NoAnswer'
        })
        const { nextPasswordHash: pending, ...rest } = station.record
        // It may have come back with the new one before its answer: then that counts already.
        if (status === 'Accepted' && pending !== undefined) station.record = { ...rest, passwordHash: pending }
        else if (status !== 'Accepted' && status !== 'RebootRequired' && status !== 'NoAnswer') station.record = rest
        await saveAccess(store, station.record)
        const taken = status === 'Accepted' || status === 'RebootRequired' || status === 'NoAnswer'
        return { status, ...(taken && { password }) }
      })
    },
  }
}

/** @throws Problem `station-offline` */
export function connected(station: Station): NonNullable<Station['session']> {
  if (station.session) return station.session
  throw new Problem('station-offline', say(SAYING.notOnLine, { station: station.record.identity }), {
    status: 503,
    retry: 'later',
    hint: say(SAYING.waitForStation),
  })
}

/** Runs the work unless the same is under way for that station. @throws Problem `under-way` */
export async function alone<T>(busy: Set<string>, identity: string, work: () => Promise<T>): Promise<T> {
  if (busy.has(identity))
    throw new Problem('under-way', say(SAYING.underWay, { station: identity }), {
      status: 409,
      retry: 'later',
      hint: say(SAYING.waitForOther),
    })
  busy.add(identity)
  try {
    return await work()
  } finally {
    busy.delete(identity)
  }
}
