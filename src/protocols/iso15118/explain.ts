/** Says what bytes of unknown origin are: from a capture, a log, a CSMS that passes certificates through. */
import { isProblem, Problem } from '#kernel'
import { decodeExi, type ExiObject, encodeExi } from './exi/codec.ts'
import { SCHEMAS, type SchemaName, schema } from './exi/schemas.ts'
import { decodeV2gtp, PAYLOAD } from './v2gtp.ts'

export interface Explained {
  schema: SchemaName
  namespace: string
  message: ExiObject
}

const BY_PAYLOAD: Record<number, readonly SchemaName[]> = {
  [PAYLOAD.exi]: ['sap', 'iso2', 'din'],
  [PAYLOAD.main]: ['iso20'],
  [PAYLOAD.ac]: ['iso20-ac'],
  [PAYLOAD.dc]: ['iso20-dc'],
}

/**
 * Every reading of the bytes that writes back as the same bytes, the likeliest first. A V2GTP header is taken off and narrows the choice.
 * @throws Problem exi-unreadable, with why each schema refused
 */
export function explainExi(data: Buffer, only?: SchemaName): Explained[] {
  const isFrame = data.length >= 8 && data[0] === 0x01 && data[1] === 0xfe
  const frame = isFrame ? decodeV2gtp(data) : undefined
  const payload = frame?.payload ?? data
  const names = only ? [only] : ((frame && BY_PAYLOAD[frame.type]) ?? SCHEMAS.filter((name) => name !== 'signature'))
  const found: Explained[] = []
  const refused: string[] = []
  for (const name of names) {
    const grammar = schema(name)
    try {
      const message = decodeExi(grammar, payload)
      if (encodeExi(grammar, message).equals(payload)) found.push({ schema: name, namespace: grammar.namespace, message })
      else refused.push(`${name}: written otherwise`)
    } catch (problem) {
      if (!isProblem(problem)) throw problem
      refused.push(`${name}: ${problem.message}`)
    }
  }
  if (found.length === 0)
    throw new Problem('exi-unreadable', `These ${payload.length} bytes are no message of ISO 15118 or DIN 70121.`, {
      status: 422,
      hint: refused.join(' '),
    })
  return found
}
