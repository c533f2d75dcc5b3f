/** Queries of this API: kebab-case names with their old snake_case spellings, booleans as Python writes them, paging and sorting. */
import { Type } from 'typebox'
import { type FieldErrors, invalid } from './envelope.ts'
import { termsOf, truth } from './format.ts'
import { add } from './validate.ts'

/** Names beside kebab/snake twins: what the old spelling became. */
const ALIASES: Record<string, string> = { account_id: 'account', asset_id: 'asset' }

/** Reads booleans: `True/False/1/0/on/off` and so on. */
export const flagOf = (description: string) => Type.Unsafe<string>({ type: 'string', enum: TRUTHS, description })

const TRUTHS = ['True', 'False', 'true', 'false', '1', '0', 'on', 'off', 'yes', 'no']

/** The query with canonical (kebab) names. */
export function canonical(query: unknown): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, unknown>))
    out[ALIASES[name] ?? name.replaceAll('_', '-')] = value
  return out
}

export const flag = (value: string | undefined, otherwise: boolean): boolean => (value === undefined ? otherwise : truth(value))

/** Id in a path. */
export const IdPath = Type.Object({ id: Type.Integer() })

const positive = (description: string) => Type.Integer({ minimum: 1, maximum: 1_000_000, description })

/** Fields that list routes share; `sorts` are the names one may sort by. */
export const paging = (...sorts: string[]) => ({
  page: Type.Optional(positive('Which page, from 1; without it the answer is the whole list.')),
  'per-page': Type.Optional(positive('Rows of a page; 10 unless said.')),
  filter: Type.Optional(
    Type.String({ description: 'Words to look for, quoted when they hold spaces; a number also finds ids that begin so.' }),
  ),
  'sort-by': Type.Optional(Type.Unsafe<string>({ type: 'string', enum: sorts, description: 'Field to sort by.' })),
  'sort-dir': Type.Optional(Type.Unsafe<string>({ type: 'string', enum: ['asc', 'desc'], description: 'Direction; asc unless said.' })),
})

export interface Paging {
  paged: boolean
  terms: string[]
  page: { limit?: number; offset?: number; sort?: string; descending?: boolean }
}

/** How many rows from where, in which order. Paging is on when `page` is given, or always. */
export function pageOf(
  query: { page?: number; 'per-page'?: number; filter?: string; 'sort-by'?: string; 'sort-dir'?: string },
  always = false,
): Paging {
  const paged = always || query.page !== undefined
  const limit = query['per-page'] ?? 10
  return {
    paged,
    terms: termsOf(query.filter),
    page: {
      ...(paged && { limit, offset: ((query.page ?? 1) - 1) * limit }),
      ...(query['sort-by'] !== undefined && { sort: query['sort-by'] }),
      descending: query['sort-dir'] === 'desc',
    },
  }
}

/** The shape of a page. */
export const paged = (data: unknown[], all: number, filtered: number) => ({
  data,
  'num-records': all,
  'filtered-records': filtered,
  status: 200,
})

/** Id in a path. @throws 422 'Not a valid integer.' */
export function idOf(params: unknown, name = 'id'): number {
  const text = String((params as Record<string, unknown>)[name])
  if (/^\d{1,18}$/.test(text)) return Number(text)
  const errors: FieldErrors = {}
  add(errors, [name], 'Not a valid integer.')
  throw invalid('path', errors)
}
