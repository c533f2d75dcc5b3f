/** `add`: annotations and holidays. */
import { dayAfter, formatInstant, instant, isZone, Problem } from '#kernel'
import type { Desk } from './desk.ts'
import { HOLIDAYS, holidaysOf } from './holidays.ts'
import type { Given } from './option.ts'
import type { FmVerb } from './verb.ts'

export const ADD_NOTES: readonly FmVerb[] = [
  {
    name: 'add annotation',
    summary: 'Adds a note on a span of time to accounts, assets and sensors.',
    options: [
      { name: 'content', required: true, what: 'what there is to say' },
      { name: 'at', kind: 'moment', required: true, what: 'when it begins, ISO 8601 with offset' },
      { name: 'until', kind: 'moment', what: 'when it ends; default a day later' },
      { name: 'account', kind: 'whole', many: true, what: 'id of an account' },
      { name: 'asset', also: ['asset-id'], kind: 'whole', many: true, what: 'id of an asset' },
      { name: 'sensor', also: ['sensor-id'], kind: 'whole', many: true, what: 'id of a sensor' },
      { name: 'user', also: ['user-id'], kind: 'whole', required: true, what: 'id of the user whose note it is' },
    ],
    async run(given, open, { show }) {
      const desk = await open()
      const user = await desk.users.principal(given.id('user'))
      if (!user) throw new Problem('unknown-user', `No active user with ID ${given.id('user')} found.`, { status: 422 })
      const start = given.moment('at')!
      const end = given.moment('until') ?? dayAfter(start, desk.config.platform.timezone, 1)
      const note = { content: given.need('content'), start: formatInstant(start), end: formatInstant(end) }
      const places = placesOf(given)
      if (places.length === 0) throw new Problem('usage', 'Say which --account, --asset or --sensor gets it.')
      // Written by the user, on whatever the command line may write.
      for (const place of places) await desk.ask('POST', `${place}/annotations`, note, { ...user, roles: ['admin'] })
      show(note, () => 'Successfully added annotation.')
      return undefined
    },
  },
  {
    name: 'add holidays',
    summary: 'Adds the public holidays of a year to accounts and assets.',
    options: [
      { name: 'year', kind: 'whole', required: true, what: 'which' },
      { name: 'country', many: true, what: `${Object.keys(HOLIDAYS).join(', ')}; several times for several` },
      { name: 'asset', also: ['asset-id'], kind: 'whole', many: true, what: 'id of an asset' },
      { name: 'account', also: ['account-id'], kind: 'whole', many: true, what: 'id of an account' },
      { name: 'timezone', kind: 'zone', what: 'in which the days begin; default that of the platform' },
      { name: 'subdiv', what: 'part of the country: with --country FR and --subdiv MQ the same as FR-MQ' },
      { name: 'package', choices: ['workalendar', 'holidays'], what: 'accepted; Cariflex reckons holidays by itself' },
      { name: 'category', what: 'only public' },
      { name: 'calendar-class', what: 'refused: Python calendars are not run' },
      { name: 'calendar-kwargs', what: 'refused: Python calendars are not run' },
    ],
    async run(given, open, { show }) {
      if (given.has('calendar-class') || given.has('calendar-kwargs'))
        throw new Problem('usage', 'Calendars of Python are not run here.', { hint: 'Take --country, or add annotation for each day.' })
      if (given.has('category') && given.need('category') !== 'public')
        throw new Problem('usage', `Only public holidays are known, not '${given.need('category')}'.`, {
          hint: 'Use add annotation for other days.',
        })
      if (!given.has('country'))
        throw new Problem('usage', "Missing option '--country'.", { hint: `There are ${Object.keys(HOLIDAYS).join(', ')}.` })
      const desk = await open()
      const zone = given.text('timezone') ?? desk.config.platform.timezone
      if (!isZone(zone)) throw new Problem('usage', `Timezone ${zone} is unknown!`)
      const places = placesOf(given)
      if (places.length === 0) throw new Problem('usage', 'Say which --account or --asset gets them.')
      const told: Record<string, number> = {}
      for (const country of given.texts('country')) {
        const code = [country, given.text('subdiv')]
          .filter((part) => part !== undefined)
          .join('-')
          .toUpperCase()
        const days = holidaysOf(code, given.id('year'))
        const source = await desk.sources.of({ name: 'holidays', type: 'CLI script', model: code })
        for (const { date, name } of days) await note(desk, source, places, name, date, zone)
        told[code] = days.length
      }
      show(told, () =>
        Object.entries(told)
          .map(([code, n]) => `Successfully added ${n} holidays of ${code}.`)
          .join('\n'),
      )
      return undefined
    },
  },
]

const placesOf = (given: Given): string[] =>
  (['account', 'asset', 'sensor'] as const).flatMap((kind) => given.numbers(kind).map((id) => `/${kind}s/${id}`))

const TABLES = {
  accounts: ['annotations_accounts', 'account_id', 'account'],
  assets: ['annotations_assets', 'generic_asset_id', 'generic_asset'],
} as const

/** A note of a whole day, of a source that is no user. @throws Problem `unknown-place` */
async function note(
  { store }: Desk,
  source: number,
  places: readonly string[],
  content: string,
  date: number,
  zone: string,
): Promise<void> {
  const midnight = startOfDay(date, zone)
  const params = [content, formatInstant(midnight), formatInstant(dayAfter(midnight, zone, 1)), source]
  await store.transact(async (tx) => {
    const known = await tx.first<{ id: number }>(
      `select id from annotation where content = $1 and start = $2 and "end" = $3 and source_id = $4 and type = 'holiday'`,
      params,
    )
    const { id } =
      known ??
      (await tx.first<{ id: number }>(
        `insert into annotation (content, start, "end", source_id, type) values ($1, $2, $3, $4, 'holiday') returning id`,
        params,
      ))!
    for (const place of places) {
      const [, kind, owner] = place.split('/') as ['', keyof typeof TABLES, string]
      const [table, column, ownerTable] = TABLES[kind]
      const done = await tx.query(
        `insert into ${table} (${column}, annotation_id) select id, $2 from ${ownerTable} where id = $1
         on conflict do nothing returning 1`,
        [Number(owner), id],
      )
      const linked =
        done.length > 0 || (await tx.first(`select 1 from ${table} where ${column} = $1 and annotation_id = $2`, [Number(owner), id]))
      if (!linked) throw new Problem('unknown-place', `There is no ${kind.slice(0, -1)} with ID ${owner}.`, { status: 422 })
    }
  })
}

/** Midnight of a day that is given in UTC. */
const startOfDay = (date: number, zone: string) => {
  const noon = instant(date + 12 * 3_600_000)
  return dayAfter(noon, zone, 0)
}
