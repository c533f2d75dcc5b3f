/** What an operator may send to a station by hand. */
import { type Clock, isProblem, Problem } from '#kernel'
import { CallError, type Payload } from '#protocols/ocpp'
import type { ChargingConfig } from './config.ts'
import type { Station } from './station.ts'

export interface CommandOutcome {
  /** The station's status word; 'Accepted' when the answer has none. */
  status: string
  payload: Payload
  /** Milliseconds. */
  took: number
}

/** SetChargingProfile is not among them: limits come from the plan, from overrides and from the grid, and their reasons with them. */
export const COMMANDS = [
  'ChangeAvailability',
  'ClearCache',
  'GetBaseReport',
  'GetChargingProfiles',
  'GetCompositeSchedule',
  'GetReport',
  'GetTransactionStatus',
  'GetVariables',
  'RequestStartTransaction',
  'RequestStopTransaction',
  'Reset',
  'SetVariables',
  'TriggerMessage',
  'UnlockConnector',
] as const

/**
 * Sends one command and waits for its answer.
 * @throws Problem `command-not-allowed` (403), `station-offline` (503), `invalid-message` (422), `station-refused` (502), `no-answer` (504)
 */
export async function command(
  station: Station,
  action: string,
  payload: Payload,
  { clock, config }: { clock: Clock; config: ChargingConfig },
): Promise<CommandOutcome> {
  const { identity } = station.record
  if (!(COMMANDS as readonly string[]).includes(action))
    throw new Problem('command-not-allowed', `${String(action).slice(0, 60)} cannot be sent to a station by hand.`, {
      status: 403,
      hint:
        action === 'SetChargingProfile'
          ? 'Post an override or a limit instead: its reason then goes with it.'
          : `Use one of ${COMMANDS.join(', ')}.`,
      details: { allowed: COMMANDS },
    })
  if (action === 'SetVariables' && /basicauthpassword/i.test(JSON.stringify(payload)))
    throw new Problem('command-not-allowed', 'The password of a station is not changed by hand.', {
      status: 403,
      hint: 'Register the station anew with its new password.',
    })
  const { session } = station
  if (!session)
    throw new Problem('station-offline', `${identity} is not connected.`, {
      status: 503,
      retry: 'later',
      hint: 'Wait until it has reconnected.',
    })
  const began = clock.now()
  try {
    const answer = await session.call(action, payload, { timeout: config.patience })
    return { status: typeof answer['status'] === 'string' ? answer['status'] : 'Accepted', payload: answer, took: clock.now() - began }
  } catch (error) {
    if (isProblem(error) || !(error instanceof CallError)) throw error
    throw new Problem(
      'station-refused',
      `${identity} refused ${action}: ${error.code}${error.description ? ` (${error.description})` : ''}.`,
      {
        status: 502,
        hint: 'The station does not support it, or not now.',
        details: { code: error.code },
      },
    )
  }
}
