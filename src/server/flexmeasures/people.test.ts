// Accounts and their plans, users, roles, new passwords and audit logs over HTTP.
import assert from 'node:assert/strict'
import test from 'node:test'
import { type Door, openDoor } from '../door.fixture.ts'

const V3 = '/api/v3_0'
const fault = (body: Record<string, unknown>, field: string) =>
  String((body['message'] as Record<string, Record<string, unknown>>)['json']?.[field])

/** A door with people of every role, as tokens: an administrator, a consultant of account C that advises A, and a reader. */
async function openOffice(t: Parameters<typeof openDoor>[0]) {
  const door = await openDoor(t)
  const { server, store } = door
  const consultancy = await server.accounts.create({ name: 'C' })
  await store.query("insert into account_role (name) values ('Consultancy') on conflict do nothing")
  await store.query("update account set consultancy_account_id = $1 where name = 'A'", [consultancy.id])
  const join = async (name: string, account: number, roles: string[]) => {
    const user = await server.users.create({ email: `${name}@example.com`, account, roles })
    return { id: user.id, token: await server.tokens.issue(user.id, 'program') }
  }
  const people = {
    root: await join('root', 2, ['admin']),
    cora: await join('cora', consultancy.id, ['consultant']),
    rita: await join('rita', 1, ['admin-reader']),
  }
  const ask = (method: string, path: string, token: string, body?: unknown) =>
    door.ask(method, V3 + path, { headers: { authorization: token }, ...(body !== undefined && { body }) })
  const letters = async () =>
    (await door.store.query<{ body: string }>('select payload::text as body from cariflex.outbox order by id')).length
  return { door, ask, consultancy: consultancy.id, letters, ...people, ann: door.tokens.ann, mel: door.tokens.mel, bob: door.tokens.bob }
}

const events = async (door: Door, user: number): Promise<string[]> =>
  (await door.store.query<{ event: string }>('select event from audit_log where affected_user_id = $1 order by id', [user])).map(
    (row) => row.event,
  )

test('an account administrator invites a user, who gets a letter and no password', async (t) => {
  const { door, ask, ann, mel, bob, letters } = await openOffice(t)
  const newcomer = { email: 'new@example.com', username: 'newcomer', account_id: 1 }
  assert.equal((await ask('POST', '/users', mel, newcomer)).status, 403)
  assert.equal((await ask('POST', '/users', bob, newcomer)).status, 403)
  const made = await ask('POST', '/users', ann, newcomer)
  assert.deepEqual(
    [made.status, made.body['email'], made.body['account_id'], made.body['active'], made.body['flexmeasures_roles']],
    [201, 'new@example.com', 1, true, []],
  )
  const id = made.body['id'] as number
  assert.deepEqual(await events(door, id), ['User newcomer created'])
  assert.equal(await letters(), 1)
  assert.equal((await door.server.users.credentials('new@example.com'))!.password!.startsWith('$'), true, 'a password nobody knows')
  const source = await door.store.first<{ type: string; account_id: number }>(
    'select type, account_id from data_source where user_id = $1',
    [id],
  )
  assert.deepEqual(source, { type: 'user', account_id: 1 })
  for (const [body, field, text] of [
    [{ ...newcomer, username: 'other' }, 'email', /already exists/],
    [{ ...newcomer, email: 'other@example.com' }, 'username', /already exists/],
    [{ ...newcomer, email: 'nonsense' }, 'email', /Not a valid email address/],
    [{ ...newcomer, email: 'other@example.com', username: 'o', shoe: 1 }, 'shoe', /Unknown field/],
    [{ email: 'other@example.com', username: 'o' }, 'account_id', /Missing data/],
    [{ ...newcomer, email: 'other@example.com', username: 'o', flexmeasures_roles: [99] }, 'flexmeasures_roles', /doesn't exist/],
  ] as const) {
    const answer = await ask('POST', '/users', ann, body)
    assert.equal(answer.status, 422)
    assert.match(fault(answer.body, field), text)
  }
  assert.equal((await ask('POST', '/users', ann, { ...newcomer, account_id: 99 })).status, 404)
  const admin = (await door.server.users.roles()).find(({ name }) => name === 'admin')!.id
  const grab = { email: 'grab@example.com', username: 'grab', account_id: 1, flexmeasures_roles: [admin] }
  assert.equal((await ask('POST', '/users', ann, grab)).status, 403)
})

test('a new password is asked for oneself or by an administrator of the account; the old one and all tokens end at once', async (t) => {
  const { door, ask, ann, mel, bob, letters } = await openOffice(t)
  await door.server.users.setPassword(2, 'long enough')
  const fresh = await door.server.tokens.issue(2, 'program')
  assert.equal((await ask('PATCH', '/users/1/password-reset', fresh)).status, 403)
  assert.equal((await ask('PATCH', '/users/2/password-reset', bob)).status, 403)
  assert.equal((await ask('PATCH', '/users/2/password-reset', mel)).status, 401, 'a changed password ended this token')
  const reset = await ask('PATCH', '/users/2/password-reset', ann)
  assert.deepEqual([reset.status, reset.body], [200, { status: 200 }])
  assert.equal((await ask('GET', '/users', fresh)).status, 401)
  const again = await door.ask('POST', '/api/requestAuthToken', { body: { email: 'mel@example.com', password: 'long enough' } })
  assert.equal(again.status, 401)
  assert.deepEqual(await events(door, 2), ['Password reset for user mel'])
  assert.equal(await letters(), 1)
  const own = await door.server.tokens.issue(2, 'program')
  assert.equal((await ask('PATCH', '/users/2/password-reset', own)).status, 200)
})

test('roles and activity change by those who may, and the log says so in FlexMeasures’ words', async (t) => {
  const { door, ask, ann, root, cora, rita } = await openOffice(t)
  const roles = new Map((await door.server.users.roles()).map(({ id, name }) => [name, id]))
  const give = (token: string, user: number, ...names: string[]) =>
    ask('PATCH', `/users/${user}`, token, { flexmeasures_roles: names.map((name) => roles.get(name)) })
  // Who: may give admin, admin-reader, account-admin, consultant to mel of account A.
  const table: [string, string, number[]][] = [
    ['account-admin', ann, [403, 403, 403, 200]],
    ['admin-reader', rita.token, [403, 403, 403, 403]],
    ['consultant of the account', cora.token, [403, 403, 200, 403]],
    ['admin', root.token, [403, 200, 200, 200]],
  ]
  for (const [name, token, wanted] of table) {
    const got: number[] = []
    for (const role of ['admin', 'admin-reader', 'account-admin', 'consultant']) {
      got.push((await give(token, 2, role)).status)
      await door.server.users.update(2, { roles: [] })
    }
    assert.deepEqual(got, wanted, name)
  }
  await door.store.query('delete from audit_log')
  await give(root.token, 2, 'account-admin', 'consultant')
  await ask('PATCH', '/users/2', root.token, { flexmeasures_roles: [roles.get('admin-reader')], active: false })
  await ask('PATCH', '/users/2', root.token, { active: true, username: 'melanie', timezone: 'Europe/Paris' })
  assert.deepEqual(await events(door, 2), [
    'Added role(s): [account-admin,consultant].',
    "Removed role(s): [account-admin,consultant].Added role(s): [admin-reader].Active status set to 'False'.",
    "Active status set to 'True'.",
    "Updated user 'mel': 2. Updated fields: Field name: username, Old value: mel, New value: melanie; Field name: timezone, Old value: UTC, New value: Europe/Paris",
  ])
  const taken = await ask('PATCH', '/users/2', root.token, { email: 'ANN@example.com' })
  assert.deepEqual([taken.status, taken.body['message']], [400, 'Duplicate user already exists'])
  assert.equal((await ask('PATCH', '/users/1', ann, { active: true })).status, 403, 'not of oneself')
  assert.equal((await ask('PATCH', '/users/999', root.token, {})).status, 404)
})

test('accounts are founded by administrators, and by consultants of a consultancy for their clients', async (t) => {
  const { door, ask, root, cora, ann, consultancy } = await openOffice(t)
  const found = (token: string, body: object) => ask('POST', '/accounts', token, body)
  assert.equal((await door.ask('POST', `${V3}/accounts`, { body: { name: 'x' } })).status, 401)
  assert.equal((await found(ann, { name: 'x' })).status, 403)
  assert.equal((await found(cora.token, { name: 'x' })).status, 403, 'the account is no consultancy')
  const role = (await door.server.accounts.roles()).find(({ name }) => name === 'Consultancy')!.id
  const made = await ask('PATCH', `/accounts/${consultancy}`, root.token, { account_roles: [role] })
  assert.deepEqual(made.body['account_roles'], [{ id: role, name: 'Consultancy' }])
  const client = await found(cora.token, { name: 'client' })
  assert.deepEqual([client.status, client.body['consultancy_account_id']], [201, consultancy])
  assert.equal((await found(cora.token, { name: 'other', consultancy_account_id: 1 })).status, 403)
  assert.equal((await found(root.token, { name: 'free' })).body['consultancy_account_id'], null)
  for (const [body, field, text] of [
    [{ name: 'client' }, 'name', "An account with name 'client' already exists."],
    [{ name: ' ' }, 'name', 'Account name cannot be empty.'],
    [{}, 'name', 'Missing data for required field.'],
    [{ name: 'y', consultancy_account_id: 999999 }, 'consultancy_account_id', 'No account found with id 999999.'],
    [{ name: 'y', plan_id: 1 }, 'plan_id', 'Unknown field.'],
  ] as const) {
    const answer = await found(root.token, body)
    assert.deepEqual([answer.status, fault(answer.body, field)], [422, text])
  }
  const seen = (await ask('GET', `/users?account=${String(client.body['id'])}`, cora.token)).status
  assert.equal(seen, 200, 'the consultant reaches the new client at once')
})

test('what only administrators change of an account stays theirs; changes are noted with their fields', async (t) => {
  const { door, ask, root, ann, mel, cora, rita, consultancy } = await openOffice(t)
  const patch = (token: string, body: object, account = 1) => ask('PATCH', `/accounts/${account}`, token, body)
  assert.equal((await patch(mel, { primary_color: '1a3443' })).body['primary_color'], '#1a3443')
  assert.equal((await patch(mel, { primary_color: 'red-ish' })).status, 422)
  assert.match(fault((await patch(mel, { logo_url: 'nowhere' })).body, 'logo_url'), /not a valid URL/)
  await door.store.query("insert into plan (name, legacy) values ('gold', false), ('old', true)")
  const plans = await door.store.query<{ id: number; name: string }>('select id, name from plan')
  const plan = (name: string) => plans.find((one) => one.name === name)!.id
  for (const body of [{ plan_id: plan('gold') }, { account_roles: [1] }, { consultancy_account_id: null }])
    assert.deepEqual([(await patch(ann, body)).status, (await patch(rita.token, body)).status], [403, 403], JSON.stringify(body))
  assert.equal((await patch(root.token, { plan_id: plan('gold') })).body['plan_id'], plan('gold'))
  assert.match(fault((await patch(root.token, { plan_id: plan('old') })).body, 'plan_id'), /has been retired/)
  assert.match(fault((await patch(root.token, { plan_id: 999 })).body, 'plan_id'), /No plan found with id 999/)
  assert.match(fault((await patch(root.token, { account_roles: [999] })).body, 'account_roles'), /Invalid account role ID/)
  assert.match(fault((await patch(root.token, { consultancy_account_id: 1 })).body, 'consultancy_account_id'), /own consultancy/)
  await door.store.query('update account set plan_id = $1 where id = 1', [plan('old')])
  assert.equal((await patch(root.token, { plan_id: plan('old'), name: 'A2' })).status, 200, 'a retired plan stays with those who have it')
  assert.equal((await patch(cora.token, { attributes: { a: 1 } })).body['attributes'], '{"a":1}')
  assert.equal((await patch(mel, { name: 'A2' })).status, 200)
  assert.equal((await patch(mel, { name: 'B' })).status, 422)
  const log = await ask('GET', '/accounts/1/auditlog', ann)
  assert.deepEqual(
    (log.body as unknown as { event: string }[]).map(({ event }) => event).reverse(),
    ['primary_color', 'plan_id', 'name', 'attributes'].map((field) => `Account Updated, Field: ${field}`),
  )
  const page = await ask('GET', '/accounts/1/auditlog?page=1&per_page=2&filter=plan', cora.token)
  assert.deepEqual([page.body['num-records'], page.body['filtered-records']], [4, 1])
  assert.equal((await ask('GET', '/accounts/1/auditlog', mel)).status, 403, 'not for every colleague')
  assert.equal((await ask('GET', '/users/2/auditlog', mel)).status, 200, 'but one’s own is')
  assert.equal((await ask('GET', '/users/1/auditlog', mel)).status, 403)
  assert.equal((await ask('GET', `/accounts?role=Nonsense`, root.token)).status, 422)
  const advised = (await ask('GET', '/accounts', cora.token)).body as unknown as { id: number }[]
  assert.deepEqual(
    advised.map(({ id }) => id),
    [1, consultancy],
  )
})

test('a plan limits users, assets and clients of an account, and says so', async (t) => {
  const { door, ask, root, ann, cora, consultancy } = await openOffice(t)
  await door.store.query("insert into plan (name, max_users, max_assets, max_clients) values ('small', 4, 2, 1)")
  await door.store.query('update account set plan_id = (select id from plan) where id in (1, $1)', [consultancy])
  const account = { account_id: 1 }
  assert.equal((await ask('POST', '/users', ann, { email: 'x@example.com', username: 'x', ...account })).status, 201)
  const full = await ask('POST', '/users', ann, { email: 'y@example.com', username: 'y', ...account })
  assert.equal(full.status, 422)
  assert.match(String((full.body['message'] as { json: string }).json), /The plan 'small' allows 4 users; the account has 4\./)
  assert.equal((await ask('POST', '/assets', ann, { name: 'second', generic_asset_type_id: 6, ...account })).status, 201)
  assert.equal((await ask('POST', '/assets', ann, { name: 'third', generic_asset_type_id: 6, ...account })).status, 422)
  assert.equal((await ask('POST', `/assets/${door.asset}/copy`, ann)).status, 422)
  await door.store.query("insert into roles_accounts (account_id, role_id) select $1, id from account_role where name = 'Consultancy'", [
    consultancy,
  ])
  assert.equal((await ask('POST', '/accounts', cora.token, { name: 'client' })).status, 422, 'A is its one client')
  assert.equal((await ask('POST', '/accounts', root.token, { name: 'free' })).status, 201)
  assert.equal(await door.server.assets.count({ accounts: [1] }), 2)
})

test('what an account or an asset keeps secret is shown to nobody', async (t) => {
  const { door, ask, root } = await openOffice(t)
  await door.store.query(`update account set secrets = '{"key": "hush"}'`)
  await door.store.query(`update generic_asset set secrets = '{"key": "hush"}'`)
  for (const path of ['/accounts', '/accounts/1', '/users', '/assets', `/assets/${door.asset}`, '/assets?fields=secrets']) {
    const { body } = await ask('GET', path, root.token)
    assert.doesNotMatch(JSON.stringify(body), /hush/, path)
  }
})
