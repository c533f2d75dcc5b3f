/** The OpenAPI document of the server room without a database behind it, and what stands in it, for tests and pages. */
import type { News } from '#ems'
import { inProcessBus, manualClock, parseInstant, silentLog } from '#kernel'
import { openStore } from '#store'
import { jobRoutes } from './cariflex/jobs.ts'
import { orderRoutes } from './cariflex/orders.ts'
import { retentionRoutes } from './cariflex/retention.ts'
import { stationRoutes } from './cariflex/stations.ts'
import { worldRoutes } from './cariflex/world.ts'
import { createServer } from './server.ts'

interface Shape {
  type?: string | string[]
  description?: string
  properties?: Record<string, Shape>
  required?: string[]
  items?: Shape
  anyOf?: Shape[]
}
interface Operation {
  summary?: string
  deprecated?: boolean
  parameters?: { name: string; in: string; description?: string; required?: boolean }[]
  requestBody?: { content: Record<string, { schema: Shape }> }
}
export interface Document {
  paths: Record<string, Record<string, Operation>>
}

/** Stands for what routes only need once somebody asks. */
const nothing: never = new Proxy(() => {}, { get: () => nothing, apply: () => nothing }) as never

/** The document with the routes of every room. Nothing is asked of the database: its address leads nowhere. */
export async function openApiDocument(): Promise<Document> {
  const clock = manualClock(parseInstant('2026-11-24T12:00:00Z'))
  const store = openStore({ url: 'postgres://nobody@127.0.0.1:1/nothing', log: silentLog, clock })
  const server = createServer({
    config: { host: '127.0.0.1', port: 0, platformName: 'Cariflex', timezone: 'UTC', web: '/nowhere' },
    store,
    clock,
    log: silentLog,
    bus: inProcessBus<News>(() => {}),
  })
  const ours = '/api/cariflex/v1'
  server.register(orderRoutes(nothing, 1, server.identity), ours)
  server.register(stationRoutes({ charging: nothing, conversation: nothing, established: nothing, site: nothing, rooms: server }), ours)
  server.register(jobRoutes(server, 'UTC'), ours)
  server.register(worldRoutes(nothing, { account: 1, zone: 'UTC', vehicles: new Map() }, server.identity), ours)
  server.register(retentionRoutes(server, nothing), ours)
  await server.app.ready()
  const document = server.app.swagger() as Document
  await server.close()
  await store.close()
  return document
}

export interface RouteView {
  method: string
  /** As routes are registered: '/api/v3_0/assets/:id'. */
  url: string
  summary: string
  deprecated: boolean
  fields: { name: string; in: string; description: string | undefined; required: boolean }[]
}

/** Routes under /api, by path and method. */
export function routesOf({ paths }: Document): RouteView[] {
  return Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/'))
    .flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({
        method: method.toUpperCase(),
        url: path.replace(/\{(\w+)\}/g, ':$1'),
        summary: operation.summary ?? '',
        deprecated: operation.deprecated === true,
        fields: [
          ...(operation.parameters ?? []).map(({ name, in: place, description, required = false }) => ({
            name,
            in: place,
            description,
            required,
          })),
          ...Object.values(operation.requestBody?.content ?? {})
            .slice(0, 1)
            .flatMap(({ schema }) => fieldsOf(schema, '')),
        ],
      })),
    )
    .sort((a, b) => (a.url === b.url ? a.method.localeCompare(b.method) : a.url < b.url ? -1 : 1))
}

/** Fields of a body, those of nested mappings and lists as well. */
function fieldsOf(shape: Shape, prefix: string): RouteView['fields'] {
  return Object.entries(shape.properties ?? {}).flatMap(([name, field]) => {
    const below = [field, field.items ?? {}, ...(field.anyOf ?? [])].flatMap((part) => fieldsOf(part, `${prefix}${name}.`))
    return [
      { name: prefix + name, in: 'body', description: field.description, required: shape.required?.includes(name) === true },
      ...below,
    ]
  })
}
