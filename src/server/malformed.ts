/** What is no readable HTTP is answered in the shape of all our failures, and the connection closed. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

const ANSWERS: Record<string, { status: number; code: string; detail: string; hint: string }> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'headers-too-large',
    detail: 'The address and the headers together are too large.',
    hint: 'Send fewer or shorter ones.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'request-timeout',
    detail: 'The request did not arrive as a whole in time.',
    hint: 'Send it again, faster or in smaller parts.',
  },
}
const UNREADABLE = {
  status: 400,
  code: 'malformed-request',
  detail: 'This is not a request in HTTP/1.1.',
  hint: 'Use an HTTP client, and https only where a proxy offers it.',
}

/** Last word on a connection whose request could not be read. */
export function answerMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (!socket.writable) return void socket.destroy()
  const { status, ...what } = ANSWERS[error.code ?? ''] ?? UNREADABLE
  const title = STATUS_CODES[status] ?? 'Failed'
  const body = JSON.stringify({ type: `urn:cariflex:problem:${what.code}`, title, status, ...what })
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
