/** The command line: finds the verb, reads its options, turns failures into one line, a hint and an exit code. */
import { parseArgs } from 'node:util'
import { isProblem, VERSION } from '#kernel'
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
  if (argv[0] === '--version' || argv[0] === '-v') {
    out.write(`${VERSION}\n`)
    return EXIT.ok
  }
  if (!found) {
    err.write(`'${argv.join(' ')}' is not a verb of cariflex.\n${suggest(argv[0]!)}`)
    return EXIT.usage
  }
  const verb = await found.load()
  const rest = argv.slice(found.name.split(' ').length)
  const json = rest.includes('--json')
  try {
    const parsed = parseArgs({ args: rest, options: { ...COMMON, ...verb.options }, allowPositionals: true, strict: true })
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
    return explainFailure(error, verb, json, out, err, env)
  }
}

function explainFailure(
  error: unknown,
  verb: Verb,
  json: boolean,
  out: NodeJS.WritableStream,
  err: NodeJS.WritableStream,
  env: NodeJS.ProcessEnv,
): number {
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS')) {
    err.write(`${(error as Error).message}\nUsage: cariflex ${verb.name} ${verb.usage}\n`)
    return EXIT.usage
  }
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
  return error.code === 'unreachable' ? EXIT.unreachable : EXIT.failed
}

const overview = (): string =>
  `Example: cariflex start\n\nCariflex ${VERSION}: the flexibility platform of a territory.\n\n${table(VERBS.map((entry) => [`  ${entry.name}`, entry.summary]))}\n\ncariflex <verb> --help says more. Every verb takes --json.\nAgainst a running instance: CARIFLEX_URL (default http://127.0.0.1:5000) and CARIFLEX_TOKEN.\n`

function manual(verb: Verb): string {
  const options = Object.keys(verb.options ?? {}).map((name) => [`  --${name}`, verb.explain?.[name] ?? ''])
  return `Example: ${verb.example}\n\nUsage: cariflex ${verb.name} ${verb.usage}\n\n${verb.summary}\n\n${table([...options, ['  --json', 'data as JSON on standard output'], ['  --help', 'this text']])}\n`
}

function suggest(word: string): string {
  const near = VERBS.filter(
    (entry) => entry.name.startsWith(word) || entry.name.split(' ').some((part) => part.slice(0, 3) === word.slice(0, 3)),
  )
  return near.length > 0 ? `Did you mean: ${near.map((entry) => entry.name).join(', ')}?\n` : `cariflex --help lists the verbs.\n`
}
