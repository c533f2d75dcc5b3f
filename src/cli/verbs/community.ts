import { readFileSync, writeFileSync } from 'node:fs'
import {
  detectCycles,
  indicatorsAt,
  OBJECTIVES,
  planCommunity,
  readIndicatorInput,
  readObjective,
  readProblem,
  readTrace,
} from '#community'
import { describeError, formatInstant, type Instant, isProblem, Problem, parseInstant } from '#kernel'
import { EXIT, type Options, type Verb } from '../verb.ts'

const FILES: Options = { input: { type: 'string' }, output: { type: 'string' } }
/** Seconds of `community plan` when nobody says. */
const TIME_LIMIT = 60

export const communityPlan: Verb = {
  name: 'community plan',
  summary:
    'Places the appliances of a community so that local production is used locally, with a proof of how good the plan is. Needs no running instance.',
  usage: `--input PROBLEM.json --output PLAN.json [--objective ${OBJECTIVES.join('|')}] [--time-limit ${TIME_LIMIT}]`,
  example: 'cariflex community plan --input problem.json --output plan.json',
  options: { ...FILES, objective: { type: 'string' }, 'time-limit': { type: 'string' } },
  explain: {
    input: 'a problem; see docs/reference/community-plan.md',
    output: 'where the plan is written as JSON',
    objective: 'what is least: energy imported, or local production left unused; default: what the problem says, else import',
    'time-limit': `seconds of the whole command, ${TIME_LIMIT} when not given; a plan is written before they end`,
  },
  async run({ options, say }) {
    const limit = secondsOf(options['time-limit'])
    const [input, output] = filesOf(options)
    const plan = usage(input, () => {
      const problem = readProblem(documentIn(input))
      const objective = options.objective === undefined ? problem.objective : readObjective(options.objective)
      // What starting and reading took, and what writing will take.
      const spent = performance.now() + 300 + problem.appliances.length * 0.02
      return planCommunity(problem, objective, { milliseconds: Math.max(50, limit * 1000 - spent) })
    })
    write(output, plan)
    const { objective, objectiveKwh, boundKwh, gap, placements, repairs, unplaced, solveMs } = plan
    say(
      `${placements.length} placed, ${unplaced.length} not, ${repairs.length} wishes mended; ${objective} ${objectiveKwh.toFixed(3)} kWh, proven not below ${boundKwh.toFixed(3)} (gap ${(100 * gap).toFixed(4)} %), ${solveMs} ms. The plan is in ${output}.`,
    )
    return EXIT.ok
  },
}

export const communityCycles: Verb = {
  name: 'community cycles',
  summary: 'Finds when a machine ran, and what each cycle took, in the power that its plug told. Needs no running instance.',
  usage: '--input TRACE.json --output CYCLES.json',
  example: 'cariflex community cycles --input trace.json --output cycles.json',
  options: FILES,
  explain: { input: 'a trace; see docs/reference/community-cycles.md', output: 'where the cycles are written as JSON' },
  async run({ options, say }) {
    const [input, output] = filesOf(options)
    const found = usage(input, () => detectCycles(readTrace(documentIn(input))))
    write(output, found)
    say(`${found.cycles.length} cycles, ${found.discarded.length} discarded. They are in ${output}.`)
    return EXIT.ok
  },
}

export const communityIndicators: Verb = {
  name: 'community indicators',
  summary: 'Computes the twelve indicators of a community. Needs no running instance.',
  usage: '--input INDICATORS.json --output VALUES.json [--at MOMENT]',
  example: 'cariflex community indicators --input input.json --output values.json --at 2026-05-01T13:00:00Z',
  options: { ...FILES, at: { type: 'string', multiple: true } },
  explain: {
    input: 'curves, appliances and decisions; see docs/reference/community-indicators.md',
    output: 'where the values are written as JSON',
    at: 'a moment, ISO 8601 with its offset; may be given several times; default: the end of the data',
  },
  async run({ options, say }) {
    const [input, output] = filesOf(options)
    const values = usage(input, () => {
      const given = readIndicatorInput(documentIn(input))
      const end = (given.start + given.panelConsumptionW.length * given.step) as Instant
      const asked = new Map(([options.at ?? []].flat() as string[]).map((text) => [text, parseInstant(text)]))
      if (asked.size === 0) asked.set(formatInstant(end), end)
      const found = indicatorsAt(given, [...asked.values()])
      return { at: Object.fromEntries([...asked].map(([text, moment]) => [text, found.get(moment)])) }
    })
    write(output, values)
    say(`The values are in ${output}.`)
    return EXIT.ok
  },
}

function filesOf({ input, output }: Record<string, unknown>): [string, string] {
  if (typeof input !== 'string') throw new Problem('usage', 'Say which file to read.', { hint: 'Add --input FILE.json.' })
  if (typeof output !== 'string') throw new Problem('usage', 'Say where to write.', { hint: 'Add --output FILE.json.' })
  return [input, output]
}

function secondsOf(text: unknown): number {
  const seconds = text === undefined ? TIME_LIMIT : Number(text)
  if (!(seconds > 0)) throw new Problem('usage', `--time-limit must be a number of seconds above zero, not '${text}'.`)
  return seconds
}

const documentIn = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))

/** What is wrong with an input, whatever the reason, is the caller's mistake: exit 2, and nothing is written. */
function usage<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (isProblem(error)) throw new Problem('usage', `'${file}': ${error.message}`, error.hint === undefined ? {} : { hint: error.hint })
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error))
      throw new Problem('usage', `'${file}' cannot be read. ${describeError(error)}`)
    throw error
  }
}

function write(file: string, document: unknown): void {
  try {
    writeFileSync(file, `${JSON.stringify(document)}\n`)
  } catch (error) {
    throw new Problem('usage', `'${file}' cannot be written. ${describeError(error)}`)
  }
}
