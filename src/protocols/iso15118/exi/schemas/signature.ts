/** XML signatures, as every V2G schema carries them. */
import { grammarOf } from '../grammar.ts'

export const SIGNATURE = `
  TransformType: @Algorithm string, (XPath string | any)*, mixed
  TransformsType: Transform+
  X509IssuerSerialType: X509IssuerName string, X509SerialNumber int
  DigestMethodType: @Algorithm string, any*, mixed
  RSAKeyValueType: Modulus base64, Exponent base64
  CanonicalizationMethodType: @Algorithm string, any*, mixed
  SignatureMethodType: @Algorithm string, HMACOutputLength int?, any*, mixed
  DSAKeyValueType: opaque
  KeyValueType: (DSAKeyValue | RSAKeyValue | any), mixed
  PGPDataType: opaque
  SPKIDataType: opaque
  ReferenceType: @Id string?, @Type string?, @URI string?, Transforms?, DigestMethod, DigestValue base64
  RetrievalMethodType: @Type string?, @URI string?, Transforms?
  X509DataType: (X509IssuerSerial | X509SKI base64 | X509SubjectName string | X509Certificate base64 | X509CRL base64 | any)+
  SignedInfoType: @Id string?, CanonicalizationMethod, SignatureMethod, Reference+
  SignatureValueType: @Id string?, =base64
  KeyInfoType: @Id string?, (KeyName string | KeyValue | RetrievalMethod | X509Data | PGPData | SPKIData | MgmtData string | any)+, mixed
  ObjectType: @Encoding string?, @Id string?, @MimeType string?, any*, mixed
  SignatureType: @Id string?, SignedInfo, SignatureValue, KeyInfo?, Object*
`

/** The names of its global elements, which each schema counts among its own. */
export const SIGNATURE_ELEMENTS = `
  CanonicalizationMethod DSAKeyValue DigestMethod DigestValue KeyInfo KeyName KeyValue Manifest MgmtData Object PGPData RSAKeyValue Reference
  RetrievalMethod SPKIData Signature SignatureMethod SignatureProperties SignatureProperty SignatureValue SignedInfo Transform Transforms X509Data`

/** For the digest over SignedInfo, which is written in the schema of signatures alone. */
export const signatures = () =>
  grammarOf('http://www.w3.org/2000/09/xmldsig#', SIGNATURE, SIGNATURE_ELEMENTS, { SignedInfo: 32, Signature: 27 }, 45)

/** All names in the order of event codes: by code units, not by language. */
export const inOrder = (...names: string[]): string =>
  names
    .flatMap((list) => list.trim().split(/\s+/))
    .sort((a, b) => (a < b ? -1 : 1))
    .join(' ')
