/** The address bar is the state: path and query of what is shown. */
import { cell } from './cell.ts'

export interface Route {
  path: string
  query: Record<string, string>
}

export interface PageProps {
  route: Route
  /** What the path says after the page's own part: an asset number, a station. */
  subject: string | undefined
}

const current = (): Route => ({ path: location.pathname, query: Object.fromEntries(new URLSearchParams(location.search)) })

export const route = cell<Route>(current())

/** Address of a path with query; empty values are left out. */
export function address(path: string, query: Record<string, string | undefined> = {}): string {
  const kept = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
  const search = new URLSearchParams(kept).toString()
  return search === '' ? path : `${path}?${search}`
}

export function go(to: string, options: { replace?: boolean } = {}): void {
  if (to === location.pathname + location.search) return
  history[options.replace ? 'replaceState' : 'pushState'](null, '', to)
  route.set(current())
}

/** Changes some of the query, keeping the rest and the place in the history. */
export function refine(query: Record<string, string | undefined>): void {
  const now = route.get()
  go(address(now.path, { ...now.query, ...query }), { replace: true })
}

/** Makes plain links of this site change the route without loading the page. */
export function followLinks(): void {
  addEventListener('popstate', () => route.set(current()))
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = (event.target as Element | null)?.closest?.('a')
    if (!link || link.origin !== location.origin || link.target || link.hasAttribute('download')) return
    if (link.hash !== '' && link.pathname === location.pathname) return
    if (link.pathname.startsWith('/api') || link.pathname.startsWith('/docs')) return
    event.preventDefault()
    go(link.pathname + link.search)
  })
}
