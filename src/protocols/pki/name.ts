/** Distinguished names: the few fields that certificates of stations, cars and contracts carry. */
import { IA5String, PrintableString, Utf8String } from 'asn1js'
import { AttributeTypeAndValue, RelativeDistinguishedNames } from 'pkijs'

export interface Subject {
  commonName: string
  organization?: string
  country?: string
  /** DC; ISO 15118 writes the role there: CPO, MO, OEM, V2G, CPS. */
  domain?: string
  serialNumber?: string
}

const FIELDS = [
  ['country', '2.5.4.6'],
  ['organization', '2.5.4.10'],
  ['commonName', '2.5.4.3'],
  ['serialNumber', '2.5.4.5'],
  ['domain', '0.9.2342.19200300.100.1.25'],
] as const

export function writeName(subject: Subject): RelativeDistinguishedNames {
  const typesAndValues = FIELDS.flatMap(([field, type]) => {
    const value = subject[field]
    if (value === undefined) return []
    const text =
      field === 'domain' ? new IA5String({ value }) : field === 'country' ? new PrintableString({ value }) : new Utf8String({ value })
    return [new AttributeTypeAndValue({ type, value: text })]
  })
  return new RelativeDistinguishedNames({ typesAndValues })
}

/** What a name says of the fields we know; '' as common name when there is none. */
export function readName(name: RelativeDistinguishedNames): Subject {
  const found: Record<string, string> = {}
  for (const { type, value } of name.typesAndValues) {
    const field = FIELDS.find(([, oid]) => oid === type)?.[0]
    const text: unknown = value.valueBlock.value
    if (field && found[field] === undefined && typeof text === 'string') found[field] = text
  }
  return { commonName: '', ...found }
}

/** 'CN=CP001, O=Cariflex', for people. */
export const sayName = ({ commonName, organization, country, domain, serialNumber }: Subject): string =>
  Object.entries({ CN: commonName, O: organization, C: country, DC: domain, serialNumber })
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([field, value]) => `${field}=${value}`)
    .join(', ')
