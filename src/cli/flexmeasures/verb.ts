/** A verb of FlexMeasures' command line: what it is called, what it takes, and what it does here. */
import type { Config } from '#kernel'
import type { Desk, DeskOptions } from './desk.ts'
import type { Given, Option } from './option.ts'

/** What a verb works with beside the database. */
export interface Talk {
  env: NodeJS.ProcessEnv
  /** Data for the reader: the text, or with --json the data. To standard output. */
  show(data: unknown, render: () => string): void
  /** Warnings and progress, to standard error. */
  say(text: string): void
  progress(stage: string, done: number, total: number): void
  /** Asks for a yes on the terminal, or of standard input. @throws Problem `aborted` without one */
  confirm(question: string): Promise<void>
  /** Asks for a word that is not shown. @throws Problem `aborted` when nothing answers */
  secret(question: string): Promise<string>
}

/** Opens the database, the first time it is asked. */
export interface OpenDesk {
  (options?: DeskOptions): Promise<Desk>
  /** The configuration in force, without opening anything. */
  config(): Config
}

export interface FmVerb {
  /** Group and command: 'add account'. */
  name: string
  summary: string
  options: readonly Option[]
  /** The one word that belongs to no option. */
  argument?: { name: string; required: boolean }
  /** Resolves to the exit code, 0 when it says nothing. The desk opens when it is first asked for. */
  run(given: Given, desk: OpenDesk, talk: Talk): Promise<number | undefined>
}

/** A verb that makes no sense here. */
export interface RefusedVerb {
  name: string
  summary: string
  /** Why not, and what to use instead. */
  refused: { why: string; instead: string }
}

export type Entry = FmVerb | RefusedVerb

export const isRefused = (entry: Entry): entry is RefusedVerb => 'refused' in entry
