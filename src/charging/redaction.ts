/** Frames as they may be kept in the conversation log: without passwords and without whole tokens. */
import { redact } from '#kernel'

const SECRET_VARIABLE = /password|privatekey|secret|authorizationkey/i
/** Tokens of 1.6. */
const TAGS = new Set(['idTag', 'parentIdTag'])
const SECRET_VALUES = ['attributeValue', 'value', 'actualValue', 'variableAttribute']

/** A copy in which secret variables (BasicAuthPassword …) read '[redacted]' and tokens show their last four characters. */
export function redactFrame(payload: unknown): unknown {
  return redact(mask(payload, 12), 12)
}

/** A copy in which only what opens a station reads '[redacted]': for programs that read along. */
export const withoutSecrets = (payload: unknown): unknown => mask(payload, 12, false)

function mask(value: unknown, depth: number, tokensToo = true): unknown {
  if (value === null || typeof value !== 'object' || depth === 0) return value
  if (Array.isArray(value)) return value.map((item) => mask(item, depth - 1, tokensToo))
  const entries = Object.entries(value)
  const variable = (value as { variable?: { name?: unknown } }).variable?.name
  // 1.6: {key: 'AuthorizationKey', value}.
  const { key: setting } = value as { key?: unknown }
  const isSecret = [variable, setting].some((name) => typeof name === 'string' && SECRET_VARIABLE.test(name))
  return Object.fromEntries(
    entries.map(([key, item]) => {
      if (isSecret && SECRET_VALUES.includes(key)) return [key, '[redacted]']
      // Under another name, for a log that drops everything called idToken.
      if (tokensToo && key === 'idToken' && typeof item === 'object' && item !== null && 'idToken' in item)
        return ['tokenShown', ended(item)]
      if (tokensToo && TAGS.has(key) && typeof item === 'string') return [`${key}Shown`, `…${item.slice(-4)}`]
      return [key, mask(item, depth - 1, tokensToo)]
    }),
  )
}

const ended = ({ idToken, type }: { idToken: unknown; type?: unknown }) => `${type ?? ''} …${String(idToken).slice(-4)}`.trim()
