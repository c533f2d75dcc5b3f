/** `cariflex show beliefs`: the data of a sensor as a table, as JSON, or as a CSV file. */
import { writeFileSync } from 'node:fs'
import { describeError, Problem } from '#kernel'
import { connectInstance } from '../instance.ts'
import { table } from '../terminal.ts'
import type { Invocation, Options } from '../verb.ts'

export const BELIEF_OPTIONS = {
  sensor: { type: 'string' },
  start: { type: 'string' },
  duration: { type: 'string' },
  resolution: { type: 'string' },
  unit: { type: 'string' },
  'to-file': { type: 'string' },
} satisfies Options

export const BELIEF_EXPLAIN = {
  sensor: 'id of the sensor (beliefs)',
  start: 'first moment, ISO 8601 with offset; default a week ago (beliefs)',
  duration: 'ISO 8601, such as PT24H or P7D; default until now (beliefs)',
  resolution: 'length of a row, such as PT1H or P1D; default as recorded (beliefs)',
  unit: "unit of the values; default the sensor's (beliefs)",
  'to-file': 'write them to this CSV file instead (beliefs)',
}

/** @throws Problem `usage`, `file-refused`, or what the instance answered */
export async function showBeliefs({ options, env, show, say }: Invocation): Promise<undefined> {
  const sensor = String(options['sensor'] ?? '')
  if (!/^\d+$/.test(sensor))
    throw new Problem('usage', 'The sensor whose beliefs are wanted is missing.', {
      hint: "Add its id: --sensor 12. 'cariflex show sensors' lists them.",
    })
  const query = new URLSearchParams()
  for (const name of ['start', 'duration', 'resolution', 'unit']) if (options[name] !== undefined) query.set(name, String(options[name]))
  const csv = await connectInstance(env).text(`/api/cariflex/v1/sensors/${sensor}/export.csv?${query}`)
  const [, ...lines] = csv.trimEnd().split('\r\n')
  const file = options['to-file']
  if (file !== undefined) {
    try {
      writeFileSync(String(file), csv)
    } catch (error) {
      throw new Problem('file-refused', `${String(file)} could not be written: ${describeError(error)}.`, {
        hint: 'Choose a folder you may write to.',
      })
    }
    say(`${lines.length} rows written to ${String(file)}.`)
    return undefined
  }
  const rows = lines.map((line) => {
    const [start = '', , value = '', unit = ''] = line.split(',')
    return { start, value: value === '' ? null : Number(value), unit: unit.replaceAll('"', '') }
  })
  show({ sensor: Number(sensor), rows }, () => {
    const unit = rows[0]?.unit
    if (unit === undefined) return `Sensor ${sensor} has no data in that time.`
    return table([['START', `VALUE (${unit || 'dimensionless'})`], ...rows.map((row) => [row.start, String(row.value ?? '-')])])
  })
  return undefined
}
