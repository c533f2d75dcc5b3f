/** All automations one may see, whatever their asset, with how the last run ended; and what a cron string means before it is kept. */
import { type Static, Type } from 'typebox'
import {
  AUTOMATION_TYPES,
  type AutomationView,
  auditAsset,
  automationsInView,
  demand,
  describeCron,
  nextRuns,
  permits,
  readableAccounts,
} from '#ems'
import { formatInstant, Problem, say } from '#kernel'
import type { App } from '../app.ts'
import { automationWork } from '../flexmeasures/automation-work.ts'
import { zoneOf } from '../flexmeasures/automations.ts'
import type { Rooms } from '../rooms.ts'
import { SAYING } from './saying.ts'
import { Data, Moment, reads, whoOf } from './shape.ts'

const closed = { additionalProperties: false }
const tags = ['automations']
const Maybe = (shape: Parameters<typeof Type.Union>[0][number]) => Type.Union([shape, Type.Null()])
const Shown = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  type: Type.Unsafe<AutomationView['type']>({ type: 'string', enum: [...AUTOMATION_TYPES] }),
  asset: Type.Integer(),
  assetName: Type.String(),
  cron: Type.String(),
  words: Type.String({ description: 'The cron string in words.' }),
  timezone: Type.String(),
  active: Type.Boolean(),
  next: Maybe(Moment),
  outputs: Type.Array(Type.Object({ sensor: Type.Integer(), name: Type.String() })),
  jobs: Type.Integer({ description: 'Jobs it has made.' }),
  problem: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'Why the last run made no job.' }),
  parameters: Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
  mayChange: Type.Boolean({ description: 'Whether the asker may change it.' }),
  last: Maybe(
    Type.Object({
      job: Type.String(),
      due: Moment,
      status: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'Of its job; null when it was forgotten.' }),
      problem: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'Why its job failed.' }),
    }),
  ),
})
const language = Type.Union([Type.Literal('en'), Type.Literal('fr')], { default: 'en', description: 'Of the words, default en.' })
const List = Type.Object(
  {
    asset: Type.Optional(Type.Integer({ description: 'Only those of this asset.' })),
    active: Type.Optional(Type.Boolean({ description: 'Only those that run, or that rest.' })),
    language: Type.Optional(language),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100, description: 'Automations of a page.' })),
    offset: Type.Optional(Type.Integer({ minimum: 0, default: 0, description: 'Automations before the page.' })),
  },
  closed,
)
const Preview = Type.Object(
  {
    cron: Type.String({ maxLength: 200, description: 'Five fields, as an automation has them.' }),
    asset: Type.Integer({ description: 'The asset it will belong to.' }),
    timezone: Type.Optional(Type.String({ maxLength: 80, description: 'That of the asset unless said.' })),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 20, default: 5, description: 'Runs to tell.' })),
    language: Type.Optional(language),
  },
  closed,
)

export function automationRoutes(app: App, rooms: Rooms): void {
  const { automations, assets, store, clock } = rooms
  app.get(
    '/automations',
    {
      schema: {
        tags,
        summary: 'Automations of every asset one may read',
        querystring: List,
        response: { 200: Type.Object({ data: Type.Array(Shown), total: Type.Integer() }) },
      },
    },
    async (request) => {
      const who = whoOf(request)
      const { asset, active, limit = 100, offset = 0, language = 'en' } = request.query
      const { rows, total } = await automationsInView(
        store,
        { accounts: readableAccounts(who), ...(asset !== undefined && { asset }), ...(active !== undefined && { active }) },
        { limit, offset },
      )
      const view = (one: AutomationView): Static<typeof Shown> => {
        const at = (moment: Parameters<typeof formatInstant>[0]) => formatInstant(moment, one.timezone)
        const next = automations.nextRun(one)
        const { id, name, type, assetName, cron, timezone, jobs, problem, outputs, parameters, account, consultancy } = one
        return {
          ...{ id, name, type, asset: one.asset, assetName, cron, words: describeCron(cron, language), timezone, active: one.active },
          ...{ next: next === undefined ? null : at(next), jobs, problem, outputs, parameters },
          mayChange: permits(who, 'create-children', { kind: 'asset', account, consultancy }),
          last:
            one.lastJob === null || one.lastDue === null
              ? null
              : { job: one.lastJob, due: at(one.lastDue), status: one.lastStatus, problem: one.lastProblem },
        }
      }
      return { data: rows.map(view), total }
    },
  )
  app.post(
    '/automations/:id/run',
    {
      schema: {
        tags,
        summary: 'Runs an automation now, also one that rests; when it comes next stays as it is',
        params: Type.Object({ id: Type.Integer({ description: 'Id of the automation.' }) }),
        response: { 202: Data(Type.Object({ job: Type.String({ description: 'The job it made.' }) })) },
      },
    },
    async (request, reply) => {
      const who = whoOf(request)
      const automation = await automations.get(request.params.id)
      const asset = automation && (await assets.get(automation.asset))
      if (!automation || !asset || !reads(who, asset.account))
        throw new Problem('unknown-automation', say(SAYING.noSuchAutomation), { status: 404, hint: say(SAYING.listAutomations) })
      demand(who, 'create-children', { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
      // It works with the rights of its maker, as it does when it is due.
      const job = await rooms.rateLimits.trigger(who, asset.id, reply, () => automations.runNow(automation, automationWork(rooms)))
      await auditAsset(store, clock.now(), who, `Ran automation '${automation.name}': ${automation.id}`, asset.id)
      return reply.code(202).send({ data: { job } })
    },
  )
  app.get(
    '/automations/preview',
    {
      schema: {
        tags,
        summary: 'What a cron string means and when it would run',
        querystring: Preview,
        response: { 200: Data(Type.Object({ words: Type.String(), timezone: Type.String(), next: Type.Array(Moment) })) },
      },
    },
    async (request) => {
      const { cron, asset: id, timezone, count = 5, language = 'en' } = request.query
      const asset = await assets.get(id)
      if (!asset || !reads(whoOf(request), asset.account))
        throw new Problem('unknown-asset', `No asset found with ID ${id}.`, { status: 404, hint: 'List the assets you can reach.' })
      const zone = timezone ?? (await zoneOf(rooms, asset))
      const next = nextRuns(cron, zone, clock.now(), count).map((at) => formatInstant(at, zone))
      return { data: { words: describeCron(cron, language), timezone: zone, next } }
    },
  )
}
