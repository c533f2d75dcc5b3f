/** `show beliefs`: a plot in the terminal, and a CSV file. */
import { writeFileSync } from 'node:fs'
import type { Sensor } from '#ems'
import { addDuration, describeError, formatInstant, instant, Problem, parseDuration } from '#kernel'
import type { Desk } from './desk.ts'
import type { Given } from './option.ts'
import { plot } from './plot.ts'
import type { FmVerb } from './verb.ts'

export const SHOW_BELIEFS: readonly FmVerb[] = [
  {
    name: 'show beliefs',
    summary: 'Plots the data of sensors in the terminal, and writes it to a CSV file when asked.',
    options: [
      { name: 'sensor', also: ['sensor-id'], kind: 'whole', many: true, required: true, what: 'id of a sensor; several times for several' },
      { name: 'start', kind: 'moment', required: true, what: 'first moment, ISO 8601 with offset' },
      { name: 'duration', kind: 'length', required: true, what: 'such as P1D' },
      { name: 'belief-time-before', kind: 'moment', what: 'only what was known by then' },
      { name: 'source', also: ['source-id'], kind: 'whole', what: 'only of this source' },
      { name: 'source-type', what: 'only of sources of this type, such as forecaster' },
      { name: 'resolution', kind: 'length', what: 'of the plot; default the finest of the sensors' },
      { name: 'timezone', kind: 'zone', what: 'default that of the first sensor' },
      { name: 'to-file', what: 'write the data to this CSV file as well' },
      { name: 'include-ids', kind: 'flag', off: 'exclude-ids', what: 'with the ids of the sensors' },
      { name: 'reduced-paths', kind: 'flag', off: 'full-paths', what: 'names without the assets above (usual), or with them' },
    ],
    async run(given, open, { show, say }) {
      const desk = await open()
      const all = await Promise.all(given.numbers('sensor').map((id) => desk.sensors.need(id)))
      if (new Set(all.map(({ id }) => id)).size < all.length) throw new Problem('usage', 'Please ensure your inputs are unique.')
      const from = given.moment('start')!
      const until = addDuration(from, parseDuration(given.need('duration')), all[0]!.timezone)
      const finest = Math.min(...all.map(({ resolution }) => resolution).filter((step) => step > 0))
      const step = given.length('resolution') ?? (Number.isFinite(finest) ? finest : 15 * 60_000)
      const filter = filterOf(given)
      const read = await Promise.all(
        all.map(async (sensor) => ({ sensor, values: await desk.beliefs.series({ sensor: sensor.id, from, until, step, ...filter }) })),
      )
      const full = read.filter(({ values }) => values.some((value) => value !== null))
      for (const { sensor } of read)
        if (!full.some((one) => one.sensor === sensor)) say(`No data found for sensor ${sensor.id} (${sensor.name})`)
      if (full.length === 0) throw new Problem('no-data', 'No data found!', { status: 404 })
      const zone = given.text('timezone') ?? full[0]!.sensor.timezone
      const names = await Promise.all(
        full.map(({ sensor }) =>
          nameOf(
            desk,
            sensor,
            full.map((one) => one.sensor),
            given,
          ),
        ),
      )
      const shared = full.every(({ sensor }) => sensor.unit === full[0]!.sensor.unit)
      if (!shared) say('The y-axis shows no unit, because the selected sensors do not share the same unit.')
      const starts = full[0]!.values.map((_, k) => formatInstant(instant(from + k * step), zone))
      if (given.has('to-file')) {
        const lines = starts.map((start, k) => [start, ...full.map(({ values }) => values[k] ?? '')].join(','))
        const heads = [
          ['event_start', ...names.map(quoted)],
          ['', ...full.map(({ sensor }) => sensor.unit)],
        ]
        try {
          writeFileSync(given.need('to-file'), `${[...heads.map((row) => row.join(',')), ...lines].join('\n')}\n`)
        } catch (error) {
          throw new Problem('file-refused', `${given.need('to-file')} could not be written: ${describeError(error)}.`, {
            hint: 'Choose a folder you may write to.',
          })
        }
        say('Data saved to file.')
      }
      const data = full.map(({ sensor, values }) => ({
        sensor: sensor.id,
        name: sensor.name,
        unit: sensor.unit,
        start: starts[0],
        step,
        values,
      }))
      show(data, () =>
        plot({
          title: `Beliefs for ${full.length === 1 ? 'Sensor' : 'Sensors'} ${full.map(({ sensor }) => `'${sensor.name}' (ID ${sensor.id})`).join(', ')}.\nData starts at ${starts[0]}, one value every ${step / 60_000} minutes.`,
          series: full.map(({ values }, k) => ({ name: shared ? names[k]! : `${names[k]} in ${full[k]!.sensor.unit}`, values })),
          unit: shared ? full[0]!.sensor.unit : '',
          ends: [starts[0]!, starts.at(-1)!],
        }),
      )
      return undefined
    },
  },
]

const filterOf = (given: Given) => ({
  ...(given.has('belief-time-before') && { at: given.moment('belief-time-before')! }),
  ...(given.has('source') && { sources: [given.number('source')!] }),
  ...(given.has('source-type') && { sourceTypes: [given.need('source-type')] }),
})

/** The name, with the asset where names repeat, with all assets above or the id where that was asked. */
async function nameOf(desk: Desk, sensor: Sensor, all: readonly Sensor[], given: Given): Promise<string> {
  if (given.flag('include-ids')) return `${sensor.name} (ID ${sensor.id})`
  const twice = all.filter(({ name }) => name === sensor.name).length > 1
  if (given.flag('reduced-paths', true)) return twice ? `${sensor.assetName} > ${sensor.name}` : sensor.name
  const lineage = await desk.assets.lineage(sensor.asset)
  const names = await Promise.all(lineage.map(async (id) => (await desk.assets.get(id))?.name ?? String(id)))
  return [...names.reverse(), sensor.name].join(' > ')
}

const quoted = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
