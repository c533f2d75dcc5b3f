/** Messages of other programs that go to a station as they are, in its own version; what the answer says is taken in as if we had asked. */
import { hashPassword } from '#ems'
import { describeError, type Log } from '#kernel'
import { OCPP16, type Payload, type SetVariableDataType, type SetVariablesResponse } from '#protocols/ocpp'
import type { Store } from '#store'
import { triggeredBy } from './effects.ts'
import { type Station, saveAccess } from './station.ts'
import type { Variables } from './variables.ts'

/**
 * Resolves with the answer as it came. `timeout` in ms.
 * @throws CallError when the station refused, Problem `invalid-message`, `no-answer`, `connection-closed`
 */
export type Relay = (station: Connected, action: string, payload: Payload, timeout: number) => Promise<Payload>
export type Connected = Station & { session: NonNullable<Station['session']> }

export const openRelay = ({ store, variables, log }: { store: Store; variables: Variables; log: Log }): Relay => {
  const takeIn = async (station: Connected, action: string, payload: Payload, answer: Payload) => {
    const password = acceptedPassword(action, payload, answer)
    if (password !== undefined) {
      const passwordHash = await hashPassword(password)
      station.record = { ...station.record, passwordHash }
      await saveAccess(store, station.record)
    }
    if (station.session.wire.version !== OCPP16) await variables.answered(station, action, payload, answer)
  }
  return async (station, action, payload, timeout) => {
    const { wire } = station.session
    if (station.record.boot === 'Pending' && action === 'TriggerMessage') station.asked.add(triggeredBy(payload))
    const answer = await wire.call(action, payload, { timeout })
    await takeIn(station, action, payload, answer).catch((error: unknown) =>
      log.warn({ station: wire.identity, action, error: describeError(error) }, 'what a station said was not kept'),
    )
    return answer
  }
}

/** The password that the station took with this message and comes with from now on. */
function acceptedPassword(action: string, payload: Payload, answer: Payload): string | undefined {
  if (action === 'ChangeConfiguration')
    return payload['key'] === 'AuthorizationKey' && answer['status'] === 'Accepted' ? String(payload['value']) : undefined
  if (action !== 'SetVariables') return undefined
  const isPassword = ({ component, variable }: Pick<SetVariableDataType, 'component' | 'variable'>) =>
    `${component.name}.${variable.name}`.toLowerCase() === 'securityctrlr.basicauthpassword'
  const isTaken = (answer as unknown as SetVariablesResponse).setVariableResult.some(
    (result) => isPassword(result) && result.attributeStatus === 'Accepted',
  )
  return isTaken ? (payload as { setVariableData: SetVariableDataType[] }).setVariableData.find(isPassword)?.attributeValue : undefined
}
