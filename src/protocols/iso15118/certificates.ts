/** Chains of certificates as messages carry them, and what is read in one. */
import { createHash, X509Certificate } from 'node:crypto'

interface Chain {
  Certificate: string
  SubCertificates?: { Certificate: string[] }
}

/** The leaf first, DER in base64. */
export const chainOf = ({ Certificate, SubCertificates }: Chain): string[] => [Certificate, ...(SubCertificates?.Certificate ?? [])]

export const chainElement = ([Certificate = '', ...others]: readonly string[]): Chain => ({
  Certificate,
  ...(others.length > 0 && { SubCertificates: { Certificate: others } }),
})

/** @throws when one is no certificate */
export const certificatesOf = (chain: readonly string[]): X509Certificate[] =>
  chain.map((der) => new X509Certificate(Buffer.from(der, 'base64')))

/** PCID or eMAID. Names may stand in parts of their own or together in one. */
export const commonNameOf = ({ subject }: X509Certificate): string => /(?:^|\+ )CN=([^\n+]+?)(?: \+|$)/m.exec(subject)?.[1] ?? ''

/** Roots that a car knows, as requests list them. */
export const rootList = (roots: readonly { issuer: string; serial: string }[]) => ({
  RootCertificateID: roots.map(({ issuer, serial }) => ({ X509IssuerName: issuer, X509SerialNumber: BigInt(`0x${serial}`).toString() })),
})

const SUBJECT_KEY_IDENTIFIER = Buffer.from('0603551d0e', 'hex')

/** The subject key identifier in capital hexadecimal digits: that of the extension, else the SHA-1 of the public key. */
export function keyIdentifierOf({ raw, publicKey }: X509Certificate): string {
  const at = raw.indexOf(SUBJECT_KEY_IDENTIFIER)
  // An octet string inside the octet string of the extension.
  const start = at + SUBJECT_KEY_IDENTIFIER.length + 4
  const told = at >= 0 && raw[start - 4] === 4 && raw[start - 2] === 4 ? raw.subarray(start, start + raw[start - 1]!) : undefined
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  return (told ?? createHash('sha1').update(point).digest()).toString('hex').toUpperCase()
}
