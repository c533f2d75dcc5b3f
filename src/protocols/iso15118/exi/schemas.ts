/** The schemas by name, each compiled when first used. */
import type { Grammar } from './grammar.ts'
import { appProtocol } from './schemas/app-protocol.ts'
import { din } from './schemas/din.ts'
import { iso2 } from './schemas/iso2.ts'
import { iso20Ac } from './schemas/iso20-ac.ts'
import { iso20Dc } from './schemas/iso20-dc.ts'
import { iso20Common } from './schemas/iso20-main.ts'
import { signatures } from './schemas/signature.ts'

const MAKERS = { sap: appProtocol, din, iso2, iso20: iso20Common, 'iso20-ac': iso20Ac, 'iso20-dc': iso20Dc, signature: signatures }

export type SchemaName = keyof typeof MAKERS
export const SCHEMAS = Object.keys(MAKERS) as SchemaName[]

const made = new Map<SchemaName, Grammar>()

/** The grammar of a schema. */
export function schema(name: SchemaName): Grammar {
  let grammar = made.get(name)
  if (!grammar) {
    grammar = MAKERS[name]()
    made.set(name, grammar)
  }
  return grammar
}
