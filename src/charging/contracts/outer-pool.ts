/** A pool of contracts of the market behind HTTP, in the shape of the Open Plug&Charge Protocol: `POST /v1/ccp/signedContractData`. */
import { type Outward, Problem, say } from '#kernel'
import type { ContractPool } from './pool.ts'
import { SAYING } from './saying.ts'

export interface OuterPoolOptions {
  /** Address before /v1/…, without a slash at its end. */
  url: string
  /** Sent as `Authorization: Bearer`. */
  token?: string
  outward: Outward
}

/** The field of the pool's answer that matters. */
interface SignedContractData {
  CCPResponse?: { emaidContent?: { messageDef?: { certificateInstallationRes?: unknown } }[] }
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** Its calls go through the guard for addresses; a private one must be allowed by `security.outwardAllow`. */
export const outerPool = ({ url, token, outward }: OuterPoolOptions): ContractPool => ({
  place: url,
  async answer({ namespace, action, exi }) {
    if (action === 'Update') throw new Problem('pool-refused', say(SAYING.poolNoUpdate), { status: 501 })
    const { status, body } = await outward.call(`${url}/v1/ccp/signedContractData`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ certificateInstallationReq: exi.toString('base64'), xsdMsgDefNamespace: namespace }),
    })
    if (status === 404) throw new Problem('pool-refused', say(SAYING.poolHasNone), { status: 404 })
    if (status !== 200)
      throw new Problem('pool-refused', say(SAYING.poolSilent, { status: String(status) }), { status: 502, retry: 'later' })
    const [content] = (read(body).CCPResponse?.emaidContent ?? []) as NonNullable<SignedContractData['CCPResponse']>['emaidContent'] &
      object
    const answer = content?.messageDef?.certificateInstallationRes
    if (typeof answer !== 'string' || !BASE64.test(answer)) throw new Problem('pool-garbage', say(SAYING.poolGarbage), { status: 502 })
    return { ok: true, exi: Buffer.from(answer, 'base64') }
  },
})

function read(body: Buffer): SignedContractData {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
