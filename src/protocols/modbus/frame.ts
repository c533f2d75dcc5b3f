/** MBAP framing of Modbus TCP (Modbus Messaging on TCP/IP 1.0b, 3.1.3): 7 bytes of header, then the PDU, over a stream of bytes. */
import { Problem } from '#kernel'

export interface Frame {
  /** Chosen by the client, echoed by the server. */
  transaction: number
  unit: number
  /** Function code and data, 1 to 253 bytes. */
  pdu: Buffer
}

const HEADER = 7
const LONGEST_PDU = 253

/** The bytes of one frame. */
export function encodeFrame({ transaction, unit, pdu }: Frame): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER + pdu.length)
  bytes.writeUInt16BE(transaction, 0)
  bytes.writeUInt16BE(0, 2)
  bytes.writeUInt16BE(pdu.length + 1, 4)
  bytes[6] = unit
  pdu.copy(bytes, HEADER)
  return bytes
}

export interface FrameReader {
  /**
   * Takes the next bytes of the stream, however they were cut, and hands over every whole frame in order.
   * @throws Problem `modbus-garbage` when the stream is not Modbus TCP; the connection is then beyond repair
   */
  feed(chunk: Buffer): void
  /** True while a frame has begun and not ended. */
  readonly partial: boolean
}

/** Cuts a stream of bytes into frames. Never holds more than one frame of 260 bytes. */
export function frameReader(onFrame: (frame: Frame) => void): FrameReader {
  let rest: Buffer = Buffer.alloc(0)
  return {
    get partial() {
      return rest.length > 0
    },
    feed(chunk) {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      rest = Buffer.alloc(0)
      while (bytes.length > 0) {
        const protocol = bytes.length >= 4 ? bytes.readUInt16BE(2) : 0
        if (protocol !== 0) throw garbage(`the protocol identifier is ${protocol}, not 0`)
        const length = bytes.length >= 6 ? bytes.readUInt16BE(4) : 2
        if (length < 2 || length > LONGEST_PDU + 1) throw garbage(`a frame claims a length of ${length} bytes, Modbus knows 2 to 254`)
        if (bytes.length < HEADER || bytes.length < 6 + length) break
        const frame = { transaction: bytes.readUInt16BE(0), unit: bytes[6]!, pdu: bytes.subarray(HEADER, 6 + length) }
        bytes = bytes.subarray(6 + length)
        onFrame(frame)
      }
      rest = Buffer.from(bytes)
    },
  }
}

const garbage = (why: string): Problem =>
  new Problem('modbus-garbage', `The peer does not speak Modbus TCP: ${why}.`, {
    status: 502,
    retry: 'later',
    hint: 'Check host and port; a serial gateway must be set to Modbus TCP, not to RTU over TCP.',
  })
