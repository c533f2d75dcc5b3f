/** POST /sensors/{id}/data/upload: files of data become beliefs, all of them or none (reference 2.6, Annex A.3). */
import { Type } from 'typebox'
import { auditAsset, permits, uploadBatches } from '#ems'
import { isProblem } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { takeForms } from '../upload-form.ts'
import { takeUpload } from '../uploads.ts'
import { type FieldErrors, failed, invalid, invalidSender } from './envelope.ts'
import { idOf } from './query.ts'
import { recordAndAnswer } from './record-answer.ts'

const LOCATION = 'combined_sensor_data_upload'

const Documented = Type.Object({
  'uploaded-files': Type.Array(Type.Unsafe<unknown>({ type: 'string', format: 'binary' }), {
    description: 'CSV, XLSX, XLS or XLSM: event start, value and perhaps belief time in each row, names in the first.',
  }),
  'belief-time-measured-instantly': Type.Optional(
    Type.String({ description: 'on: each value was believed at the end of its event; off (default): now.' }),
  ),
  unit: Type.Optional(
    Type.String({ description: "Of the values, default the sensor's; also datetime, dayfirst datetime or timedelta for such texts." }),
  ),
  dayfirst: Type.Optional(Type.String({ description: 'Whether dates like 05/06/2025 begin with the day, where the file does not tell.' })),
})

export function uploadRoute(app: App, rooms: Rooms): void {
  const { sensors, sources, store, clock } = rooms
  app.register(async (plain) => {
    const scope = plain as App
    takeForms(scope)
    scope.post(
      '/sensors/:id/data/upload',
      { schema: { tags: ['flexmeasures'], summary: 'Stores sensor data from files', consumes: ['multipart/form-data'], body: Documented } },
      async (request) => {
        const who = request.principal!
        const id = idOf(request.params)
        const sensor = await sensors.get(id)
        if (!sensor) throw failed(404, `No sensor found with ID ${id}.`)
        if (!permits(who, 'create-children', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy }))
          throw invalidSender()
        const source = await sources.of({ name: who.username, type: 'user', user: who.user, account: who.account })
        const { names, batches } = await takeUpload(rooms, request, sensor)
          .then(({ names, files, measuredInstantly }) => ({
            names,
            batches: uploadBatches(files, { sensor: sensor.id, source, measuredInstantly }),
          }))
          .catch((error: unknown) => {
            throw refusalOf(error)
          })
        const answer = await recordAndAnswer(rooms, sensor, batches)
        await auditAsset(
          store,
          clock.now(),
          who,
          `Data from ${listed(names)} uploaded to sensor '${sensor.name}': ${sensor.id}`,
          sensor.asset,
        )
        return answer
      },
    )
  })
}

/** Refusals of an upload as envelope B words them. */
function refusalOf(error: unknown): unknown {
  if (!isProblem(error)) return error
  const { code, message, hint, details = {} } = error
  const refuse = (errors: FieldErrors) => invalid(LOCATION, errors)
  switch (code) {
    case 'missing-files':
      return refuse({ 'uploaded-files': [`Missing data for required field. ${hint}`] })
    case 'invalid-files':
      return refuse({ 'uploaded-files': details['files'] as FieldErrors })
    case 'invalid-field':
      return refuse({ [String(details['field'])]: ['Not a valid boolean.'] })
    case 'inconvertible-unit':
      return refuse({ _schema: [message] })
    case 'invalid-form':
      return refuse({ _schema: [`${message} ${hint ?? ''}`.trim()] })
    case 'invalid-upload': {
      const all = (details['failed'] as { file: string; message: string; hint?: string }[] | undefined) ?? [{ file: '', message, hint }]
      return refuse({
        _schema: all.map((one) => `Invalid content in file: ${one.file}. Failed with: ${one.message} ${one.hint ?? ''}`.trim()),
      })
    }
    default:
      return error
  }
}

/** 'a, b and c' */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
