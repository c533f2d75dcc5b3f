/** Pages of `docs/reference` that assistants read. */
import { readFile } from 'node:fs/promises'

/** The page of this name; undefined when this installation came without it. */
export const referencePage = (name: string): Promise<string | undefined> =>
  readFile(new URL(`../../../docs/reference/${name}.md`, import.meta.url), 'utf8').catch(() => undefined)
