/**
 * What a station of 2.1 is told of a session beside its limits: in which ways energy may flow (Q01: giving back must be allowed by name), and
 * that its driver is in a hurry (K21). Both are kept among its commands, with the answer and what followed.
 */
import { describeError, type Log } from '#kernel'
import type { Payload } from '#protocols/ocpp'
import type { Commands } from '../commands.ts'
import { isAtWork, type Plugged, type Station } from '../station.ts'
import type { Vehicle } from '../vehicle.ts'
import { wireVersion } from './capability-card.ts'
import type { SessionWish } from './session-wish.ts'

const ONE_WAY = ['AC_single_phase', 'AC_two_phase', 'AC_three_phase', 'DC'] as const
const BOTH_WAYS = [...ONE_WAY, 'AC_BPT', 'DC_BPT'] as const

/** Ways in which energy may flow: back only from cars whose owner agreed, at stations that may, unless the driver forbade it for this session. */
export const transferOf = (station: Station, car: Vehicle | undefined, wish?: SessionWish): readonly string[] =>
  car?.v2g === true && station.record.v2g && wish?.discharge !== false ? BOTH_WAYS : ONE_WAY

export interface SessionModes {
  /** Tells the ways that are allowed from now on. Never throws. */
  allow(station: Station, plugged: Plugged, wish: SessionWish | undefined, by: string): Promise<void>
  /** Begins or ends priority charging; false when the station does not. Never throws. */
  usePriority(station: Station, transactionId: string, activate: boolean): Promise<boolean>
}

export function openSessionModes({ log, commands }: { log: Log; commands: Commands }): SessionModes {
  const send = async (station: Station, action: string, payload: Payload, by?: string): Promise<boolean> => {
    try {
      return (await commands.send(station, action, payload, by)).status === 'Accepted'
    } catch (error) {
      log.warn({ station: station.record.identity, action, error: describeError(error) }, 'a station of 2.1 was not told of its session')
      return false
    }
  }
  return {
    async allow(station, { transaction, vehicle }, wish, by) {
      if (!isAtWork(station) || wireVersion(station) !== '2.1') return
      const allowedEnergyTransfer = [...transferOf(station, vehicle, wish)]
      await send(station, 'NotifyAllowedEnergyTransfer', { transactionId: transaction.id, allowedEnergyTransfer }, by)
    },
    usePriority: (station, transactionId, activate) => send(station, 'UsePriorityCharging', { transactionId, activate }),
  }
}
