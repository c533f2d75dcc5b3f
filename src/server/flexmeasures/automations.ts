/** Automations of an asset (reference 4.9). */
import { type Static, Type } from 'typebox'
import { type Asset, AUTOMATION_TYPES, type Automation, auditAsset, describeCron } from '#ems'
import { formatInstant, isZone } from '#kernel'
import type { App, Request } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { assetFor } from './assets.ts'
import { checkAutomation } from './automation-work.ts'
import { type FieldErrors, failed, hasCode, invalid, noContent } from './envelope.ts'
import { canonical, idOf } from './query.ts'
import { check } from './validate.ts'

const closed = { additionalProperties: false }
const tags = ['flexmeasures']
const name = Type.String({ minLength: 1, maxLength: 255, description: 'What people call it.' })
const cron = Type.String({
  maxLength: 200,
  description: 'Five fields: minute, hour, day of the month, month, day of the week; in the time zone of the automation.',
  examples: ['0 5 * * *'],
})
const timezone = Type.String({ format: 'timezone', description: 'Of the cron string and of offsets; that of the asset unless said.' })
const active = Type.Boolean({ description: 'False: it rests.' })
const NewAutomation = Type.Object(
  {
    name,
    cron,
    type: Type.Unsafe<Automation['type']>({ type: 'string', enum: [...AUTOMATION_TYPES], description: 'What it makes.' }),
    timezone: Type.Optional(timezone),
    active: Type.Optional(active),
    parameters: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      description:
        'forecasting: sensor and the fields of a forecast trigger; scheduling: those of a schedule trigger; reporting: reporter, config, input, output. With start-offset and end-offset (DB,-1D …) for a window that moves on.',
    }),
  },
  closed,
)
const Change = Type.Object(
  { name: Type.Optional(name), cron: Type.Optional(cron), timezone: Type.Optional(timezone), active: Type.Optional(active) },
  closed,
)

/** Parameters larger than this describe no automation. */
const LARGEST = 100_000

export function automationRoutes(app: App, rooms: Rooms): void {
  const { automations, store, clock } = rooms
  app.get('/assets/:id/automations', { schema: { tags, summary: 'Automations of an asset' } }, async (request) => {
    const asset = await assetFor(rooms, request.principal!, 'read', idOf(request.params))
    return (await automations.list({ asset: asset.id })).map((one) => view(rooms, one, request))
  })

  app.post('/assets/:id/automations', { schema: { tags, summary: 'A new automation', body: NewAutomation } }, async (request, reply) => {
    const who = request.principal!
    const asset = await assetFor(rooms, who, 'create-children', idOf(request.params))
    const given = check(NewAutomation, canonical(request.body), 'json') as Static<typeof NewAutomation>
    if (JSON.stringify(given.parameters).length > LARGEST) throw invalid('json', { parameters: ['Longer than 100,000 characters.'] })
    const zone = given.timezone ?? (await zoneOf(rooms, asset))
    const { inputs, outputs } = await checkAutomation(rooms, who, { asset, type: given.type, parameters: given.parameters, timezone: zone })
    const made = await withFields(() =>
      automations.create({
        ...{ asset: asset.id, type: given.type, name: given.name, cron: given.cron, timezone: zone, parameters: given.parameters },
        ...{ madeBy: who.user, inputSensors: inputs, outputSensors: outputs, active: given.active ?? true },
      }),
    )
    await auditAsset(store, clock.now(), who, `Created automation '${made.name}': ${made.id}`, asset.id)
    return reply.code(201).send(view(rooms, made, request))
  })

  const found = async (request: Request, action: 'read' | 'create-children') => {
    const asset = await assetFor(rooms, request.principal!, action, idOf(request.params))
    const id = idOf(request.params, 'automation_id')
    const automation = await automations.get(id)
    if (automation?.asset !== asset.id) throw failed(404, `No automation found with ID ${id}.`)
    return { asset, automation }
  }
  app.get('/assets/:id/automations/:automation_id', { schema: { tags, summary: 'An automation' } }, async (request) => {
    const { automation } = await found(request, 'read')
    const jobs = await automations.jobsOf(automation.id, 50)
    return {
      ...view(rooms, automation, request),
      jobs: jobs.map(({ job, dueAt }) => ({ job, due: formatInstant(dueAt, automation.timezone) })),
    }
  })
  app.patch(
    '/assets/:id/automations/:automation_id',
    { schema: { tags, summary: 'Renames, re-times, pauses or resumes an automation', body: Change } },
    async (request) => {
      const { asset, automation } = await found(request, 'create-children')
      const given = canonical(request.body)
      for (const fixed of ['parameters', 'type', 'asset'])
        if (fixed in given) throw invalid('json', { [fixed]: ['Not editable: make another automation.'] })
      const change = check(Change, given, 'json') as Static<typeof Change>
      const changed = await withFields(() => automations.update(automation.id, change))
      await auditAsset(
        store,
        clock.now(),
        request.principal!,
        `Updated automation '${changed.name}': ${changed.id}. Updated fields: ${Object.keys(change).join(', ')}`,
        asset.id,
      )
      return view(rooms, changed, request)
    },
  )
  app.delete('/assets/:id/automations/:automation_id', { schema: { tags, summary: 'Deletes an automation' } }, async (request, reply) => {
    const { asset, automation } = await found(request, 'create-children')
    await automations.remove(automation.id)
    await auditAsset(store, clock.now(), request.principal!, `Deleted automation '${automation.name}': ${automation.id}`, asset.id)
    return noContent(reply)
  })
}

async function withFields<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (hasCode(error, 'invalid-cron')) throw invalid('json', error.details!['fields'] as FieldErrors)
    throw error
  }
}

/** The zone an asset lives in: its own, that of its sensors, that of the program. */
export async function zoneOf(rooms: Rooms, asset: Asset): Promise<string> {
  const own = asset.attributes['timezone']
  if (typeof own === 'string' && isZone(own)) return own
  const { sensors } = await rooms.sensors.list({ under: asset.id }, { limit: 1 })
  return sensors[0]?.timezone ?? rooms.config.timezone
}

const languageOf = (request: Request): 'fr' | 'en' => (/^fr\b/i.test(String(request.headers['accept-language'] ?? '')) ? 'fr' : 'en')

function view({ automations }: Rooms, one: Automation, request: Request) {
  const next = automations.nextRun(one)
  return {
    id: one.id,
    name: one.name,
    type: one.type,
    asset: one.asset,
    cron: one.cron,
    timezone: one.timezone,
    active: one.active,
    'next-run': next === undefined ? null : formatInstant(next, one.timezone),
    'recurrence-description': describeCron(one.cron, languageOf(request)),
    'input-sensors': one.inputSensors,
    'output-sensors': one.outputSensors,
    'n-jobs': one.jobs,
    cursor: formatInstant(one.cursor, one.timezone),
    'created-at': formatInstant(one.createdAt, one.timezone),
    problem: one.problem,
    parameters: one.parameters,
  }
}
