/** Reads a `cariflex.yaml`: values with the place of each, `${NAME}` of the environment and `!file path` for secrets. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { describeError, Problem } from './problem.ts'

export interface Spot {
  line: number
  column: number
}

export interface ConfigFile {
  /** Path as given. */
  path: string
  value: unknown
  /** Where a key (or, in lists, an item) stands, by its JSON pointer. */
  spots: Map<string, Spot>
  /** Pointers of values that came out of the environment: texts, whatever they are to be. */
  texts: Set<string>
}

const DEEPEST = 32
const LARGEST = 5_000_000

/**
 * @throws Problem `config-unreadable` (no such file, no permission), `config-invalid` (not YAML, unset `${NAME}`, missing `!file`), with
 * `file:line:column`
 */
export function readConfigFile(path: string, env: Record<string, string | undefined>): ConfigFile {
  return parseConfigFile(path, readText(path, path), env)
}

/** The same for text at hand; `path` names it and is where `!file` looks from. */
export function parseConfigFile(path: string, text: string, env: Record<string, string | undefined>): ConfigFile {
  const lines = new LineCounter()
  const file = { tag: '!file', resolve: (value: string) => value }
  const document = parseDocument(text, { lineCounter: lines, customTags: [file], prettyErrors: false, logLevel: 'silent' })
  const [broken] = document.errors
  if (broken) throw invalid(path, spotOf(lines, broken.pos[0]), broken.message)
  const spots = new Map<string, Spot>()
  const texts = new Set<string>()

  const read = (node: unknown, pointer: string, depth: number): unknown => {
    const spot = spotOf(lines, (node as Node | null)?.range?.[0] ?? 0)
    if (depth > DEEPEST || spots.size > 100_000) throw invalid(path, spot, 'This is nested too deeply or too large.')
    if (isAlias(node)) return read(node.resolve(document), pointer, depth + 1)
    if (isMap(node)) {
      const result: Record<string, unknown> = {}
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : ''
        const child = `${pointer}/${escapeKey(name)}`
        spots.set(child, spotOf(lines, (key as Node | null)?.range?.[0] ?? 0))
        const item = value === null ? null : read(value, child, depth + 1)
        // A key without a value is one that was left out.
        if (item !== null) Object.defineProperty(result, name, { value: item, enumerable: true, writable: true, configurable: true })
      }
      return result
    }
    if (isSeq(node))
      return node.items.map((item, index) => {
        const child = `${pointer}/${index}`
        spots.set(child, spotOf(lines, (item as Node | null)?.range?.[0] ?? 0))
        return read(item, child, depth + 1)
      })
    if (!isScalar(node)) return null
    if (node.tag === '!file') {
      texts.add(pointer)
      return readText(resolve(dirname(path), String(node.value)), `${path}:${spot.line}:${spot.column}`).trimEnd()
    }
    if (typeof node.value !== 'string' || !node.value.includes('${')) return node.value
    texts.add(pointer)
    return fill(node.value, env, (why) => invalid(path, spot, why))
  }

  return { path, value: document.contents === null ? {} : read(document.contents, '', 0), spots, texts }
}

/** A key inside a JSON pointer. */
export const escapeKey = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

/** Replaces `${NAME}` and `${NAME:-otherwise}`; `$${` stays `${`. */
const fill = (text: string, env: Record<string, string | undefined>, refuse: (why: string) => Problem): string =>
  text.replace(/\$?\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g, (whole, name: string, otherwise: string | undefined) => {
    if (whole.startsWith('$$')) return whole.slice(1)
    const value = env[name] || otherwise
    if (value === undefined) throw refuse(`The environment variable ${name} is not set.`)
    return value
  })

/** A text file of at most 5 MB. @throws Problem `config-unreadable` */
export function readText(file: string, where: string): string {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length > LARGEST) throw new Error('it is larger than 5 MB')
    return text
  } catch (error) {
    throw new Problem('config-unreadable', `${where}: ${file} cannot be read: ${describeError(error)}.`, {
      hint: 'Check the name and the permissions of the file.',
      cause: error,
    })
  }
}

const spotOf = (lines: LineCounter, offset: number): Spot => {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}

const invalid = (path: string, { line, column }: Spot, why: string): Problem =>
  new Problem('config-invalid', `${path}:${line}:${column}: ${why}`, { status: 422, hint: 'Correct the file and start again.' })
