/** The handshake that begins every session: which protocols the vehicle speaks, which one the station takes. */
import { grammarOf } from '../grammar.ts'

export const appProtocol = () =>
  grammarOf(
    'urn:iso:15118:2:2010:AppProtocol',
    `
    responseCodeType = OK_SuccessfulNegotiation | OK_SuccessfulNegotiationWithMinorDeviation | Failed_NoNegotiation
    AppProtocolType: ProtocolNamespace string(100), VersionNumberMajor uint, VersionNumberMinor uint, SchemaID bits(0,255), Priority bits(1,20)
    supportedAppProtocolReqType: AppProtocol{1,20}
    supportedAppProtocolResType: ResponseCode responseCodeType, SchemaID bits(0,255)?
    `,
    'supportedAppProtocolReq supportedAppProtocolRes',
  )
