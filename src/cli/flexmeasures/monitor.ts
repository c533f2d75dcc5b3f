/** `monitor`: tasks that did not run, users that stopped calling. Alerts go by mail, and into the exit code. */
import { absentUsers, judgeTasks, latestTaskRun, newlyAbsent, noteTaskRun, type TaskVerdict } from '#ems'
import { formatInstant, type Instant, MINUTE, Problem } from '#kernel'
import { clock } from '../settings.ts'
import type { Desk } from './desk.ts'
import type { Given, Option } from './option.ts'
import type { FmVerb } from './verb.ts'

const RECIPIENT: Option = {
  name: 'recipient',
  many: true,
  what: 'id or email of whom to tell; default FLEXMEASURES_MONITORING_MAIL_RECIPIENTS',
}

export const MONITOR: readonly FmVerb[] = [
  {
    name: 'monitor latest-run',
    summary: 'Looks whether tasks ran in time and went well; when one did not, mails (the exit code stays 0).',
    options: [
      {
        name: 'task',
        kind: 'text-and-whole',
        many: true,
        required: true,
        what: 'name of the task, and minutes that may pass between runs',
      },
      { name: 'custom-message', what: 'added to the mail' },
      RECIPIENT,
    ],
    async run(given, open, { show }) {
      const desk = await open()
      const limits = Object.fromEntries(given.pairs('task').map(([name, minutes]) => [name, Number(minutes) * MINUTE]))
      const verdicts = await judgeTasks(desk.store, limits, clock.now())
      const bad = verdicts.filter(({ code }) => code !== 'ok')
      if (bad.length > 0) {
        const text = [...bad.map(sentenceOf), given.text('custom-message') ?? ''].join('\n').trim()
        await tell(desk, given, `Problem with task ${bad.map(({ name }) => name).join(', ')}`, text)
      }
      show(verdicts, () => verdicts.map(sentenceOf).join('\n'))
      return undefined
    },
  },
  {
    name: 'monitor last-seen',
    summary: 'Looks which users stopped calling; tells of each by mail, once.',
    options: [
      { name: 'maximum-minutes-since-last-seen', kind: 'whole', required: true, what: 'that may pass' },
      { name: 'alert-users', kind: 'flag', off: 'do-not-alert-users', what: 'mail the users as well' },
      { name: 'account-role', what: 'only accounts of this role' },
      { name: 'account', kind: 'whole', many: true, what: 'only this account; several times for several' },
      { name: 'consultancy', kind: 'whole', what: 'only accounts that this one advises' },
      { name: 'user-role', what: 'only users of this role' },
      { name: 'custom-user-message', what: 'added to the mail to users' },
      { name: 'only-newly-absent-users', kind: 'flag', off: 'all-absent-users', what: 'not those of whom an earlier run told (usual)' },
      { name: 'task-name', what: 'under which this run is noted; default monitor-last-seen-users' },
      RECIPIENT,
    ],
    async run(given, open, { show }) {
      const desk = await open()
      const minutes = given.id('maximum-minutes-since-last-seen')
      const task = given.text('task-name') ?? 'monitor-last-seen-users'
      const before = await latestTaskRun(desk.store, task)
      const all = await absentUsers(desk.store, queryOf(given, minutes), clock.now())
      const told = given.flag('only-newly-absent-users', true) ? newlyAbsent(all, minutes * MINUTE, before?.at) : all
      if (told.length > 0) {
        const lines = told.map(
          ({ username, email, accountName, lastSeen }) =>
            `- ${username} (${email}, ${accountName}): ${lastSeen === null ? 'never' : formatInstant(lastSeen)}`,
        )
        await tell(
          desk,
          given,
          'Last contact by users has been too long ago',
          `Not seen for more than ${minutes} minutes (last contact):\n\n${lines.join('\n')}`,
        )
        if (given.flag('alert-users')) for (const user of told) await tellUser(desk, given, user, minutes)
      }
      await noteTaskRun(desk.store, task, true, clock.now())
      show(told, () =>
        told.length === 0
          ? `All good: no users were found with relevant criteria and last seen longer than ${minutes} minutes ago.${all.length > 0 ? ' Of those who are absent an earlier run told (--all-absent-users shows them).' : ''}`
          : told
              .map(
                ({ username, email, lastSeen }) =>
                  `${username} (${email}) was last seen ${lastSeen === null ? 'never' : formatInstant(lastSeen)}.`,
              )
              .join('\n'),
      )
      return undefined
    },
  },
]

const queryOf = (given: Given, minutes: number) => ({
  limit: minutes * MINUTE,
  ...(given.has('account') && { accounts: given.numbers('account') }),
  ...(given.has('consultancy') && { consultancy: given.number('consultancy')! }),
  ...(given.has('account-role') && { accountRole: given.need('account-role') }),
  ...(given.has('user-role') && { userRole: given.need('user-role') }),
})

function sentenceOf({ name, code, at, limit }: TaskVerdict): string {
  const last = at === null ? 'never' : formatInstant(at)
  if (code === 'never-ran') return `Task ${name} has no last run and thus cannot be monitored. Is it configured properly?`
  if (code === 'late') return `Task ${name} failed to run at least every ${limit / MINUTE} minutes: its last run was ${last}.`
  return code === 'failed' ? `A failure has been reported on task ${name}: ${last}.` : `Task ${name} ran in time: ${last}.`
}

/** Emails, or the emails of users by their ids. @throws Problem `unknown-user` */
async function recipientsOf(desk: Desk, given: Given): Promise<readonly string[]> {
  if (!given.has('recipient')) return desk.config.mail.monitoring
  return Promise.all(
    given.texts('recipient').map(async (text) => {
      if (!/^\d+$/.test(text)) return text
      const user = await desk.users.get(Number(text))
      if (!user) throw new Problem('unknown-user', `No user found with ID ${text}.`, { status: 422 })
      return user.email
    }),
  )
}

async function tell(desk: Desk, given: Given, subject: string, text: string): Promise<void> {
  const to = await recipientsOf(desk, given)
  if (to.length === 0) return
  const { mails } = await desk.server()
  await mails.mailNotice(to, `${subject} (${desk.config.platform.name})`, `${text}\n`)
  await mails.settled()
}

async function tellUser(
  desk: Desk,
  given: Given,
  user: { username: string; email: string; lastSeen: Instant | null },
  minutes: number,
): Promise<void> {
  const since = user.lastSeen === null ? 'never' : formatInstant(user.lastSeen)
  const text = `User ${user.username} has not been in contact with this server for at least ${minutes} minutes (last contact: ${since}).\n\n${given.text('custom-user-message') ?? 'Please check whether your program still works well.'}\n`
  const { mails } = await desk.server()
  await mails.mailNotice([user.email], `Last contact by user ${user.username} has been too long ago`, text)
  await mails.settled()
}
