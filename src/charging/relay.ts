/** Messages of other programs that go to a station as they are, in its own version; what the answer says is taken in as if we had asked. */
import { describeError, type Log } from '#kernel'
import { OCPP16, type Payload } from '#protocols/ocpp'
import { triggeredBy } from './effects.ts'
import type { Station } from './station.ts'
import type { Variables } from './variables.ts'

/**
 * Resolves with the answer as it came. `timeout` in ms.
 * @throws CallError when the station refused, Problem `invalid-message`, `no-answer`, `connection-closed`
 */
export type Relay = (station: Connected, action: string, payload: Payload, timeout: number) => Promise<Payload>
export type Connected = Station & { session: NonNullable<Station['session']> }

export const openRelay =
  ({ variables, log }: { variables: Variables; log: Log }): Relay =>
  async (station, action, payload, timeout) => {
    const { wire } = station.session
    if (station.record.boot === 'Pending' && action === 'TriggerMessage') station.asked.add(triggeredBy(payload))
    const answer = await wire.call(action, payload, { timeout })
    if (wire.version !== OCPP16)
      await variables
        .answered(station, action, payload, answer)
        .catch((error: unknown) =>
          log.warn({ station: wire.identity, action, error: describeError(error) }, 'what a station said was not kept'),
        )
    return answer
  }
