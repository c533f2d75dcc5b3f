// Finds the built form of the program (scripts/build.js) and says whether it is still that of the sources.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Names the build in force; its time is when that was begun. */
const CURRENT = join(root, 'dist', 'program', 'current')

/** Folder of the build in force, fresh or not; undefined when there is none. */
export function buildInForce() {
  try {
    return join(root, 'dist', 'program', readFileSync(CURRENT, 'utf8'))
  } catch {
    return undefined
  }
}

/** True when nothing the program is made of changed since its build was begun. Folders count, as a file may have been taken away. */
export function isFresh() {
  if (buildInForce() === undefined) return false
  const begun = statSync(CURRENT).mtimeMs
  const older = (path) => statSync(path).mtimeMs < begun
  const all = (folder) =>
    older(folder) &&
    readdirSync(folder, { withFileTypes: true }).every((entry) => {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) return all(path)
      return !/(?<!\.test)\.ts$/.test(path) || older(path)
    })
  return ['package.json', 'web/src/i18n/reasons.ts', 'scripts/build.js'].every((file) => older(join(root, file))) && all(join(root, 'src'))
}
