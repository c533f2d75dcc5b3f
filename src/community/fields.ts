// Reading documents field by field: what is missing or malformed is named by its path.
import { type Instant, isProblem, Problem, parseInstant } from '#kernel'

export type Fields = Readonly<Record<string, unknown>>

/** Reads fields of one kind of document. All throw a Problem `usage` that names the path, with the page that says what belongs there. */
export class FieldReader {
  private readonly what: string
  private readonly page: string

  /** @param what the document is called where its whole is wrong; @param page of the documentation that describes it */
  constructor(what: string, page: string) {
    this.what = what
    this.page = page
  }

  bad(path: string, why: string): never {
    throw new Problem('usage', `${path === '' ? this.what : path} ${why}.`, { hint: `See docs/reference/${this.page} for what it holds.` })
  }

  /** A document with the format it must have. */
  document(value: unknown, format: string): Fields {
    const root = this.object(value, '')
    if (root.format !== format) this.bad('format', `must be "${format}"`)
    return root
  }

  object(value: unknown, path: string): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      this.bad(path, value === undefined ? 'is missing' : 'must be an object')
    return value as Fields
  }

  list(fields: Fields, key: string, path = ''): unknown[] {
    const value = fields[key]
    return Array.isArray(value) ? value : this.wrong(value, path, key, 'must be a list')
  }

  text(fields: Fields, key: string, path = ''): string {
    const value = fields[key]
    return typeof value === 'string' ? value : this.wrong(value, path, key, 'must be a text')
  }

  /** Finite numbers; with `least`, none below it. */
  numbers(fields: Fields, key: string, path = '', least = Number.NEGATIVE_INFINITY): number[] {
    const values = this.list(fields, key, path)
    for (const [index, value] of values.entries()) {
      if (typeof value !== 'number' || !Number.isFinite(value)) this.bad(`${at(path, key)}[${index}]`, 'must be a number')
      if ((value as number) < least) this.bad(`${at(path, key)}[${index}]`, `must not be below ${least}`)
    }
    return values as number[]
  }

  /** A finite number that is not below zero. */
  amount(fields: Fields, key: string, path = ''): number {
    const value = fields[key]
    if (typeof value !== 'number' || !Number.isFinite(value)) return this.wrong(value, path, key, 'must be a number')
    return value < 0 ? this.bad(at(path, key), 'must not be below zero') : value
  }

  integer(fields: Fields, key: string, path: string, least: number): number {
    const value = fields[key]
    if (!Number.isSafeInteger(value)) return this.wrong(value, path, key, 'must be a whole number')
    return (value as number) < least ? this.bad(at(path, key), `must be at least ${least}`) : (value as number)
  }

  moment(fields: Fields, key: string, path = ''): Instant {
    return this.parsed(fields, key, path, parseInstant, 'a moment with its offset or Z')
  }

  /** What `parse` makes of a text. */
  parsed<T>(fields: Fields, key: string, path: string, parse: (text: string) => T, what: string): T {
    const value = fields[key]
    if (typeof value !== 'string') return this.wrong(value, path, key, `must be ${what}`)
    try {
      return parse(value)
    } catch (error) {
      if (!isProblem(error)) throw error
      return this.bad(at(path, key), `must be ${what}`)
    }
  }

  private wrong(value: unknown, path: string, key: string, why: string): never {
    return this.bad(at(path, key), value === undefined ? 'is missing' : why)
  }
}

const at = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)
