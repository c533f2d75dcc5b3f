/** Watches tasks and callers: an alarm while one is late, a mail when it becomes so. */
import { type Clock, describeError, type Log, MINUTE, say } from '#kernel'
import type { Store } from '#store'
import type { Alarms } from '../alarms.ts'
import type { Language } from '../mail/letters.ts'
import type { Mails } from '../mail/mails.ts'
import { SAYING } from '../saying.ts'
import { type AbsentUser, absentUsers } from './absence.ts'
import { absenceLetter, taskLetter } from './letter.ts'
import { judgeTasks, type TaskVerdict } from './task-runs.ts'

export interface MonitorParts {
  store: Store
  clock: Clock
  log: Log
  alarms: Alarms
  mails: Pick<Mails, 'mailNotice'>
  /** The asset whose page shows the alarms; absent: mails only. */
  asset?: number
  /** Longest time between runs, ms, by name of the task. */
  tasks: Readonly<Record<string, number>>
  /** Longest time between calls, ms, by email of the user. */
  users: Readonly<Record<string, number>>
  /** Who gets the mails. */
  recipients: readonly string[]
  platform: string
  language: Language
  zone: string
}

export interface Monitor {
  /** Looks now; also done every minute. */
  look(): Promise<{ tasks: TaskVerdict[]; users: AbsentUser[] }>
  stop(): void
}

const EVERY = MINUTE

/** Watches as long as it is not stopped. With nothing to watch it does nothing. */
export function startMonitor(parts: MonitorParts): Monitor {
  const { store, clock, log, tasks, users } = parts
  const started = clock.now()
  const look = async () => {
    const now = clock.now()
    // Nobody could report or call while this program was not there: everybody gets their time from its start on.
    const ripe = (limits: Readonly<Record<string, number>>) => Object.entries(limits).filter(([, limit]) => now - started >= limit)
    const bad = (await judgeTasks(store, Object.fromEntries(ripe(tasks)), now)).filter(({ code }) => code !== 'ok')
    const gone: AbsentUser[] = []
    for (const [email, limit] of ripe(users)) gone.push(...(await absentUsers(store, { limit, emails: [email], neverSeen: true }, now)))
    await tell(parts, 'tasks-late', bad, (names) => say(SAYING.tasksLate, { names }))
    await tell(parts, 'users-silent', gone, (names) => say(SAYING.usersSilent, { names }))
    return { tasks: bad, users: gone }
  }
  const isIdle = Object.keys(tasks).length + Object.keys(users).length === 0
  const timer = isIdle
    ? undefined
    : clock.every(
        EVERY,
        () => void look().catch((error: unknown) => log.warn({ error: describeError(error) }, 'the monitoring could not look')),
      )
  return { look, stop: () => timer?.cancel() }
}

async function tell(
  { alarms, asset, mails, recipients, platform, language, zone }: MonitorParts,
  code: 'tasks-late' | 'users-silent',
  found: readonly (TaskVerdict | AbsentUser)[],
  message: (names: string) => string,
): Promise<void> {
  const names = found.map((one) => ('name' in one ? one.name : one.email))
  if (asset !== undefined) {
    if (found.length > 0) await alarms.raise(asset, code, message(names.join(', ')))
    else await alarms.clear(asset, code)
  }
  if (recipients.length === 0) return
  // One mail a task or caller and absence: the last run or call names it.
  for (const one of found) {
    const about = { platform, language, zone }
    const { subject, text } = 'name' in one ? taskLetter([one], about) : absenceLetter([one], about)
    const since = 'name' in one ? `${one.name} ${one.code} ${one.at ?? 'never'}` : `${one.user} ${one.lastSeen ?? 'never'}`
    await mails.mailNotice(recipients, subject, text, `monitor ${code} ${since}`)
  }
}
