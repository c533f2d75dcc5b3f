/** Signed meter values in what a station sent: who encoded them, so that they can be checked with the tool of the meter's maker. */
export interface SignedValue {
  at: string
  context: string
  /** The encoding, such as OCMF or EDL. */
  method: string
  data: string
  /** What it was signed with, where the station says so. */
  signing?: string
  publicKey?: string
}

type Json = Record<string, unknown>

/** Every signed value in the events of a session, first to last. */
export function signedValues(events: readonly { at: string; payload: Json }[]): SignedValue[] {
  const found: SignedValue[] = []
  const walk = (value: unknown, at: string, context: string): void => {
    if (Array.isArray(value)) {
      for (const each of value) walk(each, at, context)
      return
    }
    if (typeof value !== 'object' || value === null) return
    const here = value as Json
    const when = typeof here['timestamp'] === 'string' ? here['timestamp'] : at
    const what = typeof here['context'] === 'string' ? here['context'] : context
    if (typeof here['signedMeterData'] === 'string') {
      const { signingMethod: signing, publicKey } = here
      found.push({
        ...{ at: when, context: what, method: String(here['encodingMethod'] ?? ''), data: here['signedMeterData'] },
        ...(typeof signing === 'string' && signing !== '' ? { signing } : {}),
        ...(typeof publicKey === 'string' && publicKey !== '' ? { publicKey } : {}),
      })
    }
    // 1.6 has the whole of it in `value`, told by its format.
    else if (here['format'] === 'SignedData' && typeof here['value'] === 'string')
      found.push({ at: when, context: what, method: 'SignedData', data: here['value'] })
    for (const inner of Object.values(here)) walk(inner, when, what)
  }
  for (const { at, payload } of events) walk(payload, at, '')
  return found
}

/** What a value says in plain text (OCMF is text, in Base64 or as it is); undefined: it is not text. */
export function plainText({ data }: SignedValue): string | undefined {
  if (data.startsWith('OCMF|')) return data
  if (!/^[A-Za-z0-9+/]+=*$/.test(data) || data.length % 4 !== 0) return undefined
  const text = atob(data)
  return /^[\x20-\x7e\r\n\t]+$/.test(text) ? text : undefined
}
