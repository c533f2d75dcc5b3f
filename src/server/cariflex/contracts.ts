/** Contracts of Plug & Charge: the pool that cars ask, and the authority of trials. */
import { Type } from 'typebox'
import type { Charging, KeptContract } from '#charging'
import { auditAsset, type Established, steers } from '#ems'
import { formatInstant, type Instant, parseInstant } from '#kernel'
import { NAMESPACES } from '#protocols/iso15118'
import type { Request, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { onSite, whoOf } from './shape.ts'

export interface ContractRouteParts {
  charging: Charging
  established: Established
  rooms: Rooms
}

const optional = Type.Optional
const closed = { additionalProperties: false } as const
const ByEmaid = Type.Object({ emaid: Type.String({ maxLength: 40, description: 'eMAID; hyphens and check character may be left out.' }) })
const Pcid = Type.String({ pattern: '^[A-Za-z0-9-]{3,32}$', description: 'PCID: the identity of the car in its provisioning certificate.' })
const Because = Type.Object({ because: Type.String({ minLength: 1, maxLength: 200, description: 'Why.' }) }, closed)

/** Routes below `/charging/contracts`. */
export const contractRoutes =
  ({ charging, established, rooms }: ContractRouteParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const { contracts } = charging.security
    const zone = established.territory.site.timezone
    const tags = ['charging']
    const read = { onRequest: [authenticate, onSite(established.account, 'read')] }
    const operate = { onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)] }
    const note = (request: Request, event: string) => auditAsset(rooms.store, rooms.clock.now(), whoOf(request), event, established.site)
    const at = (moment: Instant | null) => (moment === null ? null : formatInstant(moment, zone))
    const stateOf = ({ revokedAt, until, installedAt }: KeptContract) => {
      if (revokedAt !== null) return 'revoked'
      if (until <= rooms.clock.now()) return 'expired'
      return installedAt === null ? 'waiting' : 'installed'
    }
    const shown = (contract: KeptContract) => {
      const { emaid, car, until, installedAt, revokedAt, revokedBecause, createdAt } = contract
      return {
        ...{ emaid, car, state: stateOf(contract), until: at(until), installedAt: at(installedAt) },
        ...{ revokedAt: at(revokedAt), revokedBecause, createdAt: at(createdAt) },
      }
    }

    app.get(
      '/charging/contracts',
      { ...read, schema: { tags, summary: 'Contracts that cars pay by, and the pool where they get them' } },
      async () => {
        const [pool, list] = await Promise.all([contracts.pool(), contracts.list()])
        return { data: { pool: pool ?? null, contracts: list.map(shown) } }
      },
    )
    app.post(
      '/charging/contracts',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Makes a contract for a car, and the badge that pays by it; the car fetches it at a station',
          body: Type.Object(
            {
              emaid: Type.String({ minLength: 1, maxLength: 40, description: 'eMAID; its check character may be left out.' }),
              car: Pcid,
              until: optional(Type.String({ format: 'date-time', description: 'Two years from now unless given.' })),
            },
            closed,
          ),
        },
      },
      async (request, reply) => {
        const { until, ...wish } = request.body
        const data = await contracts.issue({ ...wish, ...(until !== undefined && { until: parseInstant(until) }) })
        await note(request, `Made the contract …${data.emaid.slice(-4)}`)
        return reply.code(201).send({ data: shown(data) })
      },
    )
    app.get(
      '/charging/contracts/:emaid',
      { ...read, schema: { tags, summary: 'A contract with the certificates that cars got of it', params: ByEmaid } },
      async ({ params }) => {
        const { certificates, ...contract } = await contracts.find(params.emaid)
        const told = certificates.map(({ fingerprint, serial, pem, from, until, revokedAt }) => ({
          ...{ fingerprint, serial, pem, from: at(from), until: at(until), revokedAt: at(revokedAt) },
        }))
        return { data: { ...shown(contract), certificates: told } }
      },
    )
    app.post(
      '/charging/contracts/:emaid/revocation',
      {
        ...operate,
        schema: { tags, summary: 'Ends a contract: no car pays by it any more', params: ByEmaid, body: Because },
      },
      async (request) => {
        const data = await contracts.revoke(request.params.emaid, request.body.because)
        await note(request, `Revoked the contract …${data.emaid.slice(-4)}: ${request.body.because}`)
        return { data: shown(data) }
      },
    )
    app.post(
      '/charging/contracts/trial',
      { ...operate, schema: { tags, summary: 'Makes the authority of trials, once, and trusts it; its roots as PEM' } },
      async (request) => {
        const roots = await contracts.trial()
        await note(request, 'Made the authority of trials for contracts')
        return { data: { roots } }
      },
    )
    app.post(
      '/charging/contracts/trial/cars',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Makes the provisioning certificates of a car for trials, with their keys, which are kept nowhere',
          body: Type.Object({ car: Pcid }, closed),
        },
      },
      async (request, reply) => {
        const data = await contracts.trialCar(request.body.car)
        await note(request, `Made the car '${request.body.car}' for trials`)
        return reply.code(201).send({ data })
      },
    )
    app.post(
      '/charging/contracts/v1/ccp/signedContractData',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Our pool for the cars of another platform, in the shape of the Open Plug&Charge Protocol; 404 when it has no contract',
          body: Type.Object({
            certificateInstallationReq: Type.String({ minLength: 1, maxLength: 20_000, description: 'EXI of the request, base64.' }),
            xsdMsgDefNamespace: Type.String({ maxLength: 100, description: `Version of ISO 15118, e.g. ${NAMESPACES.iso2}.` }),
          }),
        },
      },
      async (request, reply) => {
        const { certificateInstallationReq, xsdMsgDefNamespace: namespace } = request.body
        const answer = await contracts.own.answer({ namespace, action: 'Install', exi: Buffer.from(certificateInstallationReq, 'base64') })
        const certificateInstallationRes = Buffer.from(answer.exi).toString('base64')
        return reply.code(answer.ok ? 200 : 404).send({
          CCPResponse: { emaidContent: answer.ok ? [{ messageDef: { certificateInstallationRes } }] : [] },
          xsdMsgDefNamespace: namespace,
        })
      },
    )
  }
