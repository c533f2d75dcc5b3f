/** `add report`: computes a report of a reporter, saves it on its sensors, writes it to files. */
import { writeFileSync } from 'node:fs'
import { type ReportTable, readReportOrder } from '#ems'
import { formatInstant, instant, Problem } from '#kernel'
import { clock } from '../settings.ts'
import { configOf, refuseEditing } from './add-work.ts'
import type { Desk } from './desk.ts'
import type { Given } from './option.ts'
import type { FmVerb } from './verb.ts'

type Fields = Record<string, unknown>

export const ADD_REPORT: readonly FmVerb[] = [
  {
    name: 'add report',
    summary: 'Computes a report and saves its results on sensors, or writes them to a file.',
    options: [
      { name: 'config', what: 'JSON or YAML file with the config of the reporter' },
      { name: 'source', what: 'id of an earlier reporter whose config is used' },
      { name: 'parameters', what: 'JSON or YAML file with input, output and the rest' },
      { name: 'reporter', what: 'PandasReporter (usual), AggregatorReporter or ProfitOrLossReporter' },
      { name: 'start', kind: 'moment', what: 'of the report' },
      { name: 'start-offset', what: 'from now (or --start), such as -1D,DB: DB = begin of the day, HB = of the hour' },
      { name: 'end-offset', what: 'the same for the end' },
      { name: 'end', kind: 'moment', what: 'of the report' },
      { name: 'resolution', kind: 'length', what: 'in which the inputs are read' },
      { name: 'output-file', what: 'such as result_$name_$now.csv or .xlsx; knows $now, $name, $sensor_id and $column' },
      { name: 'timezone', kind: 'zone', what: 'of days and offsets; default that of the first output' },
      { name: 'dry-run', kind: 'flag', what: 'store nothing' },
      { name: 'edit-config', kind: 'flag', what: 'refused: write the file first, and name it with --config' },
      { name: 'edit-parameters', kind: 'flag', what: 'refused: write the file first, and name it with --parameters' },
      { name: 'save-config', kind: 'flag', what: 'accepted: the config is always kept with the source' },
    ],
    async run(given, open, { show, say }) {
      refuseEditing(given)
      const desk = await open()
      const parameters = { ...(given.file('parameters') as Fields | undefined), ...windowOf(given) }
      const now = clock.now()
      const zone = given.text('timezone') ?? (await zoneOf(desk, parameters))
      const order = readReportOrder(
        { reporter: given.text('reporter') ?? 'PandasReporter', config: await configOf(desk, given), parameters },
        { now, zone },
      )
      const save = !given.flag('dry-run')
      const { tables, source } = await (await desk.server()).reports.compute(order, { save })
      const pattern = given.text('output-file')
      const files =
        pattern === undefined ? [] : await Promise.all(tables.map((table) => writeTable(table, pattern, zone, formatInstant(now))))
      for (const file of files) say(`Success. The report has been exported as ${file}.`)
      const told = tables.map(({ name, sensor, frame }) => ({ name, sensor: sensor.id, unit: sensor.unit, values: frame.starts.length }))
      if (told.every(({ values }) => values === 0)) say('The report is empty: its inputs have no data in that time.')
      show({ source, saved: save, files, outputs: told }, () =>
        told
          .map(
            ({ name, sensor, unit, values }) =>
              `${save ? 'Saved' : 'Computed'} ${values} values of '${name}' (${unit}) ${save ? 'on' : 'for'} sensor ${sensor}.`,
          )
          .join('\n'),
      )
      return undefined
    },
  },
]

/** What the options say of the time, over what the file says; an offset replaces the moment it was counted from only when there is none. */
function windowOf(given: Given): Fields {
  const names = ['start', 'end', 'start-offset', 'end-offset', 'resolution', 'timezone'].filter((name) => given.has(name))
  return Object.fromEntries(names.map((name) => [name.replace('-', '_'), given.need(name)]))
}

async function zoneOf(desk: Desk, parameters: Fields): Promise<string> {
  const [first] = Array.isArray(parameters['output']) ? (parameters['output'] as Fields[]) : []
  const sensor = typeof first?.['sensor'] === 'number' ? await desk.sensors.get(first['sensor']) : undefined
  return sensor?.timezone ?? desk.config.platform.timezone
}

/** CSV or XLSX by the ending of the name. Resolves to the name. */
async function writeTable({ name, sensor, frame }: ReportTable, pattern: string, zone: string, now: string): Promise<string> {
  const column = frame.columns[0]?.name ?? ''
  const words: Record<string, string> = { now, name, sensor_id: String(sensor.id), column }
  const file = pattern.replace(/\$(\w+?)(?=\$|_\$|\.|$|[^\w])/g, (whole, word: string) => words[word] ?? whole)
  const rows: (string | number)[][] = [
    ['event_start', 'event_value'],
    ...frame.starts.map((start, k) => [formatInstant(instant(start), zone), frame.columns[0]!.values[k]!]),
  ]
  if (file.endsWith('.xlsx')) {
    const { utils, write } = await import('@e965/xlsx')
    const book = utils.book_new()
    utils.book_append_sheet(book, utils.aoa_to_sheet(rows), 'report')
    writeFileSync(file, write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer)
    return file
  }
  if (!file.endsWith('.csv'))
    throw new Problem('usage', `File suffix not provided. Exporting results as ${file} is not possible.`, {
      hint: 'End the name with .csv or .xlsx.',
    })
  writeFileSync(
    file,
    `${rows.map((row) => row.map((cell) => (typeof cell === 'number' && Number.isNaN(cell) ? '' : cell)).join(',')).join('\n')}\n`,
  )
  return file
}
