/** OCPP-J frames (Part 4, section 4.2): text to message and back. Bad text becomes a value that says which CALLERROR it deserves. */
import type { RpcErrorCode } from './call-error.ts'
import type { Framing } from './dialect.ts'

export type Payload = Record<string, unknown>

export type Message =
  | { kind: 'CALL'; id: string; action: string; payload: Payload }
  | { kind: 'CALLRESULT'; id: string; payload: unknown }
  | ({ kind: 'CALLERROR' } & Refusal)
  | ({ kind: 'CALLRESULTERROR' } & Refusal)
  | { kind: 'SEND'; id: string; action: string; payload: Payload }
  /** Nothing of the protocol; `answer` is the refusal it deserves, absent when it must stay unanswered. */
  | { kind: 'garbage'; id: string; why: string; answer?: RpcErrorCode }

export interface Refusal {
  id: string
  code: RpcErrorCode
  description: string
  details: object
}

/** Message id of an answer to a frame whose own id cannot be read. */
export const UNREADABLE = '-1'
export const LONGEST_ID = 36
const DEEPEST = 100

/** Reads one text frame, with a message id of at most so many characters. Total: never throws, whatever the text. */
export function readFrame(text: string, framing: Framing, longestId = LONGEST_ID): Message {
  const unreadable = (why: string): Message => ({
    kind: 'garbage',
    id: UNREADABLE,
    why,
    ...(framing.unreadable === 'refuse' ? { answer: 'RpcFrameworkError' } : {}),
  })
  if (isTooDeep(text)) return unreadable(`JSON nested deeper than ${DEEPEST} levels`)
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    return unreadable('not JSON')
  }
  if (!Array.isArray(frame)) return unreadable('not a JSON array')
  const [type, rawId] = frame as unknown[]
  const readable = typeof rawId === 'string' && rawId.length > 0 && rawId.length <= longestId
  const id = readable ? rawId : UNREADABLE
  const refuse = (why: string, answer: RpcErrorCode = 'RpcFrameworkError'): Message =>
    readable ? { kind: 'garbage', id, why, answer } : unreadable(why)
  const silent = (why: string): Message => ({ kind: 'garbage', id, why })
  if (typeof type !== 'number') return refuse('the message type is not a number')
  if (type === 2) {
    if (!readable) return unreadable(`the message id is not a text of 1 to ${longestId} characters`)
    if (frame.length !== 4) return refuse(`a CALL has 4 elements, not ${frame.length}`)
    const [, , action, payload] = frame as unknown[]
    if (typeof action !== 'string') return refuse('the action is not a text')
    if (!isObject(payload)) return refuse('the payload is not an object', 'TypeConstraintViolation')
    return { kind: 'CALL', id, action, payload }
  }
  // Answers are never answered with a CALLERROR, however broken: two ends would refuse each other's refusals for ever.
  if (type === 3) return { kind: 'CALLRESULT', id, payload: frame[2] }
  if (type === 4 || (type === 5 && framing.extended)) {
    const [, , code, description, details] = frame as unknown[]
    return {
      kind: type === 4 ? 'CALLERROR' : 'CALLRESULTERROR',
      id,
      code: typeof code === 'string' && code !== '' ? code : 'GenericError',
      description: typeof description === 'string' ? description : '',
      details: isObject(details) ? details : {},
    }
  }
  if (type === 6 && framing.extended) {
    const [, , action, payload] = frame as unknown[]
    if (!readable || frame.length !== 4 || typeof action !== 'string' || !isObject(payload)) return silent('a SEND that is none')
    return { kind: 'SEND', id, action, payload }
  }
  const why = `message type ${type} is not supported`
  return framing.unknownType === 'refuse' ? refuse(why, 'MessageTypeNotSupported') : silent(why)
}

export const writeCall = (id: string, action: string, payload: Payload): string => JSON.stringify([2, id, action, payload])
export const writeResult = (id: string, payload: Payload): string => JSON.stringify([3, id, payload])
export const writeSend = (id: string, action: string, payload: Payload): string => JSON.stringify([6, id, action, payload])
/** Of type 4 (CALLERROR) or 5 (CALLRESULTERROR). The description is cut to the 255 characters the standard allows. */
export const writeError = (type: 4 | 5, id: string, code: string, description: string, details: object = {}): string =>
  JSON.stringify([type, id, code, description.slice(0, 255), details])

export const isObject = (value: unknown): value is Payload => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The id of a CALL that is too large to be parsed. */
export const idAtStart = (text: string): string => /^\s*\[\s*2\s*,\s*"([^"\\]{1,36})"/.exec(text.slice(0, 100))?.[1] ?? UNREADABLE

/** Looks at brackets only, before parsing: a megabyte of '[' must not reach recursive code. */
function isTooDeep(text: string): boolean {
  if (text.length <= DEEPEST) return false
  let depth = 0
  let quoted = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (quoted) {
      if (code === 92) index++
      else if (code === 34) quoted = false
    } else if (code === 34) quoted = true
    else if (code === 91 || code === 123) {
      if (++depth > DEEPEST) return true
    } else if (code === 93 || code === 125) depth--
  }
  return false
}
