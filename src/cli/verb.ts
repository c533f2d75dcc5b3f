/** What a verb of the command line is, and what it gets to work with. */
import type { ParseArgsConfig } from 'node:util'

export type Options = NonNullable<ParseArgsConfig['options']>

export interface Invocation {
  /** Words after the verb. */
  words: string[]
  /** Values of the options, by name. */
  options: Record<string, string | boolean | (string | boolean)[] | undefined>
  env: NodeJS.ProcessEnv
  /** Data for the reader: JSON with --json, else the text that `render` makes of it. Goes to standard output. */
  show(data: unknown, render: () => string): void
  /** Talk and progress, to standard error; silent with --json. */
  say(text: string): void
  /** A progress bar on a terminal, a line every ten percent elsewhere. `total` 0 = unknown. */
  progress(stage: string, done: number, total: number): void
}

export interface Verb {
  name: string
  summary: string
  /** After the name, e.g. '<assets|sensors|plan|setpoints> [--json]'. */
  usage: string
  /** A command a reader can copy. */
  example: string
  options?: Options
  /** The words after its name reach it as they are, options too: it reads them by itself. */
  takesWords?: boolean
  /** Explains each option. */
  explain?: Record<string, string>
  /** Resolves to the exit code, 0 when it says nothing. */
  run(invocation: Invocation): Promise<number | undefined>
}

/** Exit codes: 0 ok, 1 failed, 2 usage, 3 configuration, 4 unreachable. */
export const EXIT = { ok: 0, failed: 1, usage: 2, config: 3, unreachable: 4 } as const
