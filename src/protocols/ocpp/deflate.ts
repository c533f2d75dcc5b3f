/** Compression of WebSocket messages (RFC 7692): used when the station offers it, with small windows; `maxPayload` bounds the inflated size. */
import type { PerMessageDeflateOptions } from 'ws'

export const MAX_PAYLOAD = 1 << 20

export const deflate: PerMessageDeflateOptions = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 11,
  zlibDeflateOptions: { level: 3, memLevel: 5 },
  threshold: 1024,
  concurrencyLimit: 4,
}
