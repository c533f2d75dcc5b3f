/** The V2G transfer protocol: eight bytes before each message that say what follows and how long it is. */
import { Problem } from '#kernel'

/** Payload types: what the EXI stream behind the header belongs to. */
export const PAYLOAD = {
  /** The handshake, DIN 70121 and ISO 15118-2. */
  exi: 0x8001,
  /** ISO 15118-20: common messages, then those of AC and of DC. */
  main: 0x8002,
  ac: 0x8003,
  dc: 0x8004,
  acdp: 0x8005,
  wpt: 0x8006,
  renegotiation: 0x8101,
  metering: 0x8102,
  sdpRequest: 0x9000,
  sdpResponse: 0x9001,
} as const

export interface V2gFrame {
  type: number
  payload: Buffer
}

const VERSION = 0x01
export const V2GTP_HEADER = 8
/** Largest payload accepted: the longest messages (certificate installation with several chains) stay well below it. */
export const LONGEST_PAYLOAD = 64 * 1024

const garbage = (why: string) => new Problem('v2gtp-garbage', `The peer does not speak V2GTP: ${why}.`, { status: 502 })

/** A whole frame. */
export function encodeV2gtp(type: number, payload: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(V2GTP_HEADER + payload.length)
  out[0] = VERSION
  out[1] = VERSION ^ 0xff
  out.writeUInt16BE(type, 2)
  out.writeUInt32BE(payload.length, 4)
  out.set(payload, V2GTP_HEADER)
  return out
}

/** The frame of a datagram. @throws Problem v2gtp-garbage */
export function decodeV2gtp(data: Buffer): V2gFrame {
  const { frames, rest } = v2gtpReader().push(data)
  if (frames.length !== 1 || rest > 0) throw garbage('not one whole frame')
  return frames[0]!
}

/** Cuts a stream into frames. What is kept back is never longer than one frame may be. */
export function v2gtpReader(longest = LONGEST_PAYLOAD) {
  let held: Buffer = Buffer.alloc(0)
  return {
    /** Frames complete with this chunk, and how many bytes of a further one came. @throws Problem v2gtp-garbage, v2gtp-too-long */
    push(chunk: Buffer): { frames: V2gFrame[]; rest: number } {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      const frames: V2gFrame[] = []
      while (held.length >= V2GTP_HEADER) {
        if (held[0] !== VERSION || held[1] !== (VERSION ^ 0xff))
          throw garbage(`it begins with ${held.subarray(0, 2).toString('hex')} where 01fe belongs`)
        const length = held.readUInt32BE(4)
        if (length > longest)
          throw new Problem('v2gtp-too-long', `The peer announces ${length} bytes, more than the ${longest} allowed.`, { status: 502 })
        if (held.length < V2GTP_HEADER + length) break
        frames.push({ type: held.readUInt16BE(2), payload: held.subarray(V2GTP_HEADER, V2GTP_HEADER + length) })
        held = held.subarray(V2GTP_HEADER + length)
      }
      return { frames, rest: held.length }
    },
  }
}
