/** What homes declare of their appliances, told beforehand whether it can be kept; and the plan of the community. */
import { type TSchema, Type } from 'typebox'
import {
  type Declared,
  declarationFor,
  declare,
  endDeclaration,
  feasibilityOf,
  latestRound,
  listDeclarations,
  outsetAt,
  planThatCounts,
  profileOf,
  WishSchema,
} from '#community'
import { auditAccount, steers } from '#ems'
import { formatInstant, type Instant } from '#kernel'
import type { Request, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data, onSite, whoOf } from './shape.ts'

export interface CommunityDeclarationParts {
  account: number
  zone: string
  rooms: Rooms
}

const optional = Type.Optional
const closed = { additionalProperties: false }
const At = Type.String({ format: 'date-time' })
const orNull = <Shape extends TSchema>(shape: Shape) => Type.Union([shape, Type.Null()])
const ById = Type.Object({ id: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) })
const Home = Type.String({ minLength: 1, maxLength: 100, description: 'Pseudonym of the participant, as R004.' })
const Feasible = Type.Object({
  possible: Type.Boolean({ description: 'False when its deadline cannot be kept; it is said what can.' }),
  earliestStart: orNull(At),
  latestStart: orNull(At),
  earliestEnd: orNull(At),
  says: Type.Array(Type.String()),
})
const DeclaredShape = Type.Object({
  id: Type.Integer(),
  appliance: Type.Integer(),
  home: orNull(Type.String()),
  type: Type.Integer(),
  wish: WishSchema,
  declaredAt: At,
})
const Planned = Type.Object({
  start: Type.Optional(At),
  end: Type.Optional(At),
  because: Type.String(),
})

/** Reading is for those who may read the site, declaring for those who may steer it. */
export const communityDeclarationRoutes =
  ({ account, zone, rooms }: CommunityDeclarationParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const read = { onRequest: [authenticate, onSite(account, 'read')] }
    const write = { onRequest: [authenticate, onSite(account, 'update'), requirePermission(steers)] }
    const tags = ['community']
    const at = (moment: Instant | undefined) => (moment === undefined ? null : formatInstant(moment, zone))
    const shown = ({ declaredAt, ...same }: Declared) => ({ ...same, declaredAt: formatInstant(declaredAt, zone) })
    const note = (request: Request, event: string) => auditAccount(rooms.store, rooms.clock.now(), whoOf(request), event, { account })

    app.get(
      '/community/declarations',
      {
        ...read,
        schema: {
          ...{ tags, summary: 'Declarations that count, with when the plan starts them and what there is to say of them' },
          querystring: Type.Object({ home: optional(Home) }, closed),
          response: {
            200: Data(Type.Array(Type.Object({ ...DeclaredShape.properties, planned: orNull(Planned), says: Type.Array(Type.String()) }))),
          },
        },
      },
      async ({ query }) => {
        const [declared, round] = await Promise.all([listDeclarations(rooms.store, query.home), latestRound(rooms.store)])
        return {
          data: declared.map((one) => {
            const placed = round?.plan.placements.find(({ id }) => id === String(one.appliance))
            const says = round?.says.filter(({ appliance }) => appliance === one.appliance).map(({ text }) => text) ?? []
            const { start, end, because } = placed ?? {}
            const planned = because === undefined ? null : { ...(start && { start }), ...(end && { end }), because }
            return { ...shown(one), planned, says }
          }),
        }
      },
    )
    app.post(
      '/community/declarations',
      {
        ...write,
        schema: {
          tags,
          summary: 'Declares what is wished of an appliance, in place of what was; tells whether it can be kept',
          body: Type.Object(
            {
              appliance: Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Id of the appliance in the registry.' }),
              wish: WishSchema,
              dryRun: optional(Type.Boolean({ description: 'Only tell whether it can be kept.' })),
            },
            closed,
          ),
          response: {
            200: Data(Type.Object({ feasibility: Feasible })),
            201: Data(Type.Object({ ...DeclaredShape.properties, feasibility: Feasible })),
          },
        },
      },
      async (request, reply) => {
        const { appliance, wish, dryRun = false } = request.body
        const now = rooms.clock.now()
        const declaration = await declarationFor(rooms.store, appliance, wish)
        const profileW = await profileOf(rooms.store, declaration)
        const told = feasibilityOf(declaration, { ...outsetAt(now, zone), profileW })
        const { possible, says, earliestStart, latestStart, earliestEnd } = told
        const feasibility = { possible, says, earliestStart: at(earliestStart), latestStart: at(latestStart), earliestEnd: at(earliestEnd) }
        if (dryRun) return { data: { feasibility } }
        const declared = await declare(rooms.store, declaration, now)
        await note(request, `Declared what is wished of appliance ${appliance}`)
        return reply.code(201).send({ data: { ...shown(declared), feasibility } })
      },
    )
    app.delete(
      '/community/declarations/:id',
      { ...write, schema: { tags, summary: 'Cancels a declaration', params: ById, response: { 200: Data(DeclaredShape) } } },
      async (request) => {
        const ended = await endDeclaration(rooms.store, request.params.id, 'cancelled', rooms.clock.now())
        await note(request, `Cancelled what was wished of appliance ${ended.appliance}`)
        return { data: shown(ended) }
      },
    )
    app.post(
      '/community/declarations/:id/start',
      {
        ...write,
        schema: {
          ...{ tags, summary: 'Somebody starts the appliance now, by hand: no plan waits for it any more' },
          ...{ params: ById, response: { 200: Data(DeclaredShape) } },
        },
      },
      async (request) => {
        const ended = await endDeclaration(rooms.store, request.params.id, 'started', rooms.clock.now())
        await note(request, `Started appliance ${ended.appliance} by hand`)
        return { data: shown(ended) }
      },
    )
    app.get(
      '/community/plan/latest',
      {
        ...read,
        schema: { tags, summary: 'The plan of the community that counts, with its proof and what there is to say of appliances' },
      },
      async () => {
        const { start, madeAt, plan, dropped, says } = await planThatCounts(rooms.store)
        return { data: { start: formatInstant(start, zone), madeAt: formatInstant(madeAt, zone), dropped, says, plan } }
      },
    )
  }
