/** The shell: who you are, where you are, whether it is live; one page inside. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { useCell } from './cell.ts'
import { heading } from './heading.ts'
import { connection, session, site, trouble } from './live.ts'
import { Announcer, announce } from './parts/announce.tsx'
import { Bell } from './parts/bell.tsx'
import { Icon } from './parts/icon.tsx'
import { Failure, Loading } from './parts/state.tsx'
import { useTick } from './parts/tick.ts'
import { GROUPS, MENU, MOVED, offered, type Page, type Place, type Target, targetOf } from './places.ts'
import { go, type Route, route } from './route.ts'
import { logoOf } from './theming.ts'
import type { Site, User } from './wire.ts'
import { useWords } from './words.ts'

const SIGN_IN = async (): Promise<Page> => (await import('./pages/sign-in.tsx')).SignIn

/** Where the letters of the platform lead; open to whoever has the link. */
const PASSWORD: Target = {
  key: '/password',
  load: async () => (await import('./pages/password.tsx')).PasswordPage,
  title: 'password.title',
  place: '',
  subject: undefined,
}

/** Behind the code on a charger; open to whoever stands before it, signed in or not. */
const DRIVER = '/driver/'
const driverOf = (path: string): Target => ({
  key: DRIVER,
  load: async () => (await import('./pages/driver/driver.tsx')).DriverPage,
  title: 'driver.title',
  place: '',
  subject: path.slice(DRIVER.length),
})

function Connection() {
  const { t, f } = useWords()
  const { state, heard } = useCell(connection)
  const now = useTick(1_000)
  const before = useRef(state)
  useEffect(() => {
    if (before.current === state) return
    if (state === 'offline') announce(t('connection.lost'))
    else if (state === 'live' && before.current === 'offline') announce(t('connection.back'))
    before.current = state
  }, [state])
  const age = Math.max(0, Math.round((now - heard) / 1000))
  const text =
    state === 'offline'
      ? t('connection.offline', { time: f.clock(heard) })
      : state === 'connecting'
        ? t('connection.connecting')
        : t('connection.live', { age: age < 90 ? t('age.seconds', { n: age }) : t('age.minutes', { n: Math.round(age / 60) }) })
  return (
    <p class={`connection connection-${state === 'live' && age > 20 ? 'late' : state}`} data-state={state}>
      <span class="light" aria-hidden="true" />
      <span>{text}</span>
    </p>
  )
}

function Link({ place, here }: { place: Place; here: string }) {
  const { t } = useWords()
  return (
    <li class={place.short ? '' : 'apart'}>
      <a href={place.path} aria-current={here === place.path ? 'page' : undefined}>
        <Icon name={place.icon} />
        <span class={place.short ? 'rail-long' : ''}>{t(place.menu ?? place.title)}</span>
        {place.short && <span class="rail-short">{t(place.short)}</span>}
      </a>
    </li>
  )
}

/** The logo of the organisation, or ours: also when theirs cannot be fetched. */
function Logo({ user }: { user: User | undefined }) {
  const logo = logoOf(user?.account)
  const [broken, setBroken] = useState('')
  return logo && broken !== logo ? (
    <img class="brand-logo" src={logo} alt={user?.account.name ?? ''} referrerpolicy="no-referrer" onError={() => setBroken(logo)} />
  ) : (
    <img src="/icon.svg" alt="" width="28" height="28" />
  )
}

function Navigation({ here, user, place }: { here: string; user: User; place: Site | null }) {
  const { t } = useWords()
  return (
    <nav class="rail" aria-label={t('nav.label')}>
      {GROUPS.filter((group) => offered(group, { user, site: place }).length > 0).map((group) => (
        <div key={group} class="rail-group">
          <p class="rail-heading" id={`rail-${group}`}>
            {t.code('nav.group', group)}
          </p>
          <ul class="plain" aria-labelledby={`rail-${group}`}>
            {offered(group, { user, site: place }).map((each) => (
              <Link key={each.path} place={each} here={here} />
            ))}
            {group === 'operation' && (
              <li class="rail-more">
                <a href={MENU} aria-current={here === MENU ? 'page' : undefined}>
                  <Icon name="more" />
                  <span>{t('nav.more')}</span>
                </a>
              </li>
            )}
          </ul>
        </div>
      ))}
    </nav>
  )
}

function Body({ target, current }: { target: Target; current: Route }) {
  const [loaded, setLoaded] = useState<{ key: string; page: Page } | null>(null)
  const [failed, setFailed] = useState(false)
  const { t } = useWords()
  useEffect(() => {
    let wanted = true
    setFailed(false)
    target.load().then(
      (page) => wanted && setLoaded({ key: target.key, page }),
      () => wanted && setFailed(true),
    )
    return () => {
      wanted = false
    }
  }, [target.key])
  if (failed)
    return (
      <div class="notice notice-alert" role="alert">
        <Icon name="alert" />
        <div>
          <p class="strong">{t('state.page')}</p>
          <button type="button" class="button" onClick={() => location.reload()}>
            {t('state.reload')}
          </button>
        </div>
      </div>
    )
  if (!loaded || loaded.key !== target.key) return <Loading />
  const Shown = loaded.page
  return <Shown key={`${target.key}/${target.subject ?? ''}`} route={current} subject={target.subject} />
}

export function App() {
  const { t } = useWords()
  const current = useCell(route)
  const who = useCell(session)
  const place = useCell(site)
  const problem = useCell(trouble)
  const title = useCell(heading)
  const main = useRef<HTMLElement>(null)
  const moved = useRef(false)
  const apart = current.path.startsWith(DRIVER)
  const inside = who.state === 'in' && !apart
  const target: Target | undefined = apart
    ? driverOf(current.path)
    : current.path === PASSWORD.key
      ? PASSWORD
      : inside
        ? targetOf(MOVED[current.path] ?? current.path)
        : { key: 'sign-in', load: SIGN_IN, title: 'signin.title', place: '', subject: undefined }

  useEffect(() => {
    const newer = MOVED[current.path]
    if (newer) go(newer, { replace: true })
    heading.set('')
    if (moved.current) {
      scrollTo(0, 0)
      main.current?.focus({ preventScroll: true })
    }
    moved.current = true
  }, [current.path])
  useEffect(() => {
    const page = title || (target ? t(target.title) : t('notfound.title'))
    document.title = `${page} · ${place?.platformName ?? 'Cariflex'}`
  }, [title, target?.key, place?.platformName, t])

  return (
    <>
      <a class="skip" href="#main">
        {t('skip')}
      </a>
      {place?.demo && who.state === 'in' && (
        <aside class="ribbon" aria-label={t('ribbon.label')}>
          {t('ribbon')}
        </aside>
      )}
      <div class={inside ? 'app' : 'app app-out'}>
        <header class="top">
          <a class="brand" href="/ops">
            <Logo user={inside ? who.user : undefined} />
            <span>{place?.platformName ?? 'Cariflex'}</span>
            {place && inside && <span class="brand-site">{place.name}</span>}
          </a>
          {inside && <Connection />}
          {inside && <Bell here={target?.place === '/ops/alarms'} />}
          {inside && (
            <a class="top-me" href="/me" aria-label={t('nav.me', { name: who.user.username })}>
              <Icon name="person" />
              <span class="top-me-name">{who.user.username}</span>
            </a>
          )}
        </header>
        {who.state === 'in' && inside && <Navigation here={target?.place ?? ''} user={who.user} place={place} />}
        <main id="main" ref={main} tabIndex={-1}>
          {who.state === 'unknown' && !apart ? (
            problem ? (
              <Failure error={problem} />
            ) : (
              <Loading />
            )
          ) : target ? (
            <Body target={target} current={current} />
          ) : (
            <div class="empty">
              <h1>{t('notfound.title')}</h1>
              <p>{t('notfound.text')}</p>
              <a class="button" href="/ops">
                {t('notfound.home')}
              </a>
            </div>
          )}
        </main>
      </div>
      <Announcer />
    </>
  )
}
