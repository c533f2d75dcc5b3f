/** Compression of WebSocket messages (RFC 7692): used when the station offers it, with small windows; `maxPayload` bounds the inflated size. */
import type { PerMessageDeflateOptions } from 'ws'

export const MAX_PAYLOAD = 1 << 20
const HIGHEST = 16 << 20

/** Bytes that the socket takes in so that a message above `longest` can be refused by name; above that the connection ends (1009). */
export const readUpTo = (longest: number): number => Math.min(HIGHEST, 4 * longest)

export const deflate: PerMessageDeflateOptions = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 11,
  zlibDeflateOptions: { level: 3, memLevel: 5 },
  threshold: 1024,
  concurrencyLimit: 4,
}
