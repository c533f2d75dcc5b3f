/** The pages there are: one line each, in groups; who may see them, and which one an address means. */
import type { ComponentType } from 'preact'
import type { Key } from './i18n/i18n.ts'
import type { IconName } from './parts/icon.tsx'
import type { PageProps } from './route.ts'
import { acts, steers } from './things.ts'
import type { Site, User } from './wire.ts'

export type Page = ComponentType<PageProps>
export type Group = 'operation' | 'data' | 'administration'
export const GROUPS: readonly Group[] = ['operation', 'data', 'administration']

export interface Place {
  path: string
  group: Group
  icon: IconName
  title: Key
  /** In the menu, where the title is too long for it. */
  menu?: Key
  /** On a phone it stands in the tabs, by this short name; the others stand behind "More". */
  short?: Key
  load: () => Promise<Page>
  /** Who is offered it; everybody when left out. */
  offered?: (to: { user: User; site: Site | null }) => boolean
  /** A page of one thing, at `path/:id`; without it the page itself gets the id. */
  one?: { title?: Key; load: () => Promise<Page> }
  /** Pages of one thing at other paths that belong to this place: `also.path/:id`. */
  also?: { path: string; load: () => Promise<Page> }[]
}

export const PLACES: readonly Place[] = [
  {
    path: '/ops',
    group: 'operation',
    icon: 'overview',
    title: 'nav.overview',
    short: 'nav.overview.short',
    load: async () => (await import('./pages/overview.tsx')).Overview,
  },
  {
    path: '/ops/assets',
    group: 'operation',
    icon: 'assets',
    title: 'nav.assets',
    short: 'nav.assets.short',
    load: async () => (await import('./pages/assets.tsx')).Assets,
    one: { load: async () => (await import('./pages/asset/asset.tsx')).AssetPage },
    also: [{ path: '/ops/sensors', load: async () => (await import('./pages/sensor/sensor.tsx')).SensorPage }],
  },
  {
    path: '/ops/plans',
    group: 'operation',
    icon: 'plan',
    title: 'nav.plan',
    short: 'nav.plan',
    load: async () => (await import('./pages/plan.tsx')).PlanPage,
  },
  {
    path: '/ops/stations',
    group: 'operation',
    icon: 'stations',
    title: 'nav.stations',
    short: 'nav.stations',
    load: async () => (await import('./pages/stations.tsx')).Stations,
    one: { load: async () => (await import('./pages/station/station.tsx')).StationPage },
    also: [{ path: '/ops/stickers', load: async () => (await import('./pages/stickers.tsx')).Stickers }],
  },
  {
    path: '/ops/sessions',
    group: 'operation',
    icon: 'evse',
    title: 'sessions.all',
    menu: 'sessions.short',
    load: async () => (await import('./pages/sessions.tsx')).Sessions,
  },
  {
    path: '/ops/badges',
    group: 'operation',
    icon: 'badge',
    title: 'badges.title',
    load: async () => (await import('./pages/badges.tsx')).Badges,
  },
  {
    path: '/ops/contracts',
    group: 'operation',
    icon: 'vehicle',
    title: 'contracts.title',
    menu: 'contracts.menu',
    load: async () => (await import('./pages/contracts.tsx')).Contracts,
  },
  {
    path: '/ops/tariffs',
    group: 'operation',
    icon: 'tariff',
    title: 'tariffs.title',
    load: async () => (await import('./pages/tariff/tariffs.tsx')).Tariffs,
  },
  {
    path: '/ops/firmware',
    group: 'operation',
    icon: 'download',
    title: 'firmware.title',
    menu: 'firmware.menu',
    load: async () => (await import('./pages/firmware.tsx')).Firmware,
    one: { load: async () => (await import('./pages/firmware/campaign.tsx')).CampaignPage },
  },
  {
    path: '/ops/models',
    group: 'operation',
    icon: 'settings',
    title: 'models.title',
    menu: 'models.menu',
    load: async () => (await import('./pages/models.tsx')).Models,
  },
  {
    path: '/ops/citrineos',
    group: 'operation',
    icon: 'hook',
    title: 'citrineos.title',
    load: async () => (await import('./pages/citrineos/citrineos.tsx')).CitrineOS,
    offered: ({ user }) => steers(user),
  },
  {
    path: '/ops/alarms',
    group: 'operation',
    icon: 'bell',
    title: 'overview.alarms',
    load: async () => (await import('./pages/alarms.tsx')).Alarms,
    // The bell at the top of every page leads to it.
    offered: () => false,
  },
  {
    path: '/ops/world',
    group: 'operation',
    icon: 'world',
    title: 'nav.world',
    load: async () => (await import('./pages/world.tsx')).WorldPage,
    offered: ({ site, user }) => (site?.demo ?? false) && acts(user),
  },
  {
    path: '/ops/forecasts',
    group: 'data',
    icon: 'forecast',
    title: 'forecasts.title',
    load: async () => (await import('./pages/forecasts.tsx')).Forecasts,
  },
  {
    path: '/ops/reports',
    group: 'data',
    icon: 'reports',
    title: 'report.title',
    load: async () => (await import('./pages/reports.tsx')).Reports,
  },
  {
    path: '/ops/automations',
    group: 'data',
    icon: 'automations',
    title: 'auto.title',
    load: async () => (await import('./pages/automations.tsx')).Automations,
  },
  {
    path: '/ops/sources',
    group: 'data',
    icon: 'sources',
    title: 'sources.title',
    menu: 'nav.sources',
    load: async () => (await import('./pages/sources.tsx')).SourcesPage,
  },
  {
    path: '/ops/jobs',
    group: 'data',
    icon: 'jobs',
    title: 'jobs.title',
    load: async () => (await import('./pages/jobs.tsx')).Jobs,
    offered: ({ user }) => user.roles.includes('admin') || user.roles.includes('account-admin'),
  },
  {
    path: '/admin/accounts',
    group: 'administration',
    icon: 'accounts',
    title: 'accounts.title',
    load: async () => (await import('./pages/accounts.tsx')).Accounts,
    one: { load: async () => (await import('./pages/account.tsx')).AccountPage },
  },
  {
    path: '/admin/users',
    group: 'administration',
    icon: 'users',
    title: 'users.title',
    load: async () => (await import('./pages/users.tsx')).Users,
    one: { load: async () => (await import('./pages/user.tsx')).UserPage },
  },
  {
    path: '/admin/retention',
    group: 'administration',
    icon: 'retention',
    title: 'retention.title',
    menu: 'nav.retention',
    load: async () => (await import('./pages/retention.tsx')).Retention,
  },
  {
    path: '/admin/mails',
    group: 'administration',
    icon: 'mail',
    title: 'mails.title',
    load: async () => (await import('./pages/mails.tsx')).Mails,
    offered: ({ user }) => user.roles.includes('admin'),
  },
  {
    path: '/admin/webhooks',
    group: 'administration',
    icon: 'hook',
    title: 'hooks.title',
    load: async () => (await import('./pages/webhooks.tsx')).WebhooksPage,
    offered: ({ user }) => steers(user),
  },
  {
    path: '/me',
    group: 'administration',
    icon: 'person',
    title: 'me.title',
    load: async () => (await import('./pages/me.tsx')).Me,
  },
]

export const MENU = '/menu'

/** Addresses of before, and where what stood there stands now. */
export const MOVED: Readonly<Record<string, string>> = { '/': '/ops', '/settings': '/me' }

/** A page to show: which, of what, and the place it belongs to in the menu. */
export interface Target {
  key: string
  load: () => Promise<Page>
  title: Key
  place: string
  subject: string | undefined
}

/** The places offered to this user, of one group. */
export function offered(group: Group, to: { user: User; site: Site | null }): Place[] {
  return PLACES.filter((place) => place.group === group && (place.offered?.(to) ?? true))
}

/** Which page an address means; undefined when none. */
export function targetOf(path: string): Target | undefined {
  const clean = path.replace(/\/+$/, '') || '/ops'
  if (clean === MENU)
    return { key: MENU, load: async () => (await import('./pages/menu.tsx')).Menu, title: 'nav.more', place: MENU, subject: undefined }
  for (const place of PLACES)
    for (const { path, load } of place.also ?? [])
      if (clean.startsWith(`${path}/`) && !clean.slice(path.length + 1).includes('/'))
        return {
          key: `${path}/:id`,
          load,
          title: place.title,
          place: place.path,
          subject: decodeURIComponent(clean.slice(path.length + 1)),
        }
  const place = PLACES.filter((each) => clean === each.path || (each.path !== '/ops' && clean.startsWith(`${each.path}/`))).sort(
    (a, b) => b.path.length - a.path.length,
  )[0]
  if (!place) return undefined
  const subject = clean === place.path ? undefined : decodeURIComponent(clean.slice(place.path.length + 1))
  if (subject?.includes('/')) return undefined
  if (subject === undefined || !place.one) return { key: place.path, load: place.load, title: place.title, place: place.path, subject }
  return { key: `${place.path}/:id`, load: place.one.load, title: place.one.title ?? place.title, place: place.path, subject }
}
