/** A table of a long list: searched, sorted and paged by the platform; page, words and order stand in the address. */
import type { ComponentChildren } from 'preact'
import { useWhole } from '../resource.ts'
import { address, refine } from '../route.ts'
import { useWords } from '../words.ts'
import { Pager } from './pager.tsx'
import { Search } from './search.tsx'
import { Pending, Stale } from './state.tsx'

export interface Column<Row> {
  head: string
  cell: (row: Row) => ComponentChildren
  /** The word the API sorts by; without it the column cannot be sorted. */
  sort?: string
  /** Not on a phone. */
  wide?: boolean
  number?: boolean
}
interface PageOf<Row> {
  data: Row[]
  'num-records': number
  'filtered-records': number
}

const PER_PAGE = 20

/**
 * Reads `path?page=…&per-page=…&filter=…&sort-by=…&sort-dir=…` of the FlexMeasures API.
 * `query` is the query of the page; `prefix` keeps two tables of one page apart.
 */
export function PagedTable<Row>({
  path,
  extra = {},
  query,
  prefix = '',
  columns,
  keyOf,
  caption,
  empty,
  version = 0,
  children,
}: {
  path: string
  extra?: Record<string, string | undefined>
  query: Record<string, string>
  prefix?: string
  columns: Column<Row>[]
  keyOf: (row: Row) => string | number
  caption: string
  empty: string
  version?: number
  children?: ComponentChildren
}) {
  const { t } = useWords()
  const [page, words, sort, dir] = ['page', 'q', 'sort', 'dir'].map((name) => query[prefix + name] ?? '') as [
    string,
    string,
    string,
    string,
  ]
  const at = Math.max(1, Number(page) || 1)
  const { data, error, loading, reload } = useWhole<PageOf<Row>>(
    address(path, {
      ...extra,
      page: String(at),
      'per-page': String(PER_PAGE),
      filter: words,
      'sort-by': sort,
      'sort-dir': sort ? dir || 'asc' : '',
    }),
    version,
  )
  const sorted = (column: Column<Row>) => (column.sort && column.sort === sort ? (dir === 'desc' ? 'descending' : 'ascending') : undefined)
  return (
    <div>
      <div class="filters">
        {children}
        <Search
          label={t('table.search')}
          words={words}
          wait={300}
          onWords={(typed) => refine({ [`${prefix}q`]: typed.trim(), [`${prefix}page`]: undefined })}
        />
      </div>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.data.length === 0 ? (
        <p class="empty">{words ? t('table.none') : empty}</p>
      ) : (
        <>
          <table class="table" aria-busy={loading}>
            <caption class="unseen">{caption}</caption>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th
                    key={column.head}
                    scope="col"
                    class={`${column.wide ? 'wide' : ''} ${column.number ? 'number' : ''}`}
                    aria-sort={sorted(column)}
                  >
                    {column.sort ? (
                      <button
                        type="button"
                        class="sort"
                        onClick={() =>
                          refine({
                            [`${prefix}sort`]: column.sort,
                            [`${prefix}dir`]: sort === column.sort && dir !== 'desc' ? 'desc' : 'asc',
                            [`${prefix}page`]: undefined,
                          })
                        }
                      >
                        {column.head}
                        <span aria-hidden="true">{sorted(column) === 'descending' ? ' ↓' : sorted(column) ? ' ↑' : ''}</span>
                      </button>
                    ) : (
                      column.head
                    )}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.data.map((row) => (
                <tr key={keyOf(row)}>
                  {columns.map((column, index) =>
                    index === 0 ? (
                      <th key={column.head} scope="row">
                        {column.cell(row)}
                      </th>
                    ) : (
                      <td key={column.head} class={`${column.wide ? 'wide' : ''} ${column.number ? 'number' : ''}`}>
                        {column.cell(row)}
                      </td>
                    ),
                  )}
                </tr>
              ))}
            </tbody>
          </table>
          <Pager
            at={at}
            per={PER_PAGE}
            shown={data.data.length}
            of={data['filtered-records']}
            onPage={(page) => refine({ [`${prefix}page`]: String(page) })}
          />
        </>
      )}
    </div>
  )
}
