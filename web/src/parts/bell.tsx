/** How many alarms nobody has looked at here, with the way to them. */
import { useEffect, useRef } from 'preact/hooks'
import { useCell } from '../cell.ts'
import { alarms } from '../live.ts'
import { seen, unread } from '../seen.ts'
import { useWords } from '../words.ts'
import { announce } from './announce.tsx'
import { Icon } from './icon.tsx'

export function Bell({ here }: { here: boolean }) {
  const { t, said } = useWords()
  const all = useCell(alarms)
  const fresh = unread(all, useCell(seen))
  const before = useRef<number | undefined>(undefined)
  const n = fresh.length
  useEffect(() => {
    if (all === null) return
    // What was there when the page was opened is not news.
    if (before.current !== undefined && n > before.current && fresh[0]) announce(t('bell.news', { message: said(fresh[0].message) }))
    before.current = n
  }, [n, all === null])
  return (
    <a
      class="bell"
      href="/ops/alarms"
      aria-label={n === 0 ? t('bell.none') : t.count('bell.unread', n)}
      aria-current={here ? 'page' : undefined}
    >
      <Icon name="bell" />
      {n > 0 && (
        <span class="bell-count" aria-hidden="true">
          {n > 99 ? '99+' : n}
        </span>
      )}
    </a>
  )
}
