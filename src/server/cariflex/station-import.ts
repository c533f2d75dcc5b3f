/** Many stations and badges at once, from a table: what can be taken is taken, and of the rest every fault is told with its line. */
import { type Static, Type } from 'typebox'
import { checkIdentity, type TokenRegistration } from '#charging'
import { auditAsset, type Established, type Site, steers } from '#ems'
import { isProblem, Problem, parseInstant, say } from '#kernel'
import type { Request, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { joinStation, type NewStationParts } from './new-station.ts'
import { SAYING } from './saying.ts'
import { Data, onSite, whoOf } from './shape.ts'
import { MOST_STATIONS, stationTable } from './station-table.ts'

export interface StationImportParts extends Omit<NewStationParts, 'store'> {
  established: Established
  site: Site
  rooms: Rooms
}

const Cell = Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Null()]))
const Line = Type.Integer({ minimum: 1, description: 'Where it stands in the table.' })
const StationRow = Type.Object({
  line: Line,
  ...{ identity: Cell, name: Cell, power_kw: Cell, phases: Cell, latitude: Cell, longitude: Cell, password: Cell },
})
const BadgeRow = Type.Object({ line: Line, token: Cell, type: Cell, status: Cell, until: Cell, group: Cell })
const Imported = Type.Object({
  line: Line,
  what: Type.String({ description: 'The station or the badge.' }),
  outcome: Type.Union([Type.Literal('made'), Type.Literal('known'), Type.Literal('refused')]),
  why: Type.Optional(Type.String()),
})
const DryRun = Type.Boolean({ default: false, description: 'Only told what would become of each row.' })
const Rows = Type.Object(
  {
    stations: Type.Optional(Type.Array(StationRow, { maxItems: MOST_STATIONS, default: [] })),
    badges: Type.Optional(Type.Array(BadgeRow, { maxItems: 100_000, default: [] })),
    dryRun: Type.Optional(DryRun),
  },
  { additionalProperties: false },
)
type Cells = Record<string, string | number | null | undefined>

const textOf = (value: Cells[string]): string | undefined => {
  const text = String(value ?? '').trim()
  return text === '' ? undefined : text
}
const numberOf = (cells: Cells, name: string, least: number, most: number): number | undefined => {
  const text = textOf(cells[name])
  if (text === undefined) return undefined
  const number = Number(text.replace(',', '.'))
  if (Number.isFinite(number) && number >= least && number <= most) return number
  throw fault(say(SAYING.numberCell, { name, least: String(least), most: String(most), text }))
}
const fault = (message: string) => new Problem('invalid-row', message, { status: 422 })

function stationIn(cells: Cells) {
  const identity = textOf(cells['identity'])
  if (identity === undefined) throw fault(say(SAYING.emptyCell, { name: 'identity' }))
  checkIdentity(identity)
  const nominalKw = numberOf(cells, 'power_kw', 0.1, 2000)
  if (nominalKw === undefined) throw fault(say(SAYING.emptyCell, { name: 'power_kw' }))
  const phases = numberOf(cells, 'phases', 1, 3) ?? 3
  if (phases !== 1 && phases !== 3) throw fault(say(SAYING.phasesCell, { text: String(phases) }))
  const [latitude, longitude] = [numberOf(cells, 'latitude', -90, 90), numberOf(cells, 'longitude', -180, 180)]
  if ((latitude === undefined) !== (longitude === undefined)) throw fault(SAYING.halfPlace)
  const password = textOf(cells['password'])
  if (password !== undefined && !/^[\w.*\-=:+|@]{16,40}$/.test(password)) throw fault(SAYING.stationPassword)
  const name = textOf(cells['name'])
  return { identity, nominalKw, phases: phases as 1 | 3, latitude, longitude, ...(name && { name }), ...(password && { password }) }
}

function badgeIn(cells: Cells): TokenRegistration {
  const [token, type, status, until, group] = ['token', 'type', 'status', 'until', 'group'].map((name) => textOf(cells[name]))
  if (token === undefined) throw fault(say(SAYING.emptyCell, { name: 'token' }))
  if (status !== undefined && !['Accepted', 'Blocked', 'Expired', 'Invalid'].includes(status))
    throw fault(say(SAYING.badgeStatus, { text: status }))
  return {
    token,
    ...(type !== undefined && { type }),
    ...(status !== undefined && { status: status as 'Accepted' }),
    ...(until !== undefined && { validUntil: parseInstant(until) }),
    ...(group !== undefined && { group }),
  }
}

/** The routes `POST /charging/import` and, for a file, `POST /charging/import/table`. */
export const stationImportRoutes =
  ({ charging, established, site, rooms }: StationImportParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const operate = { onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)] }
    const tags = ['stations']

    const bring = async (request: Request, { stations = [], badges = [], dryRun = false }: Static<typeof Rows>) => {
      const told: Static<typeof Imported>[] = []
      const each = async (line: number, what: string, work: () => Promise<'made' | 'known'>) => {
        try {
          told.push({ line, what, outcome: await work() })
        } catch (error) {
          if (!isProblem(error) || error.status >= 500) throw error
          told.push({ line, what, outcome: 'refused', why: error.message })
        }
      }
      const seen = new Map<string, number>()
      const known = new Set(charging.stations().flatMap(({ identity, state }) => (state === 'registered' ? [identity] : [])))
      for (const { line, ...cells } of stations)
        await each(line, textOf(cells.identity) ?? '—', async () => {
          const station = stationIn(cells)
          const twin = seen.get(station.identity)
          if (twin !== undefined) throw fault(say(SAYING.twinRow, { station: station.identity, line: String(twin) }))
          seen.set(station.identity, line)
          if (known.has(station.identity)) return 'known'
          if (!dryRun) await joinStation({ charging, established, site, store: rooms.store }, station)
          return 'made'
        })
      for (const { line, ...cells } of badges)
        await each(line, textOf(cells.token) ?? '—', async () => {
          const badge = badgeIn(cells)
          if (!dryRun) await charging.registerToken(badge)
          return 'made'
        })
      const made = told.filter(({ outcome }) => outcome === 'made').length
      if (!dryRun && made > 0)
        await auditAsset(rooms.store, rooms.clock.now(), whoOf(request), `Imported ${made} stations and badges`, established.site)
      return told
    }

    app.post(
      '/charging/import',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Makes stations and badges of a table known: good rows are kept, of the others every fault is told',
          body: Rows,
          response: { 200: Data(Type.Array(Imported)) },
        },
      },
      async (request) => ({ data: await bring(request, request.body) }),
    )
    app.register(async (scope) => {
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
      scope.post(
        '/charging/import/table',
        {
          ...operate,
          schema: {
            tags,
            summary: 'The same for the stations of a CSV file (the body is the file); its first line names the columns',
            querystring: Type.Object({ dryRun: DryRun }),
            response: { 200: Data(Type.Array(Imported)) },
          },
        },
        async (request) => {
          const { dryRun } = request.query as { dryRun: boolean }
          const stations = stationTable((request.body as Uint8Array | undefined) ?? new Uint8Array())
          return { data: await bring(request, { stations, dryRun }) }
        },
      )
    })
  }
