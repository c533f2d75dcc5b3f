/** Certificates, passwords and security profiles of stations, and the roots that are trusted. */
import { Type } from 'typebox'
import {
  type Charging,
  INSTALLED_USES,
  type InstalledCertificate,
  type KeptCertificate,
  type KeptRevocationList,
  ROOT_USES,
} from '#charging'
import { auditAsset, type Established, steers } from '#ems'
import { formatInstant } from '#kernel'
import type { Request, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { onSite, whoOf } from './shape.ts'

export interface StationSecurityParts {
  charging: Charging
  established: Established
  rooms: Rooms
}

const optional = Type.Optional
const closed = { additionalProperties: false } as const
const words = <const Words extends readonly string[]>(list: Words, description: string) =>
  Type.Union(
    list.map((word) => Type.Literal(word as Words[number])),
    { description },
  )
const Identity = Type.Object({ identity: Type.String({ description: 'Identity of the station: the last part of its URL.' }) })
const Fingerprint = Type.Object({
  fingerprint: Type.String({ pattern: '^[0-9A-Fa-f]{64}$', description: 'SHA-256 of the certificate, hex.' }),
})
const Pem = Type.String({ minLength: 1, maxLength: 20_000, description: 'The certificate as PEM.' })
const List = Type.String({ minLength: 1, maxLength: 1_000_000, description: 'The list as PEM.' })
const ListUrl = Type.String({ pattern: '^https?://', maxLength: 500, description: 'Where it is, and the next ones are (PEM or DER).' })
const KINDS = ['authority', 'server', 'station', 'v2g', 'root'] as const
const SIGNABLE = ['ChargingStationCertificate', 'V2GCertificate', 'SignCombinedCertificate'] as const

/** Routes below `/charging/certificates` and `/stations/<identity>`. */
export const stationSecurityRoutes =
  ({ charging, established, rooms }: StationSecurityParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const { security } = charging
    const zone = established.territory.site.timezone
    const tags = ['charging']
    const read = { onRequest: [authenticate, onSite(established.account, 'read')] }
    const operate = { onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)] }
    const note = (request: Request, event: string, identity?: string) => {
      const asset = identity === undefined ? established.site : (charging.station(identity).record.asset ?? established.site)
      return auditAsset(rooms.store, rooms.clock.now(), whoOf(request), event, asset)
    }
    const shown = ({ from, until, revokedAt, createdAt, ...rest }: KeptCertificate) => ({
      ...rest,
      from: formatInstant(from, zone),
      until: formatInstant(until, zone),
      revokedAt: revokedAt === null ? null : formatInstant(revokedAt, zone),
      createdAt: formatInstant(createdAt, zone),
    })
    const listed = ({ from, until, receivedAt, ...rest }: KeptRevocationList) => ({
      ...rest,
      from: formatInstant(from, zone),
      until: until === null ? null : formatInstant(until, zone),
      receivedAt: formatInstant(receivedAt, zone),
    })
    const told = ({ toldAt, ...rest }: InstalledCertificate) => ({ ...rest, toldAt: formatInstant(toldAt, zone) })

    app.get(
      '/charging/certificates',
      {
        ...read,
        schema: {
          tags,
          summary: 'Certificates that we issued or trust, newest first',
          querystring: Type.Object({
            kind: optional(words(KINDS, 'Only of this kind.')),
            station: optional(Type.String({ description: 'Only of this station.' })),
          }),
        },
      },
      async ({ query }) => ({ data: (await security.certificates(query)).map(shown) }),
    )
    app.post(
      '/charging/certificates',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Trusts a root certificate',
          body: Type.Object(
            {
              pem: Pem,
              uses: Type.Array(words(ROOT_USES, 'What it vouches for.'), {
                minItems: 1,
                maxItems: ROOT_USES.length,
                description: 'What it vouches for: contracts (MO), cars (OEM), stations (Manufacturer) …',
              }),
            },
            closed,
          ),
        },
      },
      async (request, reply) => {
        const data = await security.trust(request.body.pem, request.body.uses)
        await note(request, `Trusted the root '${data.subject}' for ${request.body.uses.join(', ')}`)
        return reply.code(201).send({ data: shown(data) })
      },
    )
    app.post(
      '/charging/certificates/:fingerprint/revocation',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Takes a certificate back, for good; a station that came with it is disconnected',
          params: Fingerprint,
          body: Type.Object({ because: Type.String({ minLength: 1, maxLength: 200, description: 'Why.' }) }, closed),
        },
      },
      async (request) => {
        const data = await security.revoke(request.params.fingerprint, request.body.because)
        await note(request, `Revoked the certificate '${data.subject}': ${request.body.because}`)
        return { data: shown(data) }
      },
    )
    app.get(
      '/charging/certificates/authority',
      { ...read, schema: { tags, summary: 'Root of our own authority, which stations must trust (PEM)' } },
      async () => ({ data: { pem: await security.roots() } }),
    )
    app.get(
      '/charging/certificates/revoked',
      { ...read, schema: { tags, summary: 'Revocation list of our own authority (PEM)' } },
      async () => ({ data: { pem: await security.revocationList() } }),
    )

    app.get(
      '/charging/certificates/revocation-lists',
      { ...read, schema: { tags, summary: 'Revocation lists of other authorities, the newest of each' } },
      async () => ({ data: (await security.revocation.list()).map(listed) }),
    )
    app.post(
      '/charging/certificates/revocation-lists',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Takes in the revocation list of another authority, in place of its last one',
          body: Type.Union(
            [Type.Object({ pem: List, issuer: optional(Pem) }, closed), Type.Object({ url: ListUrl, issuer: optional(Pem) }, closed)],
            {
              description: 'The list itself or its address, and the certificates between its signer and a trusted root, if there are any.',
            },
          ),
        },
      },
      async (request, reply) => {
        const data = await security.revocation.add(request.body)
        await note(request, `Took in the revocation list of '${data.issuer}': ${data.revoked} certificates`)
        return reply.code(201).send({ data: listed(data) })
      },
    )
    app.delete(
      '/charging/certificates/revocation-lists/:fingerprint',
      {
        ...operate,
        schema: { tags, summary: 'Forgets a revocation list, by its signer: what it took back counts again', params: Fingerprint },
      },
      async (request) => {
        const data = await security.revocation.remove(request.params.fingerprint)
        await note(request, `Removed the revocation list of '${data.issuer}'`)
        return { data: listed(data) }
      },
    )

    app.get(
      '/stations/:identity/certificates',
      {
        ...read,
        schema: {
          tags,
          summary: 'Certificates issued to a station, and those it said it holds',
          params: Identity,
        },
      },
      async ({ params: { identity } }) => {
        charging.station(identity)
        const [issued, installed] = await Promise.all([security.certificates({ station: identity }), security.installed.last(identity)])
        return { data: { issued: issued.map(shown), installed: installed.map(told) } }
      },
    )
    app.post(
      '/stations/:identity/certificates/inventory',
      {
        ...operate,
        schema: { tags, summary: 'Asks a station which roots it holds', params: Identity },
      },
      async ({ params }) => ({ data: (await security.installed.ask(charging.station(params.identity))).map(told) }),
    )
    app.post(
      '/stations/:identity/certificates',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Installs a root certificate on a station; its status word comes back',
          params: Identity,
          body: Type.Object(
            {
              use: words(INSTALLED_USES, 'What the station shall trust it for.'),
              pem: optional(
                Type.String({ minLength: 1, maxLength: 20_000, description: 'The root as PEM; that of our own authority unless given.' }),
              ),
            },
            closed,
          ),
        },
      },
      async (request) => {
        const { params, body } = request
        const status = await security.installed.install(charging.station(params.identity), body.use, body.pem ?? (await security.roots()))
        await note(request, `Installed a ${body.use} on station '${params.identity}': ${status}`, params.identity)
        return { data: { status } }
      },
    )
    app.delete(
      '/stations/:identity/certificates/:position',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Removes a root from a station, by its position in the list; the status word comes back',
          params: Type.Intersect([Identity, Type.Object({ position: Type.Integer({ minimum: 1, description: 'Position in its list.' }) })]),
        },
      },
      async (request) => {
        const { identity, position } = request.params
        const status = await security.installed.remove(charging.station(identity), position)
        await note(request, `Removed certificate ${position} from station '${identity}': ${status}`, identity)
        return { data: { status } }
      },
    )
    app.post(
      '/stations/:identity/certificates/signing',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Lets a station make a new key and have it signed; the certificate follows',
          params: Identity,
          body: Type.Object({ kind: optional(words(SIGNABLE, 'ChargingStationCertificate unless said.')) }, closed),
        },
      },
      async (request) => {
        const { kind = 'ChargingStationCertificate' } = request.body
        const status = await security.signing.ask(charging.station(request.params.identity), kind)
        await note(request, `Asked station '${request.params.identity}' to renew its ${kind}: ${status}`, request.params.identity)
        return { data: { status } }
      },
    )
    app.post(
      '/stations/:identity/password',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Sends a station a new password, which is shown once',
          params: Identity,
          body: Type.Object(
            {
              password: optional(Type.String({ minLength: 1, maxLength: 40, description: '16 to 40 characters; invented unless given.' })),
            },
            closed,
          ),
        },
      },
      async (request) => {
        const { identity } = request.params
        const data = await security.passwords.change(charging.station(identity), request.body.password)
        await note(request, `Changed the password of station '${identity}': ${data.status}`, identity)
        return { data }
      },
    )
    app.post(
      '/stations/:identity/security-profile',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Brings a station to a higher security profile; once it came with it, the lower ones are over',
          params: Identity,
          body: Type.Object(
            {
              profile: Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(3)], {
                description: '1 password, 2 encrypted, 3 certificate of its own.',
              }),
              url: optional(
                Type.String({ pattern: '^wss?://', maxLength: 512, description: 'Where it shall connect; our own port unless given.' }),
              ),
              slot: optional(
                Type.Integer({
                  minimum: 1,
                  maximum: 20,
                  description: 'Its configuration slot; 1 or 2, whichever is not in use, unless given.',
                }),
              ),
            },
            closed,
          ),
        },
      },
      async (request) => {
        const { identity } = request.params
        const data = await security.profiles.raise(charging.station(identity), request.body)
        await note(request, `Brought station '${identity}' to security profile ${request.body.profile}: ${data.status}`, identity)
        return { data }
      },
    )
  }
