import { existsSync, readFileSync } from 'node:fs'
import { Problem } from '#kernel'
import { type ExiObject, encodeExi, explainExi, SCHEMAS, type SchemaName, schema } from '#protocols/iso15118'
import { EXIT, type Verb } from '../verb.ts'

export const chargingExi: Verb = {
  name: 'charging exi',
  summary: 'Reads messages between car and station (ISO 15118, DIN 70121) from their bytes, or writes them.',
  usage: `<decode HEX|FILE | encode JSON|FILE> [--schema ${SCHEMAS.join('|')}]`,
  example: 'cariflex charging exi decode 80400040',
  options: { schema: { type: 'string' } },
  explain: { schema: 'the schema of the message; decoding finds it by itself, encoding too when only one has such a message' },
  async run({ words: [what, source, ...rest], options, show, say }) {
    if ((what !== 'decode' && what !== 'encode') || source === undefined || rest.length > 0)
      throw new Problem('usage', "Say 'decode' with bytes in hexadecimal, or 'encode' with a message in JSON, or a file with either.")
    const only = options['schema'] === undefined ? undefined : nameOf(String(options['schema']))
    if (what === 'encode') {
      const message = jsonOf(existsSync(source) ? readFileSync(source, 'utf8') : source)
      const name = only ?? schemaFor(message)
      const hex = encodeExi(schema(name), message).toString('hex')
      show({ schema: name, namespace: schema(name).namespace, hex }, () => hex)
      return EXIT.ok
    }
    const [first, ...others] = explainExi(bytesOf(source), only)
    if (others.length > 0) say(`It could also be a message of ${others.map(({ namespace }) => namespace).join(', ')}: add --schema.`)
    show(first, () => `${first!.namespace}\n${JSON.stringify(first!.message, null, 2)}`)
    return EXIT.ok
  },
}

function nameOf(text: string): SchemaName {
  const name = SCHEMAS.find((each) => each === text)
  if (!name) throw new Problem('usage', `There is no schema '${text}'.`, { hint: `Known: ${SCHEMAS.join(', ')}.` })
  return name
}

/** Hexadecimal text, or a file with such text or with the bytes themselves. */
function bytesOf(source: string): Buffer {
  const isFile = existsSync(source)
  const content = isFile ? readFileSync(source) : Buffer.from(source)
  const text = content.toString('latin1').replace(/[\s:]|0x/g, '')
  if (/^([0-9a-f]{2})+$/i.test(text)) return Buffer.from(text, 'hex')
  if (isFile) return content
  throw new Problem('usage', 'These are no bytes in hexadecimal, and there is no such file.', { hint: 'Such as 80400040.' })
}

function jsonOf(text: string): ExiObject {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ExiObject
  } catch {
    // Said below.
  }
  throw new Problem('usage', 'The message must be a JSON object with the name of the message as its only field.', {
    hint: 'Such as {"supportedAppProtocolRes":{"ResponseCode":"OK_SuccessfulNegotiation"}}.',
  })
}

function schemaFor(message: ExiObject): SchemaName {
  const [root] = Object.keys(message)
  const names = SCHEMAS.filter((name) => schema(name).roots.some((each) => each.name === root && !each.closed))
  if (names.length === 1) return names[0]!
  throw new Problem(
    'usage',
    names.length === 0 ? `No schema has a message '${root}'.` : `'${root}' is a message of ${names.join(' and ')}.`,
    {
      hint: names.length === 0 ? 'Names are written as in the standard, such as SessionSetupReq.' : 'Add --schema.',
    },
  )
}
