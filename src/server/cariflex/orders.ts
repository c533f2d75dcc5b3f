/** Plans, setpoints, limits and overrides: what the line of a site decided, and what people may tell it. */
import { Type } from 'typebox'
import { auditAsset, type Line, planView } from '#ems'
import { DAY, Problem, parseInstant, say } from '#kernel'
import type { Request, Routes } from '../app.ts'
import type { Identity } from '../identity.ts'
import { SAYING } from './saying.ts'
import { Data, endOf, Moment, onSite, whoOf } from './shape.ts'

const Nullable = (shape: ReturnType<typeof Type.Number> | ReturnType<typeof Type.String>) => Type.Union([shape, Type.Null()])
const Setpoint = Type.Object({
  device: Type.String(),
  asset: Type.Integer(),
  powerKw: Type.Number({ description: 'kW, consumption positive' }),
  at: Moment,
  until: Moment,
  because: Type.String(),
  rung: Type.String({ description: 'safety | grid | contract | override | plan' }),
  receipt: Type.Union([
    Type.Object({
      outcome: Type.String({ description: 'obeyed | clipped | refused | silent, judged from what the device measured' }),
      powerKw: Nullable(Type.Number()),
      at: Moment,
      why: Nullable(Type.String()),
    }),
    Type.Null(),
  ]),
})
const LimitShape = Type.Object({
  id: Type.String(),
  asset: Type.Integer(),
  rung: Type.String(),
  from: Moment,
  until: Moment,
  because: Type.String(),
  maxKw: Nullable(Type.Number()),
  minKw: Nullable(Type.Number()),
  scope: Type.String(),
  origin: Type.String(),
})
const PostedLimit = Type.Object(
  {
    asset: Type.Optional(Type.Integer({ description: 'A device, or the site (default).' })),
    from: Type.Optional(Moment),
    until: Type.Optional(Moment),
    duration: Type.Optional(Type.String({ description: 'ISO 8601, instead of until' })),
    maxKw: Type.Optional(Type.Number({ description: 'Most that may be consumed, kW' })),
    minKw: Type.Optional(Type.Number({ description: 'Lowest power; negative allows so much production, kW' })),
    rung: Type.Optional(
      Type.Union([Type.Literal('grid'), Type.Literal('contract')], {
        description: 'Whose limit it is; grid unless said, which goes before contract.',
      }),
    ),
    scope: Type.Optional(
      Type.Union([Type.Literal('flexible-consumption'), Type.Literal('site-net')], {
        description: 'What is limited: the flexible devices together, or the site at its meter.',
      }),
    ),
    because: Type.Optional(Type.String({ maxLength: 300, description: 'Reason that people read.' })),
  },
  { additionalProperties: false },
)
const OverrideShape = Type.Object({
  id: Type.String(),
  device: Type.String(),
  asset: Type.Integer(),
  powerKw: Type.Number(),
  from: Moment,
  until: Moment,
  because: Type.String(),
  owner: Type.String(),
})
const PostedOverride = Type.Object(
  {
    device: Type.String({ description: 'Id of the device.' }),
    powerKw: Type.Number({ description: 'kW, consumption positive' }),
    until: Type.Optional(Moment),
    duration: Type.Optional(Type.String({ description: 'ISO 8601, instead of until.' })),
    because: Type.Optional(Type.String({ maxLength: 300, description: 'Reason that people read.' })),
  },
  { additionalProperties: false },
)
const Id = Type.Object({ id: Type.String() })

/** Routes of one line; `account` owns the site. */
export const orderRoutes =
  (line: Line, account: number, identity: Identity): Routes =>
  (app) => {
    const { site, clock } = line
    const guard = (action: 'read' | 'update') => ({ onRequest: [identity.authenticate, onSite(account, action)] })
    const read = guard('read')
    const write = guard('update')
    const note = (request: Request, event: string, asset: number) => auditAsset(line.store, clock.now(), whoOf(request), event, asset)

    app.get(
      '/plans/latest',
      {
        ...read,
        schema: {
          tags: ['plans'],
          summary: 'The newest plan',
          querystring: Type.Object({ asset: Type.Optional(Type.Integer({ description: 'Only the part of this asset.' })) }),
        },
      },
      async (request) => {
        const plan = await line.plans.latest(site.asset, clock.now())
        if (!plan)
          throw new Problem('no-plan', say(SAYING.noPlan), {
            status: 404,
            retry: 'later',
            hint: say(SAYING.planSoon),
          })
        return { data: planView(plan, site.zone, request.query.asset) }
      },
    )
    app.get(
      '/setpoints',
      {
        ...read,
        schema: {
          tags: ['setpoints'],
          summary: 'Orders with reason and receipt; without a period those in force, one a device',
          querystring: Type.Object({
            device: Type.Optional(Type.String({ description: 'Only orders of this device.' })),
            asset: Type.Optional(Type.Integer({ description: 'Only orders of the device of this asset.' })),
            from: Type.Optional(Type.String({ description: 'Orders since, ISO 8601 with offset.' })),
            to: Type.Optional(Type.String({ description: 'Orders until, ISO 8601 with offset.' })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000, description: 'So many at most.' })),
          }),
          response: { 200: Data(Type.Array(Setpoint)) },
        },
      },
      async ({ query: { from, to, ...filter } }) => ({
        data: await line.setpoints.views(
          { ...filter, ...(from !== undefined && { from: parseInstant(from) }), ...(to !== undefined && { to: parseInstant(to) }) },
          clock.now(),
        ),
      }),
    )
    app.get(
      '/limits',
      {
        ...read,
        schema: {
          tags: ['limits'],
          summary: 'Limits in force (and, with ahead=true, those announced for a day)',
          querystring: Type.Object({ ahead: Type.Optional(Type.Boolean({ description: 'Also those announced for the day to come.' })) }),
          response: { 200: Data(Type.Array(LimitShape)) },
        },
      },
      async (request) => ({ data: await line.limits.views(request.query.ahead ? DAY : 0) }),
    )
    app.post(
      '/limits',
      { ...write, schema: { tags: ['limits'], summary: 'Posts a limit', body: PostedLimit, response: { 201: Data(LimitShape) } } },
      async (request, reply) => {
        const { from, until, duration, ...posted } = request.body
        const start = from === undefined ? clock.now() : parseInstant(from)
        const end = endOf({ ...(until !== undefined && { until }), ...(duration !== undefined && { duration }) }, start, site.zone)
        const data = await line.limits.post({ ...posted, from: start, until: end, origin: `user ${whoOf(request).email}` })
        await note(request, `Posted limit '${data.because}': ${data.id}`, data.asset)
        return reply.code(201).send({ data })
      },
    )
    app.delete(
      '/limits/:id',
      { ...write, schema: { tags: ['limits'], summary: 'Ends a posted limit', params: Id } },
      async (request, reply) => {
        await line.limits.end(request.params.id)
        await note(request, `Ended limit: ${request.params.id}`, site.asset)
        return reply.code(204).send()
      },
    )
    app.get(
      '/overrides',
      {
        ...read,
        schema: { tags: ['overrides'], summary: "Owners' overrides in force", response: { 200: Data(Type.Array(OverrideShape)) } },
      },
      async () => ({
        data: await line.overrides.views(),
      }),
    )
    app.post(
      '/overrides',
      {
        ...write,
        schema: {
          tags: ['overrides'],
          summary: 'Orders a power by hand until a moment',
          body: PostedOverride,
          response: { 201: Data(OverrideShape) },
        },
      },
      async (request, reply) => {
        const { until, duration, ...posted } = request.body
        const end = endOf({ ...(until !== undefined && { until }), ...(duration !== undefined && { duration }) }, clock.now(), site.zone)
        const data = await line.overrides.post({ ...posted, until: end, owner: whoOf(request).email })
        await note(request, `Ordered ${data.powerKw} kW for '${data.device}' until ${data.until}: ${data.id}`, data.asset)
        return reply.code(201).send({ data })
      },
    )
    app.delete(
      '/overrides/:id',
      { ...write, schema: { tags: ['overrides'], summary: 'Takes an override back', params: Id } },
      async (request, reply) => {
        await line.overrides.undo(request.params.id, whoOf(request).email)
        await note(request, `Took back override: ${request.params.id}`, site.asset)
        return reply.code(204).send()
      },
    )
  }
