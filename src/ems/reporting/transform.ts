/** Chains of operations on named frames, as the PandasReporter has them. */
import { isEmpty, isFrame, refuseReport, type Value } from './frame.ts'
import { demandOperation, operate, readProperty } from './operations.ts'

export interface Transformation {
  /** Default: what the step before made. */
  input?: string
  /** Default: the input's own name. */
  output?: string
  method?: string
  property?: string
  args: readonly unknown[]
  kwargs: Readonly<Record<string, unknown>>
  /** An empty argument leaves the frame as it is. */
  skipIfEmpty: boolean
}

const GATHERS = ['resample', 'groupby', 'rolling']

/**
 * Looks whether the chain can be followed, before anything is read.
 * @throws Problem `invalid-report` (422) that names the step
 */
export function checkChain(inputs: readonly string[], outputs: readonly string[], steps: readonly Transformation[]): void {
  const known = new Set(inputs)
  const last = new Map<string, string | undefined>()
  let before: string | undefined
  for (const [k, step] of steps.entries()) {
    const at = `Transformation ${k + 1}`
    const [input, output] = namesOf(step, before, at)
    if (!known.has(input)) throw refuseReport(`${at}: there is no frame '${input}'.`, `There are: ${[...known].join(', ')}.`)
    if ((step.method === undefined) === (step.property === undefined))
      throw refuseReport(`${at}: exactly one of 'method' or 'property' must be provided.`)
    if (step.method !== undefined) demandOperation(step.method)
    else if (step.args.length > 0 || Object.keys(step.kwargs).length > 0)
      throw refuseReport(`${at}: 'args' and 'kwargs' go with a 'method' only.`)
    for (const name of referencesIn([step.args, step.kwargs]))
      if (!known.has(name) && !/^source_\d+$/.test(name))
        throw refuseReport(
          `${at}: there is no frame '${name}' to refer to.`,
          `There are: ${[...known].map((one) => `@${one}`).join(', ')}.`,
        )
    known.add(output)
    last.set(output, step.method)
    before = output
  }
  for (const name of outputs) {
    if (!known.has(name)) throw refuseReport(`No transformation makes the output '${name}'.`, `There are: ${[...known].join(', ')}.`)
    const method = last.get(name)
    if (method !== undefined && GATHERS.includes(method))
      throw refuseReport(`The output '${name}' ends with ${method}.`, 'Follow it with an aggregate such as sum or mean.')
  }
}

function namesOf({ input, output }: Transformation, before: string | undefined, at: string): [string, string] {
  const from = input ?? before
  if (from === undefined) throw refuseReport(`${at}: 'df_input' is missing.`, 'The first transformation must say which input it takes.')
  return [from, output ?? from]
}

const isReference = (value: unknown): value is string => typeof value === 'string' && value.startsWith('@')

/** Names of the frames that arguments refer to. */
function referencesIn(value: unknown): string[] {
  if (isReference(value)) return [value.slice(1)]
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(referencesIn) : []
}

/** Follows a checked chain. `frames` holds the inputs, and everything that was made at the end. @throws Problem `invalid-report` (422) */
export function followChain(frames: Map<string, Value>, steps: readonly Transformation[]): void {
  let before: string | undefined
  for (const [k, step] of steps.entries()) {
    const at = `Transformation ${k + 1}`
    const [input, output] = namesOf(step, before, at)
    const value = frames.get(input)
    if (value === undefined) throw refuseReport(`${at}: there is no frame '${input}'.`)
    const args = step.args.map((one) => resolved(one, frames, at))
    const kwargs = Object.fromEntries(Object.entries(step.kwargs).map(([name, one]) => [name, resolved(one, frames, at)]))
    const isSkipped = step.skipIfEmpty && [...args, ...Object.values(kwargs)].some((one) => isFrame(one) && isEmpty(one))
    try {
      if (isSkipped) frames.set(output, value)
      else if (step.property !== undefined) frames.set(output, readProperty(value, step.property))
      else frames.set(output, operate(value, step.method!, args, kwargs))
    } catch (error) {
      if (error instanceof Error) error.message = `${at}: ${error.message}`
      throw error
    }
    before = output
  }
}

function resolved(value: unknown, frames: ReadonlyMap<string, Value>, at: string): unknown {
  if (Array.isArray(value)) return value.map((one) => resolved(one, frames, at))
  if (!isReference(value)) return value
  const found = frames.get(value.slice(1))
  if (found !== undefined) return found
  throw refuseReport(`${at}: there is no frame '${value.slice(1)}' to refer to.`, `There are: ${[...frames.keys()].join(', ')}.`)
}
