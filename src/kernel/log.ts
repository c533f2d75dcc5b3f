/** Structured log on standard output (one JSON object or one readable line an event), secrets redacted. */
import { pino } from 'pino'

export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** A log whose every line carries these fields, e.g. `{ room: 'charging' }`. */
  child(fields: object): Log
}

const SECRET =
  /^(password|passwd|secret|token|authorization|auth_token|cookie|set-cookie|api[-_]?key|private[-_]?key|basicauthpassword|idtoken)$/i

/** A copy in which the values under secret-looking keys read '[redacted]'; also `user:password@` in URLs. Depth is bounded. */
export function redact(value: unknown, depth = 6): unknown {
  if (typeof value === 'string') return value.replace(/(\b\w{1,20}:\/\/[^\s:/@]+:)[^\s@/]+@/g, '$1[redacted]@')
  if (value instanceof Error)
    return { message: redact(value.message), stack: redact(value.stack ?? ''), ...('code' in value ? { code: value.code } : {}) }
  if (value === null || typeof value !== 'object') return value
  if (depth === 0) return '[deep]'
  if (Array.isArray(value)) return value.map((item) => redact(item, depth - 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      SECRET.test(key) && item !== null && item !== undefined ? '[redacted]' : redact(item, depth - 1),
    ]),
  )
}

/** A log at `level` ('debug' … 'error' or 'silent') written by `write`, one line a call. */
export function createLog(level: string, write: (line: string) => void = (line) => process.stdout.write(line)): Log {
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    { write },
  )
  const wrap = (inner: typeof logger): Log => ({
    debug: (fields, message) => inner.isLevelEnabled('debug') && inner.debug(redact(fields), message),
    info: (fields, message) => inner.info(redact(fields), message),
    warn: (fields, message) => inner.warn(redact(fields), message),
    error: (fields, message) => inner.error(redact(fields), message),
    child: (fields) => wrap(inner.child(redact(fields) as object)),
  })
  return wrap(logger)
}

/** For tests and command lines that must stay quiet. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog }
