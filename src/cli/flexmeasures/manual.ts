/** Help, made from the table of verbs. */
import { table } from '../terminal.ts'
import type { Option } from './option.ts'
import { GROUPS, groupOf, TABLE } from './table.ts'
import { type Entry, type FmVerb, isRefused } from './verb.ts'

const lineOf = (entry: Entry): string[] => [`  ${entry.name}`, isRefused(entry) ? `(not here) ${entry.summary}` : entry.summary]

/** All groups and verbs. */
export const overviewOf = (): string =>
  `Usage: cariflex flexmeasures GROUP COMMAND [OPTIONS]\n\n${Object.entries(GROUPS)
    .map(([group, what]) => `${group}: ${what}\n${table(TABLE.filter((entry) => groupOf(entry) === group).map(lineOf))}`)
    .join('\n\n')}`

/** The verbs of a group. */
export const groupManual = (group: string): string =>
  `Usage: cariflex flexmeasures ${group} COMMAND [OPTIONS]\n\n${GROUPS[group]}\n\n${table(TABLE.filter((entry) => groupOf(entry) === group).map(lineOf))}`

/** How a verb is used. */
export const verbManual = (verb: FmVerb): string =>
  `Usage: cariflex flexmeasures ${usageOf(verb)}\n\n${verb.summary}\n\n${table([...verb.options.map((option) => [`  ${spelled(option)}`, notesOf(option)]), ['  --help', 'this text']])}`

export const usageOf = ({ name, argument, options }: FmVerb): string =>
  [
    name,
    ...(argument ? [argument.required ? argument.name : `[${argument.name}]`] : []),
    ...options.filter(({ required }) => required).map(spelled),
    ...(options.some(({ required }) => !required) ? ['[OPTIONS]'] : []),
  ].join(' ')

const VALUES: Record<string, string> = {
  text: ' TEXT',
  whole: ' INTEGER',
  number: ' FLOAT',
  flag: '',
  truth: ' BOOLEAN',
  moment: ' DATETIME',
  length: ' DURATION',
  zone: ' TIMEZONE',
  json: ' JSON|FILE',
  'text-and-whole': ' TEXT INTEGER',
  'text-and-moment': ' TEXT DATETIME',
}

export const spelled = ({ name, kind = 'text', off, choices }: Option): string =>
  `--${name}${off === undefined ? '' : `/--${off}`}${choices ? ` ${choices.join('|')}` : VALUES[kind]}`

export const notesOf = ({ what, required, also, many }: Option): string =>
  [
    what,
    ...(required ? ['(needed)'] : []),
    ...(many && !/several/.test(what) ? ['(may be repeated)'] : []),
    ...(also ? [`(also ${also.map((name) => `--${name}`).join(', ')})`] : []),
  ].join(' ')
