/** What an operator may send to a station by hand. */
import { type Clock, isProblem, Problem, say } from '#kernel'
import { CallError, type Payload } from '#protocols/ocpp'
import type { ChargingConfig } from './config.ts'
import { SAYING } from './saying.ts'
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
    throw new Problem('command-not-allowed', say(SAYING.notByHand, { action: String(action).slice(0, 60) }), {
      status: 403,
      hint: action === 'SetChargingProfile' ? say(SAYING.orderInstead) : say(SAYING.useOneOf, { actions: COMMANDS.join(', ') }),
      details: { allowed: COMMANDS },
    })
  if (action === 'SetVariables' && /basicauthpassword/i.test(JSON.stringify(payload)))
    throw new Problem('command-not-allowed', say(SAYING.passwordByHand), {
      status: 403,
      hint: say(SAYING.registerAnew),
    })
  const { session } = station
  if (!session)
    throw new Problem('station-offline', say(SAYING.stationAway, { station: identity }), {
      status: 503,
      retry: 'later',
      hint: say(SAYING.waitForIt),
    })
  const began = clock.now()
  try {
    const answer = await session.call(action, payload, { timeout: config.patience })
    return { status: typeof answer['status'] === 'string' ? answer['status'] : 'Accepted', payload: answer, took: clock.now() - began }
  } catch (error) {
    if (isProblem(error) || !(error instanceof CallError)) throw error
    throw new Problem(
      'station-refused',
      say(SAYING.refusedCommand, {
        station: identity,
        action,
        answer: `${error.code}${error.description ? ` (${error.description})` : ''}`,
      }),
      {
        status: 502,
        hint: say(SAYING.notNow),
        details: { code: error.code },
      },
    )
  }
}
