/** Data sources one may see. */
import { type Static, Type } from 'typebox'
import { rankSources, readableAccounts, type Source } from '#ems'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { canonical, flag, flagOf } from './query.ts'
import { check } from './validate.ts'

/** Types there are before anybody recorded anything. */
const TYPES = ['user', 'scheduler', 'forecaster', 'reporter', 'demo script', 'gateway', 'market']
const Query = Type.Object(
  { 'only-latest': Type.Optional(flagOf('Only the highest version of each source; True unless said.')) },
  { additionalProperties: false },
)

export function sourceRoutes(app: App, rooms: Rooms): void {
  app.get('/sources', { schema: { tags: ['flexmeasures'], summary: 'Data sources', querystring: Query } }, async (request) => {
    const query = check(Query, canonical(request.query), 'query') as Static<typeof Query>
    const all = await rooms.sources.list(readableAccounts(request.principal!))
    const shown = flag(query['only-latest'], true) ? latest(all) : all
    const more = new Set(shown.map((source) => source.type).filter((type) => !TYPES.includes(type)))
    return { types: [...TYPES, ...[...more].sort()], sources: shown.map(sourceView), status: 200 }
  })
}

/** Null keys are left out. */
const sourceView = (source: Source) => ({
  id: source.id,
  name: source.name,
  type: source.type,
  description: describeSource(source),
  ...(source.model !== null && { model: source.model }),
  ...(source.version !== null && { version: source.version }),
  ...(source.account !== null && { account_id: source.account }),
  ...(source.user !== null && { user_id: source.user }),
})

/** "Seita's StorageScheduler model v9", or the plain name; the type stands in for 'model' where the model's name does not hold it. */
export function describeSource({ name, type, model, version }: Source): string {
  if (model === null) return name
  const kind = model.toLowerCase().includes((type ?? '').toLowerCase()) ? 'model' : type
  return `${name}'s ${model} ${kind}${version === null ? '' : ` v${version}`}`
}

/** The highest version per name, type, model and account. */
function latest(sources: Source[]): Source[] {
  const best = new Map<string, Source>()
  const ranks = rankSources(sources)
  const order = ({ id }: Source) => ranks.get(id)?.order ?? 0
  for (const source of sources) {
    const key = JSON.stringify([source.name, source.type, source.model, source.account])
    const known = best.get(key)
    if (!known || order(source) > order(known)) best.set(key, source)
  }
  return sources.filter((source) => best.get(JSON.stringify([source.name, source.type, source.model, source.account])) === source)
}
