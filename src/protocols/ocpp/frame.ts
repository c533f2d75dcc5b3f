/** OCPP-J frames (Part 4, section 4.2): text to message and back. Bad text becomes a value that says which CALLERROR it deserves. */
import type { RpcErrorCode } from './call-error.ts'

export type Payload = Record<string, unknown>

export type Message =
  | { kind: 'CALL'; id: string; action: string; payload: Payload }
  | { kind: 'CALLRESULT'; id: string; payload: unknown }
  | { kind: 'CALLERROR'; id: string; code: RpcErrorCode; description: string; details: object }
  /** Nothing of the protocol; `answer` is the refusal it deserves, absent when it must stay unanswered. */
  | { kind: 'garbage'; id: string; why: string; answer?: RpcErrorCode }

/** Message id of an answer to a frame whose own id cannot be read. */
export const UNREADABLE = '-1'
const LONGEST_ID = 36
const DEEPEST = 100

/** Reads one text frame. Total: never throws, whatever the text. */
export function readFrame(text: string): Message {
  if (isTooDeep(text))
    return { kind: 'garbage', id: UNREADABLE, why: `JSON nested deeper than ${DEEPEST} levels`, answer: 'RpcFrameworkError' }
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    return { kind: 'garbage', id: UNREADABLE, why: 'not JSON', answer: 'RpcFrameworkError' }
  }
  if (!Array.isArray(frame)) return { kind: 'garbage', id: UNREADABLE, why: 'not a JSON array', answer: 'RpcFrameworkError' }
  const [type, rawId] = frame as unknown[]
  const readable = typeof rawId === 'string' && rawId.length > 0 && rawId.length <= LONGEST_ID
  const id = readable ? rawId : UNREADABLE
  const refuse = (why: string, answer: RpcErrorCode = 'RpcFrameworkError'): Message => ({ kind: 'garbage', id, why, answer })
  if (typeof type !== 'number') return refuse('the message type is not a number')
  if (type === 2) {
    if (!readable) return refuse(`the message id is not a text of 1 to ${LONGEST_ID} characters`)
    if (frame.length !== 4) return refuse(`a CALL has 4 elements, not ${frame.length}`)
    const [, , action, payload] = frame as unknown[]
    if (typeof action !== 'string') return refuse('the action is not a text')
    if (!isObject(payload)) return refuse('the payload is not an object', 'TypeConstraintViolation')
    return { kind: 'CALL', id, action, payload }
  }
  // Answers are never answered, however broken: two ends would refuse each other's refusals for ever.
  if (type === 3) return { kind: 'CALLRESULT', id, payload: frame[2] }
  if (type === 4) {
    const [, , code, description, details] = frame as unknown[]
    return {
      kind: 'CALLERROR',
      id,
      code: typeof code === 'string' && code !== '' ? code : 'GenericError',
      description: typeof description === 'string' ? description : '',
      details: isObject(details) ? details : {},
    }
  }
  return refuse(`message type ${type} is not supported`, 'MessageTypeNotSupported')
}

export const writeCall = (id: string, action: string, payload: Payload): string => JSON.stringify([2, id, action, payload])
export const writeResult = (id: string, payload: Payload): string => JSON.stringify([3, id, payload])
/** The description is cut to the 255 characters the standard allows. */
export const writeError = (id: string, code: RpcErrorCode, description: string, details: object = {}): string =>
  JSON.stringify([4, id, code, description.slice(0, 255), details])

export const isObject = (value: unknown): value is Payload => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Looks at brackets only, before parsing: a megabyte of '[' must not reach recursive code. */
function isTooDeep(text: string): boolean {
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
