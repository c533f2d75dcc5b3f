/** Who may do what over the FlexMeasures API, cell by cell (reference 1.5): tested over HTTP, and made into docs/reference/permissions.md. */

export const ACTIONS = ['read', 'create', 'update', 'delete'] as const
export type Act = (typeof ACTIONS)[number]
/** Whose the thing is, seen from the one who asks: of the same account, of another, of an account one's own advises, of nobody. */
export type Place = 'own' | 'foreign' | 'client' | 'public'
export type Role = 'nobody' | 'member' | 'account-admin' | 'colleague' | 'consultant' | 'admin-reader' | 'admin'
export type Thing = 'account' | 'account log' | 'oneself' | 'own log' | 'user' | 'user log' | 'asset' | 'sensor'

/** Letters of the actions that a role may do, by place; places that are left out do not exist for the thing. */
export type Rights = Partial<Record<Place, string>>
export type PermissionTable = Record<Thing, Record<Role, Rights>>

/** Roles that see nothing of accounts but their own share these rows. */
const everywhere = (letters: string, ...places: Place[]): Rights => Object.fromEntries(places.map((place) => [place, letters]))

export const PERMISSIONS: PermissionTable = {
  account: {
    nobody: everywhere('', 'own', 'foreign', 'client'),
    member: { own: 'ru', foreign: '', client: '' },
    'account-admin': { own: 'rcu', foreign: '', client: '' },
    colleague: { own: 'ru', foreign: '', client: '' },
    consultant: { own: 'ru', foreign: '', client: 'rcu' },
    'admin-reader': { own: 'ru', foreign: 'r', client: 'r' },
    admin: everywhere('rcu', 'own', 'foreign', 'client'),
  },
  'account log': {
    nobody: everywhere('', 'own', 'foreign', 'client'),
    member: everywhere('', 'own', 'foreign', 'client'),
    'account-admin': { own: 'r', foreign: '', client: '' },
    colleague: everywhere('', 'own', 'foreign', 'client'),
    consultant: { own: '', foreign: '', client: 'r' },
    'admin-reader': everywhere('r', 'own', 'foreign', 'client'),
    admin: everywhere('r', 'own', 'foreign', 'client'),
  },
  oneself: {
    nobody: {},
    member: { own: 'ru' },
    'account-admin': { own: 'ru' },
    colleague: { own: 'ru' },
    consultant: { own: 'ru' },
    'admin-reader': { own: 'ru' },
    admin: { own: 'ru' },
  },
  'own log': {
    nobody: {},
    member: { own: 'r' },
    'account-admin': { own: 'r' },
    colleague: { own: 'r' },
    consultant: { own: 'r' },
    'admin-reader': { own: 'r' },
    admin: { own: 'r' },
  },
  user: {
    nobody: everywhere('', 'own', 'foreign', 'client'),
    member: { own: 'r', foreign: '', client: '' },
    'account-admin': { own: 'rcu', foreign: '', client: '' },
    colleague: { own: 'r', foreign: '', client: '' },
    consultant: { own: 'r', foreign: '', client: 'rcu' },
    'admin-reader': everywhere('r', 'own', 'foreign', 'client'),
    admin: everywhere('rcu', 'own', 'foreign', 'client'),
  },
  'user log': {
    nobody: everywhere('', 'own', 'foreign', 'client'),
    member: everywhere('', 'own', 'foreign', 'client'),
    'account-admin': { own: 'r', foreign: '', client: '' },
    colleague: everywhere('', 'own', 'foreign', 'client'),
    consultant: { own: '', foreign: '', client: 'r' },
    'admin-reader': everywhere('r', 'own', 'foreign', 'client'),
    admin: everywhere('r', 'own', 'foreign', 'client'),
  },
  asset: {
    nobody: everywhere('', 'own', 'foreign', 'client', 'public'),
    member: { own: 'rcu', foreign: '', client: '', public: 'r' },
    'account-admin': { own: 'rcud', foreign: '', client: '', public: 'r' },
    colleague: { own: 'rcu', foreign: '', client: '', public: 'r' },
    consultant: { own: 'rcu', foreign: '', client: 'rcud', public: 'r' },
    'admin-reader': { own: 'rcu', foreign: 'r', client: 'r', public: 'r' },
    admin: everywhere('rcud', 'own', 'foreign', 'client', 'public'),
  },
  sensor: {
    nobody: everywhere('', 'own', 'foreign', 'client', 'public'),
    member: { own: 'rc', foreign: '', client: '', public: 'r' },
    'account-admin': { own: 'rcud', foreign: '', client: '', public: 'r' },
    colleague: { own: 'rc', foreign: '', client: '', public: 'r' },
    consultant: { own: 'rc', foreign: '', client: 'rcud', public: 'r' },
    'admin-reader': { own: 'rc', foreign: 'r', client: 'r', public: 'r' },
    admin: everywhere('rcud', 'own', 'foreign', 'client', 'public'),
  },
}

/** What the actions are for each thing; those that are left out have no route. */
export const MEANING: Record<Thing, Partial<Record<Act, string>>> = {
  account: { read: 'GET /accounts/{id}', create: 'annotations, top-level assets', update: 'PATCH /accounts/{id}' },
  'account log': { read: 'GET /accounts/{id}/auditlog' },
  oneself: { read: 'GET /users/{id}', update: 'PATCH /users/{id}, new password' },
  'own log': { read: 'GET /users/{id}/auditlog' },
  user: { read: 'GET /users/{id}', create: 'POST /users for the account', update: 'PATCH /users/{id}, new password' },
  'user log': { read: 'GET /users/{id}/auditlog' },
  asset: {
    read: 'GET /assets/{id}, charts, KPIs, jobs',
    create: 'assets and sensors below, annotations, schedules',
    update: 'PATCH /assets/{id}',
    delete: 'DELETE /assets/{id}',
  },
  sensor: {
    read: 'GET /sensors/{id}, data, schedules',
    create: 'posts of data, schedules, forecasts, annotations',
    update: 'PATCH /sensors/{id}',
    delete: 'DELETE /sensors/{id} and its data',
  },
}

const PLACES: [Place, string][] = [
  ['own', 'own account'],
  ['foreign', 'foreign account'],
  ['client', 'client account'],
  ['public', 'nobody’s (public)'],
]

/** The table as Markdown: one for each thing, a row for each role. */
export function renderPermissions(table: PermissionTable): string {
  return Object.entries(table)
    .map(([thing, roles]) => {
      const places = PLACES.filter(([place]) => Object.values(roles).some((rights) => place in rights))
      const head = `| role | ${places.map(([, title]) => title).join(' | ')} |\n|---|${places.map(() => '---|').join('')}`
      const rows = Object.entries(roles)
        .filter(([, rights]) => Object.keys(rights).length > 0)
        .map(([role, rights]) => `| ${role} | ${places.map(([place]) => cell(rights[place])).join(' | ')} |`)
      return `### ${thing}\n\n${head}\n${rows.join('\n')}\n`
    })
    .join('\n')
}

function cell(letters: string | undefined): string {
  if (letters === undefined) return ''
  const words = ACTIONS.filter((action) => letters.includes(action[0]!))
  return words.length === 0 ? '–' : words.join(', ')
}
