/** `add beliefs`: sensor data from a CSV or Excel file, columns named by number. */
import { existsSync, readFileSync } from 'node:fs'
import { auditAsset, type BeliefBatch, OPERATOR, type ReadFile, type Sensor, uploadBatches } from '#ems'
import { MINUTE, Problem } from '#kernel'
import { clock } from '../settings.ts'
import { canonicalTable } from './belief-file.ts'
import type { Desk } from './desk.ts'
import type { Given } from './option.ts'
import type { FmVerb } from './verb.ts'

const MOST_ROWS = 10_000_000

export const ADD_BELIEFS: readonly FmVerb[] = [
  {
    name: 'add beliefs',
    summary:
      'Adds sensor data from a CSV or Excel file: a header line, then moments in the first column and values in the second, unless said.',
    argument: { name: 'FILE', required: true },
    options: [
      { name: 'sensor', also: ['sensor-id'], kind: 'whole', required: true, what: 'id of the sensor' },
      { name: 'source', required: true, what: 'id or name of the source; a new name makes a new source' },
      { name: 'unit', what: "of the values, default the sensor's; '-kW' turns their sign; also datetime, dayfirst datetime or timedelta" },
      { name: 'horizon', kind: 'whole', what: 'minutes before the end of each event at which it was believed; negative: after' },
      { name: 'cp', kind: 'number', what: 'cumulative probability of the values, 0 to 1' },
      { name: 'resample', kind: 'flag', off: 'do-not-resample', what: 'fit the data to the resolution of the sensor (usual)' },
      { name: 'allow-overwrite', kind: 'flag', off: 'do-not-allow-overwrite', what: 'replace values of the same source and belief time' },
      { name: 'skiprows', kind: 'whole', what: 'rows to pass over at the top, default 1' },
      { name: 'na-values', many: true, what: 'further texts that mean no value' },
      { name: 'keep-default-na', kind: 'truth', what: 'accepted; rows without a value are never stored' },
      { name: 'nrows', kind: 'whole', what: 'rows to read, default all' },
      { name: 'datecol', kind: 'whole', what: 'column of the moments, default 0' },
      { name: 'valuecol', kind: 'whole', what: 'column of the values, default 1' },
      { name: 'beliefcol', kind: 'whole', what: 'column of the moments at which the values were believed' },
      { name: 'timezone', kind: 'zone', what: 'of moments without an offset, default UTC' },
      { name: 'filter-column', kind: 'whole', many: true, what: 'only rows where this column …' },
      { name: 'filter-value', many: true, what: '… has this value' },
      { name: 'delimiter', what: 'between columns of a CSV file, default a comma' },
      { name: 'decimal', what: 'decimal character of a CSV file, default a point' },
      { name: 'thousands', what: 'separator of thousands in a CSV file' },
      { name: 'sheet_number', kind: 'whole', what: 'sheet of a workbook, default 0' },
    ],
    async run(given, open, { show, say }) {
      const path = given.words[0]!
      if (!existsSync(path))
        throw new Problem('usage', `Invalid value for 'FILE': Path '${path}' does not exist.`, { hint: 'Check its name.' })
      const desk = await open()
      const sensor = await desk.sensors.need(given.id('sensor'))
      const batches = await batchesOf(desk, sensor, path, given, say)
      const outcome = await desk.beliefs.record(batches)
      const name = `Data from ${path.split('/').at(-1)} added to sensor '${sensor.name}': ${sensor.id}`
      await auditAsset(desk.store, clock.now(), OPERATOR, name, sensor.asset)
      const events = batches.reduce((sum, { starts }) => sum + starts.length, 0)
      show(
        { sensor: sensor.id, source: batches[0]?.source, ...outcome },
        () => `Successfully created beliefs: ${events} events read, ${outcome.stored} stored, ${outcome.known} known already.`,
      )
      return undefined
    },
  },
]

async function batchesOf(desk: Desk, sensor: Sensor, path: string, given: Given, say: (text: string) => void): Promise<BeliefBatch[]> {
  const source = await sourceOf(desk, given.need('source'))
  const bytes = await canonicalTable(path, readFileSync(path), given)
  const cp = given.number('cp')
  if (cp !== undefined && !(cp >= 0 && cp <= 1)) throw new Problem('usage', `Invalid value for '--cp': ${cp} is not in the range 0<=x<=1.`)
  const { unit, turned } = unitOf(given.text('unit'))
  const target = {
    unit: sensor.unit,
    resolution: sensor.resolution,
    timezone: sensor.timezone,
    floors: sensor.attributes['floor_datetimes_to_resolution'] !== false,
  }
  const [file] = await (await desk.server()).uploads.read([{ name: 'beliefs.csv', bytes }], target, {
    mostRows: MOST_ROWS,
    ...(unit !== undefined && { unit }),
  })
  if (!file) return []
  if (!given.flag('resample', true) && sensor.resolution > 0 && file.spacing !== sensor.resolution)
    throw new Problem(
      'resolution-differs',
      `The file has a value every ${file.spacing / MINUTE} minutes, the sensor every ${sensor.resolution / MINUTE}.`,
      {
        status: 422,
        hint: 'Leave --do-not-resample away, or take a sensor of that resolution.',
      },
    )
  for (const note of file.notes) say(note)
  return uploadBatches([turned ? negated(file) : file], { sensor: sensor.id, source, measuredInstantly: false }).map((batch) => ({
    ...batch,
    ...(given.has('horizon') && batch.beliefTime === undefined && horizonOf(given)),
    ...(given.flag('allow-overwrite') && { overwrite: true }),
    ...(cp !== undefined && { probabilities: batch.values.map(() => cp) }),
  }))
}

const horizonOf = (given: Given) => ({ horizon: given.number('horizon')! * MINUTE })

/** '-kW' is kW with the other sign. */
const unitOf = (text: string | undefined) => (text?.startsWith('-') ? { unit: text.slice(1), turned: true } : { unit: text, turned: false })

const negated = (file: ReadFile): ReadFile => ({ ...file, values: file.values.map((value) => -value) as ReadFile['values'] })

/** By its id or its name; a new name becomes a source of type 'CLI script'. @throws Problem `unknown-source` */
export async function sourceOf(desk: Desk, text: string): Promise<number> {
  if (/^\d+$/.test(text)) {
    const known = await desk.sources.get(Number(text))
    if (known) return known.id
    throw new Problem('unknown-source', `Failed to find source ${text}.`, { status: 422, hint: 'See show data-sources.' })
  }
  const named = (await desk.sources.list('all')).find(({ name, type }) => name === text && type === 'CLI script')
  return named?.id ?? desk.sources.of({ name: text, type: 'CLI script' })
}
