/** The loop of a station's end over messages of header and body (DIN 70121, ISO 15118-2): one request, one answer, until the session is over. */
import { Problem } from '#kernel'
import { blank } from './exi/blank.ts'
import type { ExiObject } from './exi/codec.ts'
import { schema } from './exi/schemas.ts'
import type { StationEnd, StationSession } from './station-session.ts'
import { TIMING } from './timing.ts'

/** A request that is answered with a failure, after which the session is over. */
export class Refusal<Code extends string = string> extends Error {
  readonly code: Code
  constructor(code: Code) {
    super(code)
    this.code = code
  }
}

export interface Course {
  schema: 'din' | 'iso2'
  /** The session the car must name; undefined until it has one. */
  sessionId(): string | undefined
  /** Whether the car may ask for this step now. */
  isOpen(step: string): boolean
  /** The content of the answer, or bytes of another to be passed on as they are. @throws Refusal */
  answer(step: string, request: ExiObject, header: ExiObject, exi: Buffer): Promise<ExiObject | Buffer>
  /** Turns of the charging loop until now. */
  turns(): number
  /** How the session ended, once it has. */
  end(): StationEnd['end'] | undefined
}

interface Message {
  V2G_Message?: { Header: ExiObject; Body: ExiObject }
}

/** Serves a car to the end of its session. @throws Problem v2g-silent, v2g-out-of-order, … */
export async function serveTurns({ channel, supply }: StationSession, course: Course): Promise<StationEnd> {
  const name = course.schema
  try {
    for (;;) {
      const { message, exi } = await channel.receive(TIMING.sequence, 'The next request of the car')
      const { Header, Body } = (message as Message).V2G_Message ?? {}
      const [root = 'nothing', request] = Object.entries(Body ?? {})[0] ?? []
      if (!Header || !root.endsWith('Req'))
        throw new Problem('v2g-out-of-order', `The car sent ${root} where a request belongs.`, { status: 502 })
      const step = root.slice(0, -'Req'.length)
      let answer: ExiObject | Buffer
      let fault: string | undefined
      try {
        if (!course.isOpen(step)) throw new Refusal('FAILED_SequenceError')
        const known = course.sessionId()
        if (known !== undefined && Header['SessionID'] !== known) throw new Refusal('FAILED_UnknownSession')
        answer = await course.answer(step, request as ExiObject, Header, exi)
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal
        fault = refusal.code
        answer = { ...blank(schema(name), `${step}ResType`), ResponseCode: fault }
      }
      const sessionId = course.sessionId() ?? ''
      if (Buffer.isBuffer(answer)) channel.pass(name, answer)
      else channel.send(name, { V2G_Message: { Header: { SessionID: sessionId || '00' }, Body: { [`${step}Res`]: answer } } })
      const turns = course.turns()
      if (fault !== undefined) return { sessionId, end: 'failed', reason: `${step}: ${fault}`, turns }
      const end = course.end()
      if (end) return { sessionId, end, turns }
    }
  } finally {
    supply.closed(false)
  }
}
