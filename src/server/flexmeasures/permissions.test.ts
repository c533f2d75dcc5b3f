// The permission matrix (reference 1.5), every cell over HTTP: one server, one database, who × what × whose × action.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { type Door, openDoor } from '../door.fixture.ts'
import {
  ACTIONS,
  type Act,
  MEANING,
  PERMISSIONS,
  type PermissionTable,
  type Place,
  type Role,
  renderPermissions,
  type Thing,
} from './permissions.fixture.ts'

const NOTE = { content: 'seen', start: '2026-11-24T00:00:00Z', end: '2026-11-24T01:00:00Z' }

interface Asker {
  token: string | undefined
  user: number
  /** Account of each place, seen from this one. */
  places: Record<'own' | 'foreign' | 'client', number>
}

/** Accounts: home, its consultancy, a client of home, a stranger; one asker for each role, and a plain user in each account. */
async function people({ server, store }: Door) {
  const consultancy = (await server.accounts.create({ name: 'consultancy' })).id
  const home = (await server.accounts.create({ name: 'home', consultancy })).id
  const client = (await server.accounts.create({ name: 'client', consultancy: home })).id
  const stranger = (await server.accounts.create({ name: 'stranger' })).id
  const join = async (role: string, account: number, roles: string[]): Promise<Asker> => {
    const user = await server.users.create({ email: `${role}@example.org`, account, roles })
    const advises = account === consultancy ? home : client
    const places = { own: account, foreign: stranger, client: advises }
    return { token: await server.tokens.issue(user.id, 'program'), user: user.id, places }
  }
  const askers: Record<Role, Asker> = {
    nobody: { token: undefined, user: 0, places: { own: home, foreign: stranger, client } },
    member: await join('member', home, []),
    'account-admin': await join('account-admin', home, ['account-admin']),
    colleague: await join('colleague', consultancy, []),
    consultant: await join('consultant', consultancy, ['consultant']),
    'admin-reader': await join('admin-reader', home, ['admin-reader']),
    admin: await join('admin', home, ['admin']),
  }
  const plain = new Map<number, number>()
  for (const account of [home, consultancy, client, stranger])
    plain.set(account, (await server.users.create({ email: `plain-${account}@example.org`, account })).id)
  await store.query("insert into account_role (name) values ('Consultancy') on conflict do nothing")
  return { askers, plain }
}

test('everybody may do what the table of permissions says, and nothing else', async (t) => {
  const door = await openDoor(t)
  const { server } = door
  const { askers, plain } = await people(door)
  let serial = 0
  const asset = async (account: number | null) => (await server.assets.create({ name: `a${serial++}`, type: 6, account })).id
  const sensor = async (account: number | null) =>
    (await server.sensors.create({ name: `s${serial++}`, unit: 'kW', resolution: 900_000, asset: await asset(account), timezone: 'UTC' }))
      .id
  const lasting = new Map<string, number>()
  /** Something of the account to try an action on; whatever may be deleted is a new one each time. */
  const thingOf = async (thing: Thing, account: number | null, asker: Asker, action: Act): Promise<number> => {
    if (thing === 'account' || thing === 'account log') return account!
    if (thing === 'oneself' || thing === 'own log') return asker.user
    if (thing === 'user' || thing === 'user log') return plain.get(account!)!
    const make = thing === 'asset' ? asset : sensor
    const key = `${thing} ${account}`
    if (action !== 'delete' && lasting.has(key)) return lasting.get(key)!
    const made = await make(account)
    if (action !== 'delete') lasting.set(key, made)
    return made
  }
  const request = (thing: Thing, action: Act, id: number, account: number | null): [method: string, path: string, body?: object] => {
    const log = thing.endsWith('log') ? '/auditlog' : ''
    const of = thing.startsWith('account') ? 'accounts' : thing === 'asset' ? 'assets' : thing === 'sensor' ? 'sensors' : 'users'
    if (action === 'read') return ['GET', `/${of}/${id}${log}`]
    if (action === 'delete') return ['DELETE', `/${of}/${id}`]
    if (action === 'update') return ['PATCH', `/${of}/${id}`, of === 'users' ? { timezone: 'UTC' } : { attributes: {} }]
    if (of === 'users') return ['POST', '/users', { email: `u${serial++}@example.net`, username: `u${serial++}`, account_id: account }]
    return ['POST', `/${of}/${id}/annotations`, NOTE]
  }

  const seen = structuredClone(PERMISSIONS) as PermissionTable
  let cells = 0
  for (const [thing, roles] of Object.entries(PERMISSIONS) as [Thing, PermissionTable[Thing]][])
    for (const [role, rights] of Object.entries(roles) as [Role, PermissionTable[Thing][Role]][]) {
      const asker = askers[role]
      for (const place of Object.keys(rights) as Place[]) {
        const account = place === 'public' ? null : asker.places[place]
        let letters = ''
        for (const action of ACTIONS.filter((one) => MEANING[thing][one] !== undefined)) {
          const id = await thingOf(thing, account, asker, action)
          const [method, path, body] = request(thing, action, id, account)
          const headers: Record<string, string> = asker.token === undefined ? {} : { authorization: asker.token }
          const { status } = await door.ask(method, `/api/v3_0${path}`, { headers, ...(body && { body }) })
          const refusal = role === 'nobody' ? 401 : 403
          assert.ok(status === refusal || (status >= 200 && status < 300), `${role}: ${method} ${path} (${place}) gave ${status}`)
          if (status !== refusal) letters += action[0]
          cells++
        }
        seen[thing][role][place] = letters
      }
    }
  assert.equal(renderPermissions(seen), renderPermissions(PERMISSIONS), 'seen over HTTP, and as the table says')
  t.diagnostic(`${cells} cells`)
})

test('whatever is read of an asset or a sensor, and whatever is asked of it, takes the right that the table names', async (t) => {
  const door = await openDoor(t)
  const { askers } = await people(door)
  const { server } = door
  const span = 'start=2026-11-24T00:00:00Z&end=2026-11-24T01:00:00Z'
  const data = { start: '2026-11-24T00:00:00Z', duration: 'PT15M', values: [1], unit: 'kW' }
  const trigger = { start: '2026-11-24T00:00:00Z', duration: 'PT1H', 'flex-model': [{ nonsense: 1 }] }
  /** Thing, action of the table, method, path below the thing, body that is refused or stored when the right is there. */
  const routes: [Thing, Act, string, string, object?][] = [
    ['asset', 'read', 'GET', '/sensors'],
    ['asset', 'read', 'GET', '/auditlog'],
    ['asset', 'read', 'GET', '/jobs'],
    ['asset', 'read', 'GET', '/automations'],
    ['asset', 'read', 'GET', `/kpis?${span}`],
    ['asset', 'read', 'GET', `/chart?${span}`],
    ['asset', 'read', 'GET', `/chart_data?${span}`],
    ['asset', 'read', 'GET', `/chart_annotations?${span}`],
    ['asset', 'create', 'POST', '/schedules/trigger', trigger],
    ['asset', 'create', 'POST', '/automations', {}],
    ['sensor', 'read', 'GET', '/stats'],
    ['sensor', 'read', 'GET', '/status'],
    ['sensor', 'read', 'GET', '/data?start=2026-11-24T00:00:00Z&duration=PT1H&unit=kW'],
    ['sensor', 'read', 'GET', `/chart?${span}`],
    ['sensor', 'read', 'GET', `/chart_data?${span}`],
    ['sensor', 'read', 'GET', `/chart_annotations?${span}`],
    ['sensor', 'create', 'POST', '/data', data],
    ['sensor', 'create', 'POST', '/schedules/trigger', trigger],
    ['sensor', 'create', 'POST', '/forecasts/trigger', { nonsense: 1 }],
    ['sensor', 'delete', 'DELETE', '/data', {}],
  ]
  const made = new Map<number | null, Record<'asset' | 'sensor', number>>()
  const thingsOf = async (account: number | null) => {
    const known = made.get(account)
    if (known) return known
    const asset = (await server.assets.create({ name: `of ${account}`, type: 6, account })).id
    const { id: sensor } = await server.sensors.create({ name: 'power', unit: 'kW', resolution: 900_000, asset, timezone: 'UTC' })
    made.set(account, { asset, sensor })
    return { asset, sensor }
  }
  const wrong: string[] = []
  for (const role of ['nobody', 'member', 'account-admin', 'consultant', 'admin-reader'] as const)
    for (const place of ['own', 'foreign', 'client', 'public'] as const) {
      const { token, places } = askers[role]
      const things = await thingsOf(place === 'public' ? null : places[place])
      for (const [thing, action, method, path, body] of routes) {
        const may = PERMISSIONS[thing][role][place]!.includes(action[0]!)
        const url = `/api/v3_0/${thing}s/${things[thing as 'asset' | 'sensor']}${path}`
        const headers: Record<string, string> = token === undefined ? {} : { authorization: token }
        const { status } = await door.ask(method, url, { headers, ...(body && { body }) })
        const refused = status === (role === 'nobody' ? 401 : 403)
        if (refused === may || status >= 500 || status === 404) wrong.push(`${role} ${place}: ${method} ${thing}${path} gave ${status}`)
      }
    }
  assert.deepEqual(wrong, [])
})

test('the page of permissions is made of the tested table', () => {
  const page = 'docs/reference/permissions.md'
  assert.ok(existsSync(page) && readFileSync(page, 'utf8').includes(renderPermissions(PERMISSIONS)), 'run npm run generate')
})

test('top-level assets take the right to create in the account, children the right to create on their parent', async (t) => {
  const door = await openDoor(t)
  const { askers } = await people(door)
  const { server } = door
  const may: Record<Role, [top: number, child: number]> = {
    nobody: [401, 401],
    member: [403, 201],
    'account-admin': [201, 201],
    colleague: [403, 201],
    consultant: [403, 201],
    'admin-reader': [403, 201],
    admin: [201, 201],
  }
  let serial = 0
  for (const [role, { token, places }] of Object.entries(askers) as [Role, Asker][]) {
    const parent = (await server.assets.create({ name: `p${serial++}`, type: 6, account: places.own })).id
    const headers: Record<string, string> = token === undefined ? {} : { authorization: token }
    const make = async (more: object) => {
      const body = { name: `n${serial++}`, generic_asset_type_id: 6, account_id: places.own, ...more }
      return (await door.ask('POST', '/api/v3_0/assets', { headers, body })).status
    }
    assert.deepEqual([await make({}), await make({ parent_asset_id: parent })], may[role], role)
  }
  const { token, places } = askers.consultant
  const body = { name: 'theirs', generic_asset_type_id: 6, account_id: places.client }
  assert.equal((await door.ask('POST', '/api/v3_0/assets', { headers: { authorization: token! }, body })).status, 201, 'for a client')
})

test('whoever posts data or triggers needs to create on the sensor; deleting data is for those who may delete it', async (t) => {
  const door = await openDoor(t)
  const { askers } = await people(door)
  const { server } = door
  const home = askers.member.places.own
  const asset = (await server.assets.create({ name: 'site', type: 6, account: home })).id
  const sensor = (await server.sensors.create({ name: 'power', unit: 'kW', resolution: 900_000, asset, timezone: 'UTC' })).id
  const data = { start: '2026-11-24T00:00:00Z', duration: 'PT15M', values: [1], unit: 'kW' }
  const may: Record<Role, [post: number, remove: number]> = {
    nobody: [401, 401],
    member: [200, 403],
    'account-admin': [200, 204],
    colleague: [403, 403],
    consultant: [200, 204],
    'admin-reader': [200, 403],
    admin: [200, 204],
  }
  for (const [role, { token }] of Object.entries(askers) as [Role, Asker][]) {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: token }
    const post = await door.ask('POST', `/api/v3_0/sensors/${sensor}/data`, { headers, body: data })
    const remove = await door.ask('DELETE', `/api/v3_0/sensors/${sensor}/data`, { headers, body: {} })
    assert.deepEqual([post.status, remove.status], may[role], role)
  }
})
