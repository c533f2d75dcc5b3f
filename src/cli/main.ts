/**
 * The command line: finds the verb, reads its options, turns failures into one line, a hint and an exit code. What it needs of other rooms is
 * imported when it is needed: `cariflex --help` stays quick.
 */
import { parseArgs } from 'node:util'
import { progressOn, table } from './terminal.ts'
import { EXIT, type Invocation, type Verb } from './verb.ts'
import { VERBS } from './verbs.ts'

const COMMON = { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } } as const

/** Runs one command line; resolves to the exit code. */
export async function run(
  argv: string[],
  env: NodeJS.ProcessEnv,
  out: NodeJS.WritableStream,
  err: NodeJS.WritableStream & { isTTY?: boolean },
): Promise<number> {
  const found = VERBS.filter((entry) => argv.slice(0, entry.name.split(' ').length).join(' ') === entry.name).sort(
    (a, b) => b.name.length - a.name.length,
  )[0]
  if (argv.length === 0 || (!found && /^(-h|--help|help)$/.test(argv[0]!))) {
    out.write(overview())
    return argv.length === 0 ? EXIT.usage : EXIT.ok
  }
  if (!found && /^(-v|--version)$/.test(argv[0]!)) {
    out.write(`${(await import('#kernel')).VERSION}\n`)
    return EXIT.ok
  }
  if (!found) {
    err.write(`'${wordsOf(argv).join(' ')}' is not a verb of cariflex.\n${await suggest(wordsOf(argv))}`)
    return EXIT.usage
  }
  const verb = await found.load()
  const rest = argv.slice(found.name.split(' ').length)
  const json = rest.includes('--json')
  try {
    const parsed = verb.takesWords
      ? { values: { help: /^(-h|--help)$/.test(rest[0] ?? '') }, positionals: rest.filter((word) => word !== '--json') }
      : parseArgs({ args: withNumbers(rest), options: { ...COMMON, ...verb.options }, allowPositionals: true, strict: true })
    if (parsed.values.help) {
      out.write(manual(verb))
      return EXIT.ok
    }
    const invocation: Invocation = {
      words: parsed.positionals,
      options: parsed.values,
      env,
      show: (data, render) => void out.write(`${json ? JSON.stringify(data, null, 2) : render()}\n`),
      say: (text) => void (json || err.write(`${text}\n`)),
      progress: json ? () => {} : progressOn(err),
    }
    return (await verb.run(invocation)) ?? EXIT.ok
  } catch (error) {
    return await explainFailure(error, verb, json, out, err, env)
  }
}

/** `--longitude -61.02` means a negative number, where parseArgs would see an option. */
const withNumbers = (args: string[]): string[] =>
  args.flatMap((arg, index) => {
    const next = args[index + 1]
    if (/^--[a-z-]+$/.test(arg) && next !== undefined && NEGATIVE.test(next)) return [`${arg}=${next}`]
    return NEGATIVE.test(arg) && /^--[a-z-]+$/.test(args[index - 1] ?? '') ? [] : [arg]
  })

const NEGATIVE = /^-[\d.]+$/

async function explainFailure(
  error: unknown,
  verb: Verb,
  json: boolean,
  out: NodeJS.WritableStream,
  err: NodeJS.WritableStream,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS')) {
    err.write(`${(error as Error).message}\nUsage: cariflex ${verb.name} ${verb.usage}\n`)
    return EXIT.usage
  }
  const { isProblem } = await import('#kernel')
  if (!isProblem(error)) {
    err.write(
      `${env['CARIFLEX_LOG_LEVEL'] === 'debug' && error instanceof Error ? error.stack : `${error instanceof Error ? error.message : error}`}\nThis is a fault of the program. Run again with CARIFLEX_LOG_LEVEL=debug for the details.\n`,
    )
    return EXIT.failed
  }
  if (json)
    out.write(
      `${JSON.stringify({ error: { code: error.code, message: error.message, hint: error.hint, details: error.details } }, null, 2)}\n`,
    )
  else err.write(`${error.message}${error.hint ? `\n${error.hint}` : ''}\n`)
  if (error.code === 'usage') return EXIT.usage
  if (error.code.startsWith('config')) return EXIT.config
  return ['unreachable', 'database-unavailable'].includes(error.code) ? EXIT.unreachable : EXIT.failed
}

const overview = (): string =>
  `Example: cariflex start\n\nCariflex: the flexibility platform of a territory.\n\n${table(VERBS.map((entry) => [`  ${entry.name}`, entry.summary]))}\n\ncariflex <verb> --help says more. Every verb takes --json.\nAgainst a running instance: CARIFLEX_URL (default http://127.0.0.1:5000) and CARIFLEX_TOKEN.\n`

function manual(verb: Verb): string {
  const options = Object.keys(verb.options ?? {}).map((name) => [`  --${name}`, verb.explain?.[name] ?? ''])
  return `Example: ${verb.example}\n\nUsage: cariflex ${verb.name} ${verb.usage}\n\n${verb.summary}\n\n${table([...options, ['  --json', 'data as JSON on standard output'], ['  --help', 'this text']])}\n`
}

/** The words before the first option. */
const wordsOf = (argv: string[]): string[] => {
  const words = argv.slice(0, argv.findIndex((word) => word.startsWith('-')) >>> 0)
  return words.length > 0 ? words : argv.slice(0, 1)
}

async function suggest(words: string[]): Promise<string> {
  const { nearest } = await import('#kernel')
  const names = VERBS.map(({ name }) => name)
  const parts = names.filter((name) => name.split(' ').includes(words[0]!))
  const near = nearest(words.slice(0, 2).join(' '), names) ?? nearest(words[0]!, names) ?? names.find((name) => name.startsWith(words[0]!))
  const meant = parts.length > 0 ? parts : near === undefined ? [] : [near]
  return meant.length > 0 ? `Did you mean: ${meant.join(', ')}?\n` : 'cariflex --help lists the verbs.\n'
}
