/** Firmware as people ask for it, for one station or for many. */
import { type Static, Type } from 'typebox'
import type { CampaignWish } from '#charging'
import { Problem, parseInstant, say } from '#kernel'
import { SAYING } from './saying.ts'
import { At, closed, optional, Text } from './station-desk.ts'

export const Retries = {
  retries: optional(Type.Integer({ minimum: 0, maximum: 100, description: 'How often the station tries again.' })),
  retryInterval: optional(Type.Integer({ minimum: 0, maximum: 86_400, description: 'Seconds between its tries.' })),
}
export const Firmware = Type.Object(
  {
    url: optional(Text('Where the station fetches it.', 512)),
    file: optional(Type.Integer({ description: 'Or the number of a file that was uploaded here.' })),
    retrieveAt: optional(At('Not fetched before; default now.')),
    installAt: optional(At('Not installed before.')),
    signingCertificate: optional(Text('PEM of the certificate that signed it.', 5500)),
    signature: optional(Text('Base64 of the signature over the file.', 800)),
    ...Retries,
  },
  closed,
)

/** What the charging room is asked for. @throws Problem `no-firmware` (422) when neither URL nor file is named */
export function firmwareOrder({ url, file, retrieveAt, installAt, ...rest }: Static<typeof Firmware>): CampaignWish['firmware'] {
  const location = file === undefined ? url : { file }
  if (location === undefined) throw new Problem('no-firmware', say(SAYING.noFirmware), { status: 422, hint: say(SAYING.urlOrFile) })
  return {
    ...rest,
    location,
    ...(retrieveAt === undefined ? {} : { retrieveAt: parseInstant(retrieveAt) }),
    ...(installAt === undefined ? {} : { installAt: parseInstant(installAt) }),
  }
}
