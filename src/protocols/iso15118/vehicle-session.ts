/** What the car's end of a session is, whatever the protocol: it asks, waits for the answer to just that, and fails when the station does. */
import { type Clock, Problem, pause } from '#kernel'
import type { Channel } from './channel.ts'
import type { ExiObject } from './exi/codec.ts'
import type { SchemaName } from './exi/schemas.ts'
import type { Outcome, Protocol, Vehicle } from './parties.ts'
import { TIMING } from './timing.ts'

export interface VehicleSession {
  channel: Channel
  vehicle: Vehicle
  clock: Clock
  protocol: Protocol
  /** Time between two turns of the charging loop, ms. */
  every: number
  /** Of a session that paused, to join it again. */
  sessionId?: string | undefined
  signal?: AbortSignal | undefined
}

export type VehicleEnd = Pick<Outcome, 'sessionId' | 'end' | 'turns'>

/** Repeats a question while its answer says "Ongoing". @throws Problem v2g-ongoing-too-long */
export async function poll<Answer extends { EVSEProcessing: string }>(
  { clock, signal }: VehicleSession,
  ask: () => Promise<Answer>,
  longest: number = TIMING.ongoing,
): Promise<Answer> {
  const since = clock.now()
  for (;;) {
    const answer = await ask()
    if (answer.EVSEProcessing === 'Finished') return answer
    if (clock.now() - since >= longest)
      throw new Problem('v2g-ongoing-too-long', `The station was not ready after ${longest / 1000} s.`, { status: 504, retry: 'later' })
    // A person takes longer than a computer.
    await pause(clock, longest === TIMING.payment ? TIMING.personPoll : TIMING.poll, signal)
  }
}

/** Sends a request and returns the answer's content. @throws Problem v2g-out-of-order, v2g-refused with the code of the station */
export async function exchange(
  channel: Channel,
  name: SchemaName,
  message: ExiObject,
  step: string,
  unpack: (message: ExiObject) => ExiObject | undefined,
  limit: number = TIMING.answer,
): Promise<ExiObject> {
  channel.send(name, message)
  const got = await channel.receive(limit, `The answer to ${step}`)
  const answer = got.schema === name ? unpack(got.message) : undefined
  if (!answer) throw new Problem('v2g-out-of-order', `The station answered ${step} with something else.`, { status: 502 })
  const code = String(answer['ResponseCode'])
  if (code.startsWith('FAILED'))
    throw new Problem('v2g-refused', `The station refused ${step}: ${code}.`, { status: 403, details: { step, code } })
  return answer
}
