/** Automations from the command line: `add`, `show`, `edit`, `delete` (reference 4.9). */
import { type Automation, auditAsset, OPERATOR } from '#ems'
import { formatInstant, Problem } from '#kernel'
import { clock } from '../settings.ts'
import { table } from '../terminal.ts'
import type { Desk } from './desk.ts'
import type { Given, Option } from './option.ts'
import type { FmVerb } from './verb.ts'

const ID: Option = { name: 'id', kind: 'whole', required: true, what: 'see show automations' }

export const AUTOMATIONS: readonly FmVerb[] = [
  {
    name: 'add automation',
    summary: 'Asks again and again for forecasts, schedules or reports of an asset.',
    options: [
      { name: 'asset', kind: 'whole', required: true, what: 'id of the asset' },
      { name: 'name', required: true, what: 'what people call it' },
      { name: 'cron', required: true, what: "five fields, such as '0 5 * * *'" },
      { name: 'type', required: true, choices: ['forecasting', 'scheduling', 'reporting'], what: 'what it makes' },
      { name: 'timezone', kind: 'zone', what: 'of the cron string; default that of the asset' },
      { name: 'parameters', required: true, kind: 'json', what: 'of the trigger: JSON, or a file of it' },
      { name: 'user', kind: 'whole', what: 'id of the user with whose rights it runs; default the first administrator' },
      { name: 'inactive', kind: 'flag', what: 'it rests for now' },
    ],
    async run(given, open, { show }) {
      const desk = await open()
      const made = await desk.ask<{ id: number; name: string; 'next-run': string | null }>(
        'POST',
        `/assets/${given.id('asset')}/automations`,
        {
          ...{ name: given.need('name'), cron: given.need('cron'), type: given.need('type'), parameters: given.json('parameters') },
          ...(given.has('timezone') && { timezone: given.need('timezone') }),
          active: !given.flag('inactive'),
        },
        await makerOf(desk, given),
      )
      show(
        made,
        () => `Automation '${made.name}' (ID: ${made.id}) successfully created. Next run: ${made['next-run'] ?? 'never, it rests'}.`,
      )
      return undefined
    },
  },
  {
    name: 'show automations',
    summary: 'Lists automations, of an asset or all.',
    options: [{ name: 'asset', kind: 'whole', what: 'id of the asset' }],
    async run(given, open, { show }) {
      const { automations } = await open()
      const asset = given.number('asset')
      const all = (await automations.list(asset === undefined ? {} : { asset })).map((one) => lineOf(one, automations))
      show(all, () =>
        all.length === 0
          ? 'No automations.'
          : table([Object.keys(all[0]!).map((name) => name.toUpperCase()), ...all.map((one) => Object.values(one).map(String))]),
      )
      return undefined
    },
  },
  {
    name: 'show automation',
    summary: 'Shows an automation and its last jobs.',
    options: [ID],
    async run(given, open, { show }) {
      const { automations } = await open()
      const one = await automationOf({ automations }, given)
      const jobs = await automations.jobsOf(one.id, 10)
      show({ ...one, jobs }, () =>
        table([
          ...Object.entries(lineOf(one, automations)).map(([name, value]) => [name, String(value)]),
          ['parameters', JSON.stringify(one.parameters)],
          ['jobs', jobs.map(({ job, dueAt }) => `${job} (${formatInstant(dueAt, one.timezone)})`).join(', ') || 'none'],
        ]),
      )
      return undefined
    },
  },
  {
    name: 'edit automation',
    summary: 'Renames, re-times, pauses or resumes an automation.',
    options: [
      ID,
      { name: 'name', what: 'its new name' },
      { name: 'cron', what: 'five fields' },
      { name: 'timezone', kind: 'zone', what: 'of the cron string' },
      { name: 'active', kind: 'flag', off: 'inactive', what: 'it runs, or rests' },
    ],
    async run(given, open, { show }) {
      const desk = await open()
      const one = await automationOf(desk, given)
      const change = Object.fromEntries(
        ['name', 'cron', 'timezone'].filter((name) => given.has(name)).map((name) => [name, given.need(name)]),
      )
      await desk.ask('PATCH', `/assets/${one.asset}/automations/${one.id}`, {
        ...change,
        ...(given.has('active') && { active: given.flag('active') }),
      })
      show({ id: one.id }, () => `Automation ${one.id} successfully updated.`)
      return undefined
    },
  },
  {
    name: 'delete automation',
    summary: 'Deletes an automation; what it made stays.',
    options: [ID, { name: 'force', kind: 'flag', off: 'no-force', what: 'ask nothing' }],
    async run(given, open, talk) {
      const desk = await open()
      const one = await automationOf(desk, given)
      if (!given.flag('force')) await talk.confirm(`Delete automation '${one.name}' (ID: ${one.id})?`)
      await desk.automations.remove(one.id)
      await auditAsset(desk.store, clock.now(), OPERATOR, `Deleted automation '${one.name}': ${one.id}`, one.asset)
      talk.show({ id: one.id }, () => `Automation ${one.id} has been deleted.`)
      return undefined
    },
  },
]

const lineOf = (one: Automation, automations: Desk['automations']) => {
  const next = automations.nextRun(one)
  return {
    ...{ id: one.id, asset: one.asset, type: one.type, name: one.name, cron: one.cron, timezone: one.timezone, active: one.active },
    ...{ next: next === undefined ? '' : formatInstant(next, one.timezone), problem: one.problem ?? '' },
  }
}

async function automationOf({ automations }: Pick<Desk, 'automations'>, given: Given): Promise<Automation> {
  const one = await automations.get(given.id('id'))
  if (one) return one
  throw new Problem('unknown-automation', `No automation found with ID ${given.id('id')}.`, { status: 404, hint: 'See show automations.' })
}

/** Automations run with the rights of a user. @throws Problem `unknown-user` */
async function makerOf(desk: Desk, given: Given) {
  const [first] = await desk.store.query<{ id: number }>(
    `select u.id from fm_user u join roles_users l on l.user_id = u.id join role r on r.id = l.role_id where r.name = 'admin' and u.active order by u.id limit 1`,
  )
  const id = given.number('user') ?? first?.id
  const who = id === undefined ? undefined : await desk.users.principal(id)
  if (who) return who
  throw new Problem(
    'unknown-user',
    id === undefined ? 'There is no administrator whose rights the automation could have.' : `No active user with ID ${id} found.`,
    {
      status: 422,
      hint: 'Say which --user.',
    },
  )
}
