/** What the monitoring writes by mail, in the language of the platform. */
import { formatInstant, type Instant } from '#kernel'
import type { Language, Text } from '../mail/letters.ts'
import type { AbsentUser } from './absence.ts'
import type { TaskVerdict } from './task-runs.ts'

interface About {
  platform: string
  language: Language
  zone: string
}

const ASKED: Record<Language, Record<Exclude<TaskVerdict['code'], 'ok'>, string>> = {
  fr: { 'never-ran': "n'a jamais tourné", late: "n'a pas tourné à temps", failed: 'a échoué' },
  en: { 'never-ran': 'never ran', late: 'did not run in time', failed: 'failed' },
}

const NEVER: Record<Language, string> = { fr: 'jamais', en: 'never' }

const moment = (at: Instant | null, { language, zone }: About): string => (at === null ? NEVER[language] : formatInstant(at, zone))

/** Tells of tasks that are late or failed. */
export function taskLetter(tasks: readonly TaskVerdict[], about: About): Text {
  const { platform, language } = about
  const lines = tasks.map((task) =>
    task.code === 'ok'
      ? ''
      : `- ${task.name} ${ASKED[language][task.code]} (${language === 'fr' ? 'dernière fois' : 'last run'} : ${moment(task.at, about)})`,
  )
  return language === 'fr'
    ? {
        subject: `${platform} : une tâche ne tourne pas`,
        text: `Des tâches surveillées ne tournent pas comme prévu :\n\n${lines.join('\n')}\n\nVérifiez le programme qui les lance, et son journal.\n`,
      }
    : {
        subject: `${platform}: a task does not run`,
        text: `Tasks that are watched do not run as they should:\n\n${lines.join('\n')}\n\nCheck the program that runs them, and its log.\n`,
      }
}

/** Tells of users that were not seen for too long. */
export function absenceLetter(users: readonly AbsentUser[], about: About): Text {
  const { platform, language } = about
  const lines = users.map((user) => `- ${user.username} (${user.email}, ${user.accountName}) : ${moment(user.lastSeen, about)}`)
  return language === 'fr'
    ? {
        subject: `${platform} : un appelant ne répond plus`,
        text: `Ces utilisateurs n'ont pas appelé depuis trop longtemps (dernier appel) :\n\n${lines.join('\n')}\n\nVérifiez leurs passerelles et leurs jetons.\n`,
      }
    : {
        subject: `${platform}: a caller went silent`,
        text: `These users have not called for too long (last call):\n\n${lines.join('\n')}\n\nCheck their gateways and their tokens.\n`,
      }
}
