/** Messages over a connection: frames of V2GTP with EXI inside, one question and one answer at a time. */
import type { Duplex } from 'node:stream'
import { type Clock, type Millis, Problem, type Timer } from '#kernel'
import { decodeExi, type ExiObject, encodeExi } from './exi/codec.ts'
import { type SchemaName, schema } from './exi/schemas.ts'
import { encodeV2gtp, PAYLOAD, type V2gFrame, v2gtpReader } from './v2gtp.ts'

export interface V2gMessage {
  schema: SchemaName
  message: ExiObject
  /** The bytes it was read from. */
  exi: Buffer
}

export interface Channel {
  send(schema: SchemaName, message: ExiObject): void
  /** Passes on a message that another wrote. */
  pass(schema: SchemaName, exi: Uint8Array): void
  /**
   * The next message, read by the schema its payload type stands for in this session.
   * @throws Problem v2g-silent when none comes in time, v2g-closed, v2gtp-garbage, exi-…
   */
  receive(limit: number, what: string): Promise<V2gMessage>
  close(): void
  readonly closed: Promise<void>
}

const TYPES: Record<SchemaName, number> = {
  sap: PAYLOAD.exi,
  din: PAYLOAD.exi,
  iso2: PAYLOAD.exi,
  iso20: PAYLOAD.main,
  'iso20-ac': PAYLOAD.ac,
  'iso20-dc': PAYLOAD.dc,
  signature: PAYLOAD.exi,
}

/** Frames that may lie unread: a peer that sends without waiting for answers is cut off. */
const MOST_WAITING = 8

/** Opens the message layer on a connected stream. `early()` says which schema payload type 8001 stands for now. */
export function openChannel(stream: Duplex, clock: Clock, early: () => SchemaName): Channel {
  const reader = v2gtpReader()
  const waiting: V2gFrame[] = []
  let fault: Problem | undefined
  let wake: (() => void) | undefined
  let over = false
  const end = (problem: Problem) => {
    fault ??= problem
    over = true
    wake?.()
  }
  const closed = new Promise<void>((resolve) => {
    stream.on('close', () => {
      end(new Problem('v2g-closed', 'The other side ended the connection.', { status: 502 }))
      resolve()
    })
  })
  stream.on('error', (cause) => end(new Problem('v2g-closed', `The connection broke: ${cause.message}.`, { status: 502, cause })))
  stream.on('end', () => stream.end())
  stream.on('data', (chunk: Buffer) => {
    if (over) return
    try {
      waiting.push(...reader.push(chunk).frames)
      if (waiting.length > MOST_WAITING)
        throw new Problem('v2g-flood', 'The other side sends without waiting for answers.', { status: 502 })
    } catch (problem) {
      end(problem as Problem)
      stream.destroy()
    }
    wake?.()
  })
  return {
    closed,
    send(name, message) {
      if (!over) stream.write(encodeV2gtp(TYPES[name], encodeExi(schema(name), message)))
    },
    pass(name, exi) {
      if (!over) stream.write(encodeV2gtp(TYPES[name], exi))
    },
    async receive(limit, what) {
      let timer: Timer | undefined
      let late = false
      while (waiting.length === 0) {
        if (fault) throw fault
        if (late) throw new Problem('v2g-silent', `${what} did not come within ${limit / 1000} s.`, { status: 504 })
        await new Promise<void>((resolve) => {
          wake = resolve
          timer ??= clock.in(limit as Millis, () => {
            late = true
            wake?.()
          })
        })
        wake = undefined
      }
      timer?.cancel()
      const { type, payload } = waiting.shift()!
      const name = type === PAYLOAD.exi ? early() : (Object.keys(TYPES) as SchemaName[]).find((each) => TYPES[each] === type)
      if (!name) throw new Problem('v2g-unknown-payload', `Payload type ${type.toString(16)} is not known here.`, { status: 502 })
      return { schema: name, message: decodeExi(schema(name), payload), exi: payload }
    },
    close: () => stream.end(),
  }
}
