/** The handshake: the car offers protocols by priority, the station takes the first it speaks. */
import { Problem } from '#kernel'
import type { Channel } from './channel.ts'
import type { SapMessages } from './messages.gen.ts'
import { NAMESPACES, type Protocol } from './parties.ts'
import { TIMING } from './timing.ts'

const VERSIONS: Record<Protocol, [number, number]> = { din: [2, 0], iso2: [2, 0], 'iso20-ac': [1, 0], 'iso20-dc': [1, 0] }

/** Car: offers and returns what was taken. @throws Problem v2g-no-protocol */
export async function offerProtocols(channel: Channel, protocols: readonly Protocol[]): Promise<Protocol> {
  const AppProtocol = protocols.map((protocol, index) => ({
    ProtocolNamespace: NAMESPACES[protocol],
    VersionNumberMajor: VERSIONS[protocol][0],
    VersionNumberMinor: VERSIONS[protocol][1],
    SchemaID: index + 1,
    Priority: index + 1,
  }))
  channel.send('sap', { supportedAppProtocolReq: { AppProtocol } })
  const { message } = await channel.receive(TIMING.handshake, 'The answer to the handshake')
  const { supportedAppProtocolRes: answer } = message as Partial<SapMessages>
  const taken = answer?.ResponseCode.startsWith('OK') ? protocols[(answer.SchemaID ?? 0) - 1] : undefined
  if (!taken) throw new Problem('v2g-no-protocol', 'The station speaks none of the protocols of the car.', { status: 502 })
  return taken
}

/** Station: takes the best offer it speaks, whose minor version may differ. @throws Problem v2g-no-protocol after telling the car */
export async function takeProtocol(channel: Channel, spoken: readonly Protocol[]): Promise<Protocol> {
  const { message } = await channel.receive(TIMING.handshake, 'The handshake')
  const { supportedAppProtocolReq: request } = message as Partial<SapMessages>
  const offers = [...(request?.AppProtocol ?? [])].sort((a, b) => a.Priority - b.Priority)
  for (const offer of offers) {
    const taken = spoken.find((protocol) => NAMESPACES[protocol] === offer.ProtocolNamespace)
    if (!taken || VERSIONS[taken][0] !== offer.VersionNumberMajor) continue
    const isExact = VERSIONS[taken][1] === offer.VersionNumberMinor
    const ResponseCode = isExact ? 'OK_SuccessfulNegotiation' : 'OK_SuccessfulNegotiationWithMinorDeviation'
    channel.send('sap', { supportedAppProtocolRes: { ResponseCode, SchemaID: offer.SchemaID } })
    return taken
  }
  channel.send('sap', { supportedAppProtocolRes: { ResponseCode: 'Failed_NoNegotiation' } })
  const offered = offers.map((offer) => offer.ProtocolNamespace).join(', ') || 'nothing'
  throw new Problem('v2g-no-protocol', `The car speaks ${offered}, none of which is spoken here.`, { status: 502 })
}
