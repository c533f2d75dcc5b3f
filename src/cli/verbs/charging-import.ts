import { readFileSync } from 'node:fs'
import { openCitrineRows } from '#charging'
import { describeError, Problem, silentLog, systemClock } from '#kernel'
import { stationTable } from '#server'
import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'

interface Told {
  line: number
  what: string
  outcome: 'made' | 'known' | 'refused'
  why?: string
}
type Row = { line: number } & Record<string, unknown>
interface Table {
  stations: Row[]
  badges: Row[]
  /** What a line is called. */
  of: (line: number) => string
}

export const chargingImport: Verb = {
  name: 'charging import',
  summary:
    'Makes the charging stations of a CSV file known, or the stations and badges of a CitrineOS. Good rows are kept; exit code 1 when one was refused.',
  usage: 'FILE.csv | --citrineos postgres://… [--tenant 1] [--dry-run]',
  example: 'cariflex charging import stations.csv --dry-run',
  options: { citrineos: { type: 'string' }, tenant: { type: 'string' }, 'dry-run': { type: 'boolean' } },
  explain: {
    citrineos: 'the database of a CitrineOS: its stations with the power of their connectors and their place, and its badges',
    tenant: 'its tenant; 1 unless given',
    'dry-run': 'only says what would become of each row',
  },
  async run({ words: [file], options, env, show }) {
    const { citrineos, tenant = '1', 'dry-run': dryRun = false } = options
    if ((file === undefined) === (citrineos === undefined)) throw new Problem('usage', 'Say which file, or --citrineos and its database.')
    const { of, ...rows } = file === undefined ? await citrineTable(String(citrineos), Number(tenant)) : fileTable(file)
    const { data } = await connectInstance(env).send<{ data: Told[] }>('POST', '/api/cariflex/v1/charging/import', { ...rows, dryRun })
    const count = (outcome: Told['outcome']) => data.filter((one) => one.outcome === outcome).length
    const refused = data.filter(({ outcome }) => outcome === 'refused')
    show({ data }, () =>
      [
        ...refused.map(({ line, what, why }) => `${of(line)}: ${what}: ${why}`),
        `${count('made')} ${dryRun === true ? 'would be ' : ''}made, ${count('known')} known already, ${refused.length} refused.`,
      ].join('\n'),
    )
    return refused.length > 0 ? 1 : undefined
  },
}

/** @throws Problem `no-file`, `invalid-upload` */
function fileTable(file: string): Table {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(file)
  } catch (error) {
    throw new Problem('no-file', `${file} cannot be read: ${describeError(error)}`, { hint: 'Look at its name and its rights.' })
  }
  return { stations: stationTable(bytes), badges: [], of: (line) => `${file}:${line}` }
}

async function citrineTable(url: string, tenant: number): Promise<Table> {
  const rows = openCitrineRows({ url, tenant, clock: systemClock, log: silentLog })
  try {
    const stations = (await rows.stations()).map(({ id, location, latitude, longitude, connectors }, index) => {
      const watts = connectors.flatMap((one) => (one.watts === null ? [] : [one.watts]))
      const phases = connectors.some(({ power }) => power === 'AC_1_PHASE') ? 1 : 3
      const name = location === null ? null : `${location} ${id}`
      return {
        line: index + 1,
        identity: id,
        name,
        power_kw: watts.length > 0 ? Math.max(...watts) / 1000 : null,
        phases,
        latitude,
        longitude,
      }
    })
    const badges = (await rows.badges()).map(({ idToken, type, status, until, group }, index) => ({
      ...{ line: stations.length + index + 1, token: idToken, type, status, until, group },
    }))
    return { stations, badges, of: (line) => (line > stations.length ? `badge ${line - stations.length}` : `station ${line}`) }
  } finally {
    await rows.close()
  }
}
