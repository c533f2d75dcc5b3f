/** What somebody uploaded for a sensor, checked and read; both APIs take it and word refusals in their own way. */
import { keepingStarts, type ReadFile, type Sensor, unitTurn } from '#ems'
import { Problem, say } from '#kernel'
import type { Request } from './app.ts'
import type { Rooms } from './rooms.ts'
import { SAYING } from './saying.ts'
import { readForm, type UploadForm } from './upload-form.ts'

export interface Upload {
  names: string[]
  files: ReadFile[]
  measuredInstantly: boolean
  unit: string | undefined
}

/** As FlexMeasures has them, and what browsers and programs send for the same files besides. */
const TYPES = [
  'text/csv',
  'text/plain',
  'text/x-csv',
  'application/csv',
  'application/vnd.ms-excel',
  'application/vnd.ms-excel.sheet.macroenabled.12',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/octet-stream',
]

const MOST_BYTES = Math.floor(3.1 * 1024 * 1024)
const MOST_ROWS = 1_000_000

/**
 * Reads the files of a request as events of the sensor.
 * @throws Problem `missing-files`, `invalid-files` (details.files: texts by position), `invalid-field` (details.field), `inconvertible-unit`,
 * `invalid-upload` (details.failed: file, message, hint), all 422; `payload-too-large` (413)
 */
export async function takeUpload(rooms: Rooms, request: Request, sensor: Sensor): Promise<Upload> {
  const form = await readForm(request, rooms.config.ingestLimit ?? MOST_BYTES)
  checkFiles(form)
  const measuredInstantly = flagOf(form, 'belief-time-measured-instantly') ?? false
  const dayFirst = flagOf(form, 'dayfirst')
  const unit = form.fields['unit'] === '' ? undefined : form.fields['unit']
  unitTurn(unit, sensor.unit)
  const files = await rooms.uploads.read(
    form.files.map(({ name, bytes }) => ({ name, bytes })),
    {
      unit: sensor.unit,
      resolution: sensor.resolution,
      timezone: sensor.timezone,
      floors: keepingStarts(sensor, rooms.flexMeasures.dialect === '0.33').attributes['floor_datetimes_to_resolution'] !== false,
    },
    { mostRows: rooms.config.uploadRows ?? MOST_ROWS, ...(unit !== undefined && { unit }), ...(dayFirst !== undefined && { dayFirst }) },
  )
  return { names: form.files.map(({ name }) => name), files, measuredInstantly, unit }
}

function checkFiles({ files }: UploadForm): void {
  if (files.length === 0)
    throw new Problem('missing-files', say(SAYING.noFile), {
      status: 422,
      hint: say(SAYING.sendFiles),
    })
  const wrong: Record<string, string[]> = {}
  files.forEach(({ name, type }, i) => {
    const texts: string[] = []
    if (name === '') texts.push(say(SAYING.noFileName))
    else if (!/\.(csv|xlsx|xls|xlsm)$/i.test(name)) texts.push(`${say(SAYING.invalidName, { name })} ${say(SAYING.onlyTables)}`)
    if (!TYPES.includes(type.toLowerCase()))
      texts.push(`Invalid content type: ${type}. Only the following content types are accepted: ${TYPES.join(', ')}.`)
    if (texts.length > 0) wrong[i] = texts
  })
  if (Object.keys(wrong).length > 0)
    throw new Problem('invalid-files', Object.values(wrong).flat().join(' '), {
      status: 422,
      hint: say(SAYING.sendTables),
      details: { files: wrong },
    })
}

function flagOf({ fields }: UploadForm, name: string): boolean | undefined {
  const text = fields[name]
  if (text === undefined || text === '') return undefined
  if (/^(on|true|1|yes|t|y)$/i.test(text)) return true
  if (/^(off|false|0|no|f|n|none|null)$/i.test(text)) return false
  throw new Problem('invalid-field', say(SAYING.neitherFlag, { name, text: text.slice(0, 60) }), {
    status: 422,
    hint: say(SAYING.onOrOff),
    details: { field: name },
  })
}
