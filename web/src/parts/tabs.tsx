/** Parts of one page by links: the address says which is open. */
import { address } from '../route.ts'

export interface Tab {
  id: string
  label: string
}

/** The first tab stands without a word in the address. */
export function Tabs({ tabs, open, path, label }: { tabs: Tab[]; open: string; path: string; label: string }) {
  return (
    <nav class="tabs" aria-label={label}>
      <ul class="plain">
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
