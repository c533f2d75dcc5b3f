/** What is written to people when a wish cannot be kept, or a device does not obey: what, why, what to do. In their language. */
import { inFrench } from '#french'
import { formatInstant, type Instant } from '#kernel'
import type { Language, Text } from '../mail/letters.ts'

export interface NoticeLine {
  asset: number
  assetName: string
  code: string
  cause: string
  /** As the alarm says it, in English. */
  message: string
  since: Instant
}

export interface NoticeAbout {
  platform: string
  language: Language
  zone: string
  /** Address of the platform, without a slash at its end. */
  url: string
}

type Both = Record<Language, string>

/** What can be done, by what stands in the way; the last word of a cause of a plan. */
const BY_CAUSE: Record<string, Both> = {
  power: {
    en: 'Plug in earlier, accept a later hour or less energy, or use a stronger charger.',
    fr: 'Branchez plus tôt, acceptez une heure plus tardive ou moins d’énergie, ou utilisez une borne plus puissante.',
  },
  absent: { en: 'Plug it in before then, or change the hour.', fr: 'Branchez-le avant cette heure, ou changez l’heure.' },
  'flexible-cap': {
    en: 'The grid operator holds consumption back: accept a later hour, or wait until the signal is lifted.',
    fr: 'Le gestionnaire de réseau retient la consommation : acceptez une heure plus tardive, ou attendez la fin du signal.',
  },
  'site-limit': {
    en: 'Move other consumption to another hour, accept a later hour, or have the connection made larger.',
    fr: 'Déplacez d’autres consommations, acceptez une heure plus tardive, ou faites augmenter la puissance de raccordement.',
  },
  capacity: { en: 'Ask for no more than the storage holds.', fr: 'Ne demandez pas plus que ce que le stockage contient.' },
  'other-wish': {
    en: 'Another wish weighs more: change one of them, or their priorities.',
    fr: 'Un autre souhait pèse plus : changez l’un d’eux, ou leurs priorités.',
  },
}
const BY_CODE: Record<string, Both> = {
  'schedule-wish': {
    en: 'Ask for less or for a later moment, start earlier, or allow more power; then ask for the schedule again.',
    fr: 'Demandez moins ou pour plus tard, commencez plus tôt, ou permettez plus de puissance ; puis redemandez le planning.',
  },
  'schedule-breach': {
    en: 'Move what cannot be steered, widen the capacity in the flex-context, or ask for less.',
    fr: 'Déplacez ce qui n’est pas pilotable, élargissez la capacité dans le flex-context, ou demandez moins.',
  },
  'order-refused': {
    en: 'Look at the device: local control, a fault, or a limit of its own may stand above our orders.',
    fr: 'Regardez l’appareil : une commande sur place, une panne ou une limite propre peut primer sur nos ordres.',
  },
  'order-unanswered': {
    en: 'Look whether the device has power and is connected; until it answers, nobody knows what it does.',
    fr: 'Vérifiez que l’appareil est alimenté et connecté ; tant qu’il ne répond pas, personne ne sait ce qu’il fait.',
  },
}

const adviceOf = ({ code, cause }: NoticeLine, language: Language): string | undefined =>
  (code === 'wish-broken' ? BY_CAUSE[cause.split(' ').at(-1)!] : BY_CODE[code])?.[language]

/** The letter to one user of all that is wrong since the last one, and of what is over that they were told of. */
export function noticeLetter(wrong: readonly NoticeLine[], over: readonly NoticeLine[], about: NoticeAbout): Text {
  const { language, platform, zone, url } = about
  const fr = language === 'fr'
  const said = (message: string) => (fr ? inFrench(message) : message)
  const moment = (at: Instant) => formatInstant(at, zone).slice(0, 16).replace('T', ' ')
  const names = [...new Set((wrong.length > 0 ? wrong : over).map(({ assetName }) => assetName))]
  const whom = names.length > 3 ? `${names.slice(0, 3).join(', ')} …` : names.join(', ')
  const lines = wrong.map((line) => {
    const advice = adviceOf(line, language)
    return [
      `- ${said(line.message)}`,
      ...(advice ? [`  ${fr ? 'Que faire : ' : 'What to do: '}${advice}`] : []),
      `  ${line.assetName}, ${fr ? 'depuis' : 'since'} ${moment(line.since)}: ${url}/assets/${line.asset}/status`,
    ].join('\n')
  })
  const done = over.map((line) => `- ${said(line.message)}`)
  const parts = [
    ...(lines.length > 0 ? [fr ? 'Ceci ne peut pas être tenu :' : 'This cannot be kept:', lines.join('\n\n')] : []),
    ...(done.length > 0 ? [fr ? 'Ceci est réglé, ou ne compte plus :' : 'This is settled, or counts no more:', done.join('\n')] : []),
    fr
      ? `Vous recevez ce message parce que vous l'avez demandé, ou que vous suivez cet équipement. Pour choisir ce que vous recevez : ${url}/me`
      : `You get this because you asked for it, or watch this asset. Choose what you get: ${url}/me`,
  ]
  return { subject: `${platform}${fr ? ' : ' : ': '}${subjectOf(wrong.length, whom, fr)}`, text: `${parts.join('\n\n')}\n` }
}

function subjectOf(wrong: number, whom: string, fr: boolean): string {
  if (wrong === 0) return fr ? `réglé (${whom})` : `settled (${whom})`
  if (wrong === 1) return fr ? `un souhait n'est pas tenu (${whom})` : `a wish is not kept (${whom})`
  return fr ? `${wrong} souhaits ne sont pas tenus (${whom})` : `${wrong} wishes are not kept (${whom})`
}
