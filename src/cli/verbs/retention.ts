import { type BeliefPolicy, describePolicy, policiesOf, readThinnings, type Thinning, type ThinningRun, thinBeliefs } from '#ems'
import { formatDuration, formatInstant, Problem } from '#kernel'
import type { Store } from '#store'
import { configOf, DATABASE_OPTIONS, DATABASE_WORDS } from '../configured.ts'
import { openDatabase } from '../database.ts'
import { clock, logOf } from '../settings.ts'
import { table } from '../terminal.ts'
import type { Verb } from '../verb.ts'

export const retentionVerb: Verb = {
  name: 'retention',
  summary:
    'Shows by which policies old beliefs are thinned and what was thinned, or runs the policies now; with --dry-run it only counts. The running platform does it every day.',
  usage: '<show|run> [--dry-run] [--policy NAME] [--data FOLDER | --database-url URL] [--json]',
  example: 'cariflex retention run --dry-run',
  options: { 'dry-run': { type: 'boolean' }, policy: { type: 'string' }, ...DATABASE_OPTIONS },
  explain: { 'dry-run': 'count what would be removed, and remove nothing', policy: 'only the policy of this name', ...DATABASE_WORDS },
  async run({ words, options, env, show, progress }) {
    const [what] = words
    if (words.length !== 1 || (what !== 'show' && what !== 'run'))
      throw new Problem('usage', `'${words.join(' ')}' is nothing retention can do.`, { hint: 'Choose one of: show, run.' })
    const { config } = configOf({ options, env })
    const policies = chosen(policiesOf(config.retention.beliefs, config.platform.name), options['policy'])
    const database = await openDatabase(config, { clock })
    try {
      if (what === 'show') {
        const told = await look(database.store, policies)
        show(told, () => render(told))
        return undefined
      }
      const dryRun = options['dry-run'] === true
      const account = await database.store.first<{ id: number }>('select id from account where name = $1', [config.platform.name])
      const thinned = await thinBeliefs({
        store: database.store,
        clock,
        policies,
        dryRun,
        log: logOf({ ...config, log: { ...config.log, level: 'silent' } }, false),
        ...(account && { account: account.id }),
        progress: (done, total) => progress(dryRun ? 'counting' : 'thinning', done, total),
      })
      const names = await namesOf(database.store, thinned)
      const rows = thinned.map((one) => ({
        ...one,
        name: names.get(one.sensor) ?? '',
        from: formatInstant(one.from),
        until: formatInstant(one.until),
      }))
      const removed = thinned.reduce((sum, one) => sum + one.removed, 0)
      show({ dryRun, removed, sensors: rows }, () => `${listed(rows)}${total(removed, dryRun)}`)
    } finally {
      await database.close()
    }
    return undefined
  },
}

const chosen = (policies: BeliefPolicy[], name: unknown): BeliefPolicy[] => {
  const own = name === undefined ? policies : policies.filter((policy) => policy.name === name)
  if (name !== undefined && own.length === 0)
    throw new Problem('unknown-policy', `There is no retention policy '${String(name)}'.`, {
      hint: policies.length === 0 ? 'None is configured.' : `There are: ${policies.map((policy) => policy.name).join(', ')}.`,
    })
  return own
}

interface Told {
  policies: { name: string; after: string; what: string; sensors: number; until: string | null }[]
  runs: (Omit<ThinningRun, 'at' | 'until'> & { at: string; until: string })[]
}

async function look(store: Store, policies: readonly BeliefPolicy[]): Promise<Told> {
  const marks = await store.query<{ policy: string; sensors: number; until: number }>(
    'select policy, count(*)::int as sensors, min(until) as until from cariflex.belief_thinned group by policy',
  )
  const reach = new Map(marks.map((mark) => [mark.policy, mark]))
  const runs = await readThinnings(store, { accounts: 'all', limit: 20 })
  return {
    policies: policies.map((policy) => {
      const mark = reach.get(policy.name)
      return {
        name: policy.name,
        after: formatDuration(policy.after),
        what: describePolicy(policy),
        sensors: mark?.sensors ?? 0,
        until: mark ? formatInstant(mark.until as never) : null,
      }
    }),
    runs: runs.map((run) => ({ ...run, at: formatInstant(run.at), until: formatInstant(run.until) })),
  }
}

const render = ({ policies, runs }: Told): string =>
  [
    policies.length === 0
      ? 'No policy thins beliefs: everything is kept.'
      : policies
          .map(({ name, what, until }) => `${name}: ${what}${until === null ? ' (has not run yet)' : `; done up to ${until}`}`)
          .join('\n'),
    runs.length === 0
      ? 'Nothing was thinned yet.'
      : table([
          ['WHEN', 'POLICY', 'SENSORS', 'REMOVED', 'KEPT', 'EVENTS BEFORE'],
          ...runs.map((run) => [run.at, run.policy, String(run.sensors), String(run.removed), String(run.kept), run.until]),
        ]),
  ].join('\n\n')

const listed = (
  rows: readonly { policy: string; sensor: number; name: string; removed: number; kept: number; from: string; until: string }[],
) =>
  rows.length === 0
    ? ''
    : `${table([
        ['POLICY', 'SENSOR', 'NAME', 'REMOVED', 'KEPT', 'EVENTS FROM', 'BEFORE'],
        ...rows.map((row) => [row.policy, String(row.sensor), row.name, String(row.removed), String(row.kept), row.from, row.until]),
      ])}\n`

const total = (removed: number, dryRun: boolean): string =>
  removed === 0 ? 'Nothing to thin.' : dryRun ? `${removed} beliefs would be removed; nothing was.` : `${removed} beliefs were removed.`

async function namesOf(store: Store, thinned: readonly Thinning[]): Promise<Map<number, string>> {
  const rows = await store.query<{ id: number; name: string }>(
    `select s.id, a.name || ' ' || s.name as name from sensor s join generic_asset a on a.id = s.generic_asset_id where s.id = any($1::int[])`,
    [thinned.map((one) => one.sensor)],
  )
  return new Map(rows.map((row) => [row.id, row.name]))
}
