/** The shell: who you are, where you are, whether it is live; one page inside. */
import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useCell } from './cell.ts'
import { heading } from './heading.ts'
import type { Key } from './i18n/i18n.ts'
import { connection, session, site, trouble } from './live.ts'
import { Announcer, announce } from './parts/announce.tsx'
import { Icon, type IconName } from './parts/icon.tsx'
import { Failure, Loading } from './parts/state.tsx'
import { useTick } from './parts/tick.ts'
import { go, type PageProps, type Route, route } from './route.ts'
import { useWords } from './words.ts'

type Page = ComponentType<PageProps>

interface Place {
  path: string
  icon: IconName
  title: Key
  /** For the bottom tabs of a phone. */
  short?: Key
  load: () => Promise<Page>
  demoOnly?: boolean
  /** Not in the bottom tabs of a phone while the demonstration needs the room. */
  apart?: boolean
}

const PLACES: Place[] = [
  {
    path: '/ops',
    icon: 'overview',
    title: 'nav.overview',
    short: 'nav.overview.short',
    load: async () => (await import('./pages/overview.tsx')).Overview,
  },
  {
    path: '/ops/assets',
    icon: 'assets',
    title: 'nav.assets',
    short: 'nav.assets.short',
    load: async () => (await import('./pages/assets.tsx')).Assets,
  },
  { path: '/ops/plans', icon: 'plan', title: 'nav.plan', load: async () => (await import('./pages/plan.tsx')).PlanPage },
  { path: '/ops/stations', icon: 'stations', title: 'nav.stations', load: async () => (await import('./pages/stations.tsx')).Stations },
  {
    path: '/ops/world',
    icon: 'world',
    title: 'nav.world',
    load: async () => (await import('./pages/world.tsx')).WorldPage,
    demoOnly: true,
  },
  {
    path: '/settings',
    icon: 'settings',
    title: 'nav.settings',
    load: async () => (await import('./pages/settings.tsx')).SettingsPage,
    apart: true,
  },
]
const ASSET_PAGE = async (): Promise<Page> => (await import('./pages/asset.tsx')).AssetPage
const SIGN_IN = async (): Promise<Page> => (await import('./pages/sign-in.tsx')).SignIn

interface Target {
  key: string
  load: () => Promise<Page>
  title: Key
  place: string
  subject: string | undefined
}

/** Which page an address means; undefined when none. */
function targetOf(path: string): Target | undefined {
  const clean = path.replace(/\/+$/, '') || '/ops'
  const place = [...PLACES].reverse().find((each) => clean === each.path || (each.path !== '/ops' && clean.startsWith(`${each.path}/`)))
  if (!place) return undefined
  const subject = clean === place.path ? undefined : decodeURIComponent(clean.slice(place.path.length + 1))
  if (subject?.includes('/')) return undefined
  const load = place.path === '/ops/assets' && subject ? ASSET_PAGE : place.load
  return { key: place.path + (load === ASSET_PAGE ? '/:id' : ''), load, title: place.title, place: place.path, subject }
}

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

function Navigation({ here, demo }: { here: string; demo: boolean }) {
  const { t } = useWords()
  return (
    <nav class="rail" aria-label={t('nav.label')}>
      <ul class="plain">
        {PLACES.filter((place) => !place.demoOnly || demo).map((place) => (
          <li key={place.path} class={place.apart && demo ? 'apart' : ''}>
            <a href={place.path} aria-current={here === place.path ? 'page' : undefined}>
              <Icon name={place.icon} />
              <span class={place.short ? 'rail-long' : ''}>{t(place.title)}</span>
              {place.short && <span class="rail-short">{t(place.short)}</span>}
            </a>
          </li>
        ))}
      </ul>
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
  const inside = who.state === 'in'
  const target: Target | undefined = inside
    ? targetOf(current.path)
    : { key: 'sign-in', load: SIGN_IN, title: 'signin.title', place: '', subject: undefined }

  useEffect(() => {
    if (current.path === '/') go('/ops', { replace: true })
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
      {place?.demo && inside && (
        <aside class="ribbon" aria-label={t('ribbon.label')}>
          {t('ribbon')}
        </aside>
      )}
      <div class={inside ? 'app' : 'app app-out'}>
        <header class="top">
          <a class="brand" href="/ops">
            <img src="/icon.svg" alt="" width="28" height="28" />
            <span>{place?.platformName ?? 'Cariflex'}</span>
            {place && inside && <span class="brand-site">{place.name}</span>}
          </a>
          {inside && <Connection />}
          {inside && (
            <a class="top-settings" href="/settings" aria-label={t('nav.settings')}>
              <Icon name="settings" />
            </a>
          )}
        </header>
        {inside && <Navigation here={target?.place ?? ''} demo={place?.demo ?? false} />}
        <main id="main" ref={main} tabIndex={-1}>
          {who.state === 'unknown' ? (
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
