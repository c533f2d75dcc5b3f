/** Data as CSV files, streamed: of one sensor (which may be uploaded again as it is), or of several as a wide table. */
import { Readable } from 'node:stream'
import { type Static, Type } from 'typebox'
import {
  COMMA_CSV,
  type CsvForm,
  chartRows,
  csvLines,
  csvText,
  demand,
  PROGRAM_CSV,
  type Principal,
  permits,
  readableAccounts,
  type Sensor,
  sensorsOf,
  type TableQuery,
  tableRows,
} from '#ems'
import {
  DAY,
  type Duration,
  durationLength,
  formatInstant,
  type Instant,
  instant,
  isUnit,
  MINUTE,
  millis,
  Problem,
  parseDuration,
  parseInstant,
} from '#kernel'
import type { App, Reply } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { endOf } from './shape.ts'

const window = {
  start: Type.Optional(Type.String({ description: 'ISO 8601 with offset; default a week ago.' })),
  duration: Type.Optional(Type.String({ description: 'ISO 8601; default until now.' })),
  until: Type.Optional(Type.String({ description: 'Instead of the duration.' })),
  resolution: Type.Optional(Type.String({ description: 'ISO 8601, calendar lengths too: PT1H, P1D, P1M.' })),
  at: Type.Optional(Type.String({ description: 'What was believed at this moment.' })),
  decimal: Type.Optional(
    Type.Unsafe<'point' | 'comma'>({
      type: 'string',
      enum: ['point', 'comma'],
      description: 'comma: decimal commas and semicolons, for spreadsheets.',
    }),
  ),
}
const unit = Type.Optional(Type.String({ description: 'Unit of the values; that of the sensor unless said.' }))
const SensorQuery = Type.Object({ ...window, unit }, { additionalProperties: false })
const AssetQuery = Type.Object(
  { ...window, sensors: Type.Optional(Type.String({ description: 'Ids, parted by commas; default those that its charts show.' })) },
  { additionalProperties: false },
)
const Id = Type.Object({ id: Type.Integer() })

/** Larger files are no longer files that anybody opens. */
const MOST_ROWS = 10_000_000
const MOST_COLUMNS = 200

export function exportRoutes(app: App, rooms: Rooms): void {
  const tags = ['sensors']
  app.get(
    '/sensors/:id/export.csv',
    { schema: { tags, summary: 'Data of a sensor as CSV', params: Id, querystring: SensorQuery, produces: ['text/csv'] } },
    async (request, reply) => {
      const sensor = await rooms.sensors.get(request.params.id)
      if (!sensor) throw missing('sensor', request.params.id)
      demand(request.principal!, 'read', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy })
      const { unit } = request.query
      if (unit !== undefined && !isUnit(unit))
        throw new Problem('unknown-unit', `'${unit}' is not a known unit.`, {
          status: 422,
          hint: 'Use units such as kW, MWh, % or EUR/MWh.',
        })
      const query = queryOf(rooms, request.query, sensor.timezone, [sensor], unit)
      const form = formOf(request.query)
      const head = ['event_start', 'event_start_utc', 'event_value', 'unit']
      return send(
        reply,
        rooms,
        [sensor],
        query,
        form,
        `${sensor.name} ${sensor.assetName}`,
        head,
        form.delimiter + csvText(unit ?? sensor.unit, form),
      )
    },
  )
  app.get(
    '/assets/:id/export.csv',
    {
      schema: {
        tags: ['assets'],
        summary: 'Data of the sensors of an asset as a CSV table',
        params: Id,
        querystring: AssetQuery,
        produces: ['text/csv'],
      },
    },
    async (request, reply) => {
      const who = request.principal!
      const asset = await rooms.assets.get(request.params.id)
      if (!asset) throw missing('asset', request.params.id)
      demand(who, 'read', { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
      const sensors = await chosen(rooms, who, asset.id, request.query.sensors)
      if (sensors.length === 0)
        throw new Problem('no-sensors', `Asset ${asset.id} has no sensors to export.`, { status: 422, hint: 'Name some: sensors=12,13.' })
      const zone = typeof asset.attributes['timezone'] === 'string' ? asset.attributes['timezone'] : sensors[0]!.timezone
      const query = queryOf(rooms, request.query, zone, sensors)
      const steps = sensors.map(({ resolution }) => resolution).filter((resolution) => resolution > 0)
      query.resolution ??= { months: 0, days: 0, exact: millis(steps.length > 0 ? Math.min(...steps) : 15 * MINUTE) }
      const head = ['event_start', 'event_start_utc', ...sensors.map((sensor) => `${sensor.name} (${sensor.assetName}) [${sensor.unit}]`)]
      return send(reply, rooms, sensors, query, formOf(request.query), asset.name, head, '')
    },
  )
}

const missing = (what: 'sensor' | 'asset', id: number) => new Problem(`unknown-${what}`, `No ${what} found with ID ${id}.`, { status: 404 })

const formOf = ({ decimal }: { decimal?: 'point' | 'comma' }): CsvForm => (decimal === 'comma' ? COMMA_CSV : PROGRAM_CSV)

/** Window and rows; the whole must have an end. @throws Problem 422 */
function queryOf(
  { clock }: Rooms,
  given: Omit<Static<typeof SensorQuery>, 'unit'>,
  zone: string,
  sensors: readonly Sensor[],
  unit?: string,
): TableQuery {
  const from = given.start === undefined ? instant(clock.now() - 7 * DAY) : parseInstant(given.start)
  const until = given.until === undefined && given.duration === undefined ? clock.now() : endOf(given, from, zone)
  const resolution = given.resolution === undefined ? undefined : positive(parseDuration(given.resolution))
  if (until < from)
    throw new Problem('invalid-window', 'The window ends before it begins.', {
      status: 422,
      hint: 'Give a later end, or an earlier start.',
    })
  const step = resolution ? durationLength(resolution) : Math.min(...sensors.map((sensor) => sensor.resolution || MINUTE))
  if ((until - from) / step > MOST_ROWS)
    throw new Problem('too-many-rows', `The file could have more than ${MOST_ROWS} rows.`, {
      status: 422,
      hint: 'Ask for a shorter time or a coarser resolution.',
    })
  return {
    from,
    until,
    zone,
    ...(given.at !== undefined && { at: parseInstant(given.at) }),
    ...(resolution && { resolution }),
    ...(unit !== undefined && { unit }),
  }
}

function positive(duration: Duration): Duration {
  if (durationLength(duration) >= 1000 && duration.months >= 0 && duration.days >= 0 && duration.exact >= 0) return duration
  throw new Problem('invalid-resolution', 'The resolution is no positive length of time.', {
    status: 422,
    hint: "Write it like 'PT15M' or 'P1D'.",
  })
}

/** The sensors that were named, else those of the asset's charts, else all below it; only what one may read. */
async function chosen(rooms: Rooms, who: Principal, asset: number, named: string | undefined): Promise<Sensor[]> {
  const mayRead = (sensor: Sensor) => permits(who, 'read', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy })
  if (named !== undefined) {
    const ids = named.split(',').map((text) => Number(text.trim()))
    if (ids.some((id) => !Number.isInteger(id)) || ids.length > MOST_COLUMNS)
      throw new Problem('invalid-sensors', `'${named.slice(0, 60)}' is no list of at most ${MOST_COLUMNS} sensor ids.`, {
        status: 422,
        hint: 'Write it like sensors=12,13.',
      })
    const sensors: Sensor[] = []
    for (const id of ids) {
      const sensor = await rooms.sensors.get(id)
      if (!sensor || !mayRead(sensor)) throw missing('sensor', id)
      sensors.push(sensor)
    }
    return sensors
  }
  const whole = (await rooms.assets.get(asset))!
  if (whole.sensorsToShow.length > 0) {
    const rows = await chartRows(rooms.store, rooms.sensors, whole, (account) =>
      permits(who, 'read', { kind: 'asset', account, consultancy: null }),
    )
    const shown = sensorsOf(rows).flatMap(({ sensor }) => (sensor ? [sensor] : []))
    if (shown.length > 0) return shown.slice(0, MOST_COLUMNS)
  }
  const readable = readableAccounts(who)
  const accounts = readable === 'all' ? readable : [...readable, null]
  return (await rooms.sensors.list({ accounts, under: asset }, { limit: MOST_COLUMNS })).sensors
}

async function send(
  reply: Reply,
  { beliefs }: Rooms,
  sensors: readonly Sensor[],
  query: TableQuery,
  form: CsvForm,
  name: string,
  head: readonly string[],
  tail: string,
): Promise<Reply> {
  const rows = tableRows(beliefs, sensors, query)
  // The first piece before the answer begins: what is wrong must still get its own status.
  const first = await rows.next()
  async function* text(): AsyncGenerator<string> {
    // Spreadsheets take a file for UTF-8 only when it says so.
    yield `${form === COMMA_CSV ? '\ufeff' : ''}${head.map((title) => csvText(title, form)).join(form.delimiter)}\r\n`
    if (first.done) return
    yield csvLines(first.value, query.zone, form, tail)
    for await (const piece of rows) yield csvLines(piece, query.zone, form, tail)
  }
  return reply
    .type('text/csv; charset=utf-8')
    .header('Content-Disposition', `attachment; filename="${fileName(name, query.from)}"`)
    .send(Readable.from(text(), { objectMode: false }))
}

const fileName = (name: string, from: Instant): string =>
  `${
    name
      .normalize('NFKD')
      .replace(/[^\w]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 80) || 'data'
  }-${formatInstant(from).slice(0, 10)}.csv`
