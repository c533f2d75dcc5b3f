/** `cariflex flexmeasures …`: the command line of FlexMeasures, on the database of this configuration. */
import { Problem } from '#kernel'
import { CONFIG_OPTIONS, configOf, DATABASE_OPTIONS, DATABASE_WORDS } from '../configured.ts'
import { askSecret, askYes } from '../flexmeasures/ask.ts'
import { type Desk, openDesk } from '../flexmeasures/desk.ts'
import { groupManual, overviewOf, verbManual } from '../flexmeasures/manual.ts'
import { readOptions } from '../flexmeasures/option.ts'
import { GROUPS, groupOf, TABLE } from '../flexmeasures/table.ts'
import { isRefused, type OpenDesk, type Talk } from '../flexmeasures/verb.ts'
import { EXIT, type Invocation, type Verb } from '../verb.ts'

export const flexmeasures: Verb = {
  name: 'flexmeasures',
  summary:
    'The verbs of the flexmeasures command line, with their options and exit codes, on the database itself; without a group it lists them.',
  usage: '[--data FOLDER | --database-url URL] GROUP COMMAND [OPTIONS]',
  example: 'cariflex flexmeasures show accounts',
  options: DATABASE_OPTIONS,
  explain: DATABASE_WORDS,
  takesWords: true,
  async run(invocation) {
    const { own, words } = ownOptions(invocation.words)
    const [group = '', command = ''] = words
    if (words.length === 0 || group === '--help') {
      invocation.show(
        TABLE.map(({ name, summary }) => ({ name, summary })),
        () => overviewOf(),
      )
      return group === '' ? EXIT.usage : EXIT.ok
    }
    if (group === '--version') {
      invocation.show({ version: '1.0.1' }, () => 'flexmeasures 1.0.1 (as Cariflex speaks it)')
      return EXIT.ok
    }
    if (!(group in GROUPS)) throw unknown(group, Object.keys(GROUPS))
    if (command === '' || command === '--help') {
      invocation.show(
        TABLE.filter((entry) => groupOf(entry) === group),
        () => groupManual(group),
      )
      return command === '' ? EXIT.usage : EXIT.ok
    }
    return runVerb(words, own, invocation)
  },
}

async function runVerb(words: readonly string[], own: Record<string, string>, invocation: Invocation): Promise<number | undefined> {
  const entry = TABLE.filter(({ name }) => `${words.join(' ')} `.startsWith(`${name} `)).sort((a, b) => b.name.length - a.name.length)[0]
  const group = words[0]!
  if (!entry)
    throw unknown(
      words[1]!,
      TABLE.filter((one) => groupOf(one) === group).map(({ name }) => name.slice(group.length + 1)),
    )
  const rest = words.slice(entry.name.split(' ').length)
  if (isRefused(entry)) {
    const { why, instead } = entry.refused
    throw new Problem('not-here', `'${entry.name}' does nothing in Cariflex. ${why}`, { hint: `Instead: ${instead}.` })
  }
  if (rest.includes('--help')) {
    invocation.show(entry, () => verbManual(entry))
    return EXIT.ok
  }
  const given = readOptions(rest, entry.options, entry.argument)
  const config = () => configOf({ options: own, env: invocation.env }).config
  let desk: Promise<Desk> | undefined
  const open: OpenDesk = Object.assign((options = {}) => (desk ??= openDesk(config(), options)), { config })
  const { env, show, say, progress } = invocation
  const talk: Talk = { env, show, say, progress, confirm: askYes, secret: askSecret }
  try {
    return await entry.run(given, open, talk)
  } finally {
    await desk?.then(
      (opened) => opened.close(),
      () => undefined,
    )
  }
}

/** Options of Cariflex stand before the group: after it they are those of the verb. */
function ownOptions(given: readonly string[]): { own: Record<string, string>; words: readonly string[] } {
  const own: Record<string, string> = {}
  let at = 0
  for (; at < given.length; at++) {
    const [, name, inline] = /^--([a-z-]+)(?:=(.*))?$/s.exec(given[at]!) ?? []
    if (name === undefined || !(name in DATABASE_OPTIONS) || !(name in CONFIG_OPTIONS)) break
    own[name] = inline ?? given[++at] ?? ''
  }
  return { own, words: given.slice(at) }
}

function unknown(word: string, there: readonly string[]): Problem {
  const near = there.filter((name) => name.startsWith(word.slice(0, 3)))
  return new Problem('usage', `No such command '${word}'.`, {
    hint: `Did you mean ${near.length > 0 ? near.join(', ') : `one of ${there.join(', ')}`}?`,
  })
}
