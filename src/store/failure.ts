/** Which failures of the driver and of the server are expected, and what they are called. */
import { describeError, Problem } from '#kernel'

const CONNECTION =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENOTFOUND|EAI_AGAIN|ECONNABORTED|08\w{3}|57P0[1235]|53300)$/
const LOST =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|connection error and is not queryable/i

/** Failures before anything was sent. */
const NEVER_REACHED = /^(ECONNREFUSED|ENOENT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENOTFOUND|EAI_AGAIN|57P03|53300)$/

/** Values that no column of their type can hold: too long, out of range, moments beyond the calendar, characters such as NUL. */
const UNSTORABLE = /^(22001|22003|22008|22021|22P05)$/

export const isAway = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  if (error instanceof AggregateError) return error.errors.some(isAway)
  const code = 'code' in error ? String(error.code) : ''
  return CONNECTION.test(code) || LOST.test(error.message)
}

/** The Problem that stands for a failure of the database, or the failure itself when it is a bug of ours. */
export function databaseProblem(error: unknown): unknown {
  if (error instanceof Problem || !(error instanceof Error)) return error
  const code = 'code' in error ? String(error.code) : ''
  if (isAway(error))
    return new Problem('database-unavailable', `The database does not answer: ${describeError(error)}.`, {
      status: 503,
      retry: 'later',
      hint: `${NEVER_REACHED.test(code) || /trying to connect/.test(error.message) ? 'Nothing was stored.' : 'It is not certain whether this was stored.'} Send it again in some seconds; if it lasts, look at the database server.`,
      cause: error,
    })
  if (code === '40001' || code === '40P01')
    return new Problem('database-conflict', 'Two writes got into each other’s way; this one was undone.', {
      status: 503,
      retry: 'later',
      hint: 'Send it again.',
      cause: error,
    })
  if (code === '53100' || code === '53200')
    return new Problem('database-full', `The database server is out of ${code === '53100' ? 'disk space' : 'memory'}.`, {
      status: 503,
      retry: 'later',
      hint: code === '53100' ? 'Free some space on its disk.' : 'Give the server more memory.',
      cause: error,
    })
  if (UNSTORABLE.test(code))
    return new Problem('value-not-storable', `The database cannot hold a value of this request: ${error.message}.`, {
      status: 422,
      hint: 'Leave out NUL characters, and keep ids, numbers and moments within the range of what they describe.',
      cause: error,
    })
  if (code === '28P01' || code === '28000' || code === '3D000')
    return new Problem('database-refused', `The database server refused us: ${error.message}.`, {
      status: 503,
      retry: 'later',
      hint: 'Check user, password and database name in DATABASE_URL.',
      cause: error,
    })
  return error
}
