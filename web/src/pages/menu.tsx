/** Everything there is, by group: what the tabs of a phone have no room for. */
import { useCell } from '../cell.ts'
import { session, site } from '../live.ts'
import { Icon } from '../parts/icon.tsx'
import { GROUPS, offered } from '../places.ts'
import { useWords } from '../words.ts'

export function Menu() {
  const { t } = useWords()
  const who = useCell(session)
  const here = useCell(site)
  if (who.state !== 'in') return null
  return (
    <div class="page page-narrow">
      <h1>{t('nav.more.title')}</h1>
      {GROUPS.filter((group) => offered(group, { user: who.user, site: here }).length > 0).map((group) => (
        <section key={group} class="card menu-group" aria-labelledby={`menu-${group}`}>
          <h2 id={`menu-${group}`}>{t.code('nav.group', group)}</h2>
          <ul class="plain">
            {offered(group, { user: who.user, site: here }).map((place) => (
              <li key={place.path}>
                <a href={place.path}>
                  <Icon name={place.icon} />
                  <span>{t(place.title)}</span>
                </a>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  )
}
