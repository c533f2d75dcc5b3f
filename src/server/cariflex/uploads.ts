/** What a file would do to a sensor's data, for the person who is about to send it; nothing is written. */
import { Type } from 'typebox'
import { demand, foreseeUpload, uploadBatches } from '#ems'
import { formatDuration, formatInstant, instant, Problem } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { takeForms } from '../upload-form.ts'
import { takeUpload } from '../uploads.ts'
import { Data } from './shape.ts'

const Moment = Type.Union([Type.String(), Type.Null()])

const Preview = Data(
  Type.Object({
    files: Type.Array(Type.String()),
    rows: Type.Integer({ description: 'Rows with a value, in all files.' }),
    events: Type.Integer({ description: 'Events of the sensor that they become.' }),
    firstRows: Type.Array(Type.Object({ start: Type.String(), value: Type.Number() }), { description: 'As they would be stored.' }),
    start: Moment,
    end: Moment,
    resolution: Type.String({ description: 'Spacing of the rows.' }),
    unit: Type.String({ description: 'Of the values in the file.' }),
    warnings: Type.Array(Type.String()),
    alreadyKnown: Type.Integer(),
    replacements: Type.Integer({ description: 'Values that contradict stored ones: the upload would be refused.' }),
  }),
)

const FIRST_ROWS = 20

export function uploadPreviewRoute(app: App, rooms: Rooms): void {
  app.register(async (plain) => {
    const scope = plain as App
    takeForms(scope)
    scope.post(
      '/sensors/:id/upload/preview',
      {
        schema: {
          tags: ['sensors'],
          summary: 'What an upload would store, without storing it',
          consumes: ['multipart/form-data'],
          params: Type.Object({ id: Type.Integer() }),
          response: { 200: Preview },
        },
      },
      async (request) => {
        const who = request.principal!
        const sensor = await rooms.sensors.get(request.params.id)
        if (!sensor)
          throw new Problem('unknown-sensor', `No sensor found with ID ${request.params.id}.`, {
            status: 404,
            hint: 'List the sensors you can reach.',
          })
        demand(who, 'create-children', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy })
        const { names, files, measuredInstantly, unit } = await takeUpload(rooms, request, sensor)
        const source = await sourceOf(rooms, who.user)
        const batches = uploadBatches(files, { sensor: sensor.id, source, measuredInstantly })
        const forecast = await foreseeUpload(rooms.store, sensor, batches, rooms.clock.now())
        const at = (moment: number) => formatInstant(instant(moment), sensor.timezone)
        const starts = files.map((file) => file.starts[0]!)
        const [first] = files
        return {
          data: {
            files: names,
            rows: files.reduce((sum, file) => sum + file.rows, 0),
            events: forecast.events,
            firstRows: Array.from(first!.starts.subarray(0, FIRST_ROWS), (start, i) => ({ start: at(start), value: first!.values[i]! })),
            start: at(Math.min(...starts)),
            end: at(Math.max(...files.map((file) => file.end))),
            resolution: formatDuration(first!.spacing),
            unit: unit ?? sensor.unit,
            warnings: [...new Set(files.flatMap((file) => file.notes))],
            alreadyKnown: forecast.alreadyKnown,
            replacements: forecast.replacements,
          },
        }
      },
    )
  })
}

/** The source of a user, when there is one already: a preview makes none. */
async function sourceOf({ store }: Rooms, user: number): Promise<number> {
  return (await store.first<{ id: number }>('select id from data_source where user_id = $1', [user]))?.id ?? 0
}
