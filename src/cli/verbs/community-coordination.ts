import {
  type Adopted,
  type Appliance,
  type Device,
  type LeftOut,
  type Outcome,
  readCoordination,
  type Written,
  writeCoordination,
} from '#community'
import { formatInstant, type Instant, Problem, parseInstant, silentLog, systemClock } from '#kernel'
import { openStore, type Store } from '#store'
import { connectInstance } from '../instance.ts'
import { EXIT, type Options, type Verb } from '../verb.ts'

const OPTIONS: Options = { database: { type: 'string' }, apply: { type: 'boolean' }, url: { type: 'string' } }
const USAGE = '--database postgres://… [--apply] [--url http://127.0.0.1:5000]'
const EXPLAIN = {
  database: "ELFE's coordination database, schema v6.3",
  apply: 'writes; without it only what would happen is told',
  url: 'the running instance; CARIFLEX_URL, else what is configured here, when not given',
}
const API = '/api/cariflex/v1/community'
/** Moments as the API has them. */
type Told = Omit<Appliance, 'startedAt' | 'programmedAt'> & { startedAt: string | null; programmedAt: string | null }

export const communityAdopt: Verb = {
  name: 'community adopt',
  summary:
    'Takes appliances and devices of an existing coordination database over into the registry. The database is only read. Exit code 1 when something was left out.',
  usage: USAGE,
  example: 'cariflex community adopt --database postgres://coordination@127.0.0.1/coordination',
  options: OPTIONS,
  explain: EXPLAIN,
  async run({ options, env, show }) {
    const dryRun = options['apply'] !== true
    const { appliances, devices, leftOut } = await withDatabase(options['database'], readCoordination)
    const at = (moment: Instant | null) => (moment === null ? null : formatInstant(moment))
    const told: Told[] = appliances.map((one) => ({ ...one, startedAt: at(one.startedAt), programmedAt: at(one.programmedAt) }))
    const { data } = await instanceOf(options['url'], env).send<{ data: Adopted }>('POST', `${API}/adoption`, {
      appliances: told,
      devices,
      dryRun,
    })
    show({ data: { ...data, leftOut } }, () => report(countOf(data.appliances), countOf(data.devices), leftOut, dryRun))
    return leftOut.length > 0 ? EXIT.failed : EXIT.ok
  },
}

export const communityHandBack: Verb = {
  name: 'community hand-back',
  summary:
    'Writes the registry into an existing coordination database: what says the same there is not touched, nothing is removed. Exit code 1 when something was left out.',
  usage: USAGE,
  example: 'cariflex community hand-back --database postgres://coordination@127.0.0.1/coordination',
  options: OPTIONS,
  explain: EXPLAIN,
  async run({ options, env, show }) {
    const dryRun = options['apply'] !== true
    const instance = instanceOf(options['url'], env)
    const { data: told } = await instance.get<{ data: Told[] }>(`${API}/appliances`)
    const { data: devices } = await instance.get<{ data: Device[] }>(`${API}/devices`)
    const moment = (text: string | null) => (text === null ? null : parseInstant(text))
    const appliances = told.map((one): Appliance => ({ ...one, startedAt: moment(one.startedAt), programmedAt: moment(one.programmedAt) }))
    const data: Written = await withDatabase(options['database'], (store) => writeCoordination(store, { appliances, devices }, dryRun))
    show({ data }, () => report(data.appliances, data.devices, data.leftOut, dryRun))
    return data.leftOut.length > 0 ? EXIT.failed : EXIT.ok
  },
}

const instanceOf = (url: unknown, env: NodeJS.ProcessEnv) =>
  connectInstance(url === undefined ? env : { ...env, CARIFLEX_URL: String(url) })

async function withDatabase<T>(url: unknown, work: (store: Store) => Promise<T>): Promise<T> {
  if (url === undefined) throw new Problem('usage', 'Say which database.', { hint: 'Add --database postgres://user@host/name.' })
  const store = openStore({ url: String(url), log: silentLog, clock: systemClock, connections: 1 })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

function countOf(rows: readonly { outcome: Outcome }[]): Record<Outcome, number> {
  const count = (outcome: Outcome) => rows.filter((one) => one.outcome === outcome).length
  return { made: count('made'), updated: count('updated'), known: count('known') }
}

function report(
  appliances: Record<Outcome, number>,
  devices: Record<Outcome, number>,
  leftOut: readonly LeftOut[],
  dryRun: boolean,
): string {
  const line = (what: string, { made, updated, known }: Record<Outcome, number>) =>
    `${what}: ${made} ${dryRun ? 'would be ' : ''}new, ${updated} ${dryRun ? 'would be ' : ''}changed, ${known} as they were.`
  return [
    ...leftOut.map(({ what, why }) => `${what} is left out: ${why}`),
    line('Appliances', appliances),
    line('Devices', devices),
    ...(dryRun ? ['Nothing was written: add --apply.'] : []),
  ].join('\n')
}
