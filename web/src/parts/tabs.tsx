/** Parts of one page by links: the address says which is open. */
import { useEffect, useRef } from 'preact/hooks'
import { address } from '../route.ts'

export interface Tab {
  id: string
  label: string
}

/** The first tab stands without a word in the address. */
export function Tabs({ tabs, open, path, label }: { tabs: Tab[]; open: string; path: string; label: string }) {
  const list = useRef<HTMLUListElement>(null)
  // On a phone the tabs do not fit: the open one is brought into sight, without moving the page.
  useEffect(() => {
    const row = list.current
    const here = row?.querySelector<HTMLElement>('[aria-current]')
    if (row && here) row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.offsetWidth) / 2
  }, [open])
  return (
    <nav class="tabs" aria-label={label}>
      <ul class="plain" ref={list}>
        {tabs.map((tab, index) => (
          <li key={tab.id}>
            <a href={address(path, { tab: index === 0 ? undefined : tab.id })} aria-current={tab.id === open ? 'page' : undefined}>
              {tab.label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
