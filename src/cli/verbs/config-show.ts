import { listConfig } from '#kernel'
import { CONFIG_OPTIONS, CONFIG_WORDS, configOf } from '../configured.ts'
import { table } from '../terminal.ts'
import type { Verb } from '../verb.ts'

export const configShow: Verb = {
  name: 'config show',
  summary: 'Prints every setting in force with the place it came from; secrets are hidden. Nothing is started.',
  usage: '[SECTION] [--config FILE] [--json]',
  example: 'cariflex config show server',
  options: CONFIG_OPTIONS,
  explain: CONFIG_WORDS,
  async run({ words, options, env, show, say }) {
    const loaded = configOf({ options, env })
    const rows = listConfig(loaded).filter(({ path }) => words[0] === undefined || path === words[0] || path.startsWith(`${words[0]}.`))
    for (const note of loaded.notes) say(note)
    show({ file: loaded.file ?? null, settings: rows }, () =>
      table([['SETTING', 'VALUE', 'FROM'], ...rows.map(({ path, value, origin }) => [path, shown(value), origin])]),
    )
    return undefined
  },
}

/** Long values, such as a whole territory, shortened. */
function shown(value: unknown): string {
  const text = value === undefined ? '-' : typeof value === 'string' ? value : JSON.stringify(value)
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`
}
