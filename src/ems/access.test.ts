import assert from 'node:assert/strict'
import test from 'node:test'
import { type Action, demand, mayGrant, type Principal, permits, readableAccounts, type Subject, steers } from './access.ts'

// Accounts: 1 own, 2 foreign, 3 consultancy, 4 client of 3.
const who = (account: number, roles: string[], clients: number[] = []): Principal => ({
  user: 10 * account,
  email: `u@${account}`,
  username: `u${account}`,
  account,
  accountName: `account ${account}`,
  timezone: 'UTC',
  roles,
  clients,
})
const PEOPLE = {
  member: who(1, []),
  manager: who(1, ['account-admin']),
  reader: who(1, ['admin-reader']),
  admin: who(2, ['admin']),
  consultant: who(3, ['consultant'], [4]),
  colleague: who(3, []),
}
const of = (kind: Subject['kind'], account: number | null): Subject => {
  const consultancy = account === 4 ? 3 : null
  if (kind === 'user' || kind === 'user-log') return { kind, account: account!, consultancy, user: 999 }
  if (kind === 'account' || kind === 'account-log') return { kind, account: account!, consultancy }
  return { kind, account, consultancy }
}
const ACTIONS: Action[] = ['read', 'create-children', 'update', 'delete']
const LETTER: Record<string, Action> = { r: 'read', c: 'create-children', u: 'update', d: 'delete' }

// Rows of reference 1.5: what each may do (r, c, u, d) to a thing of account 1 (own or foreign), of 2, of the client 4, and to a public one.
const TABLE: [keyof typeof PEOPLE, Subject['kind'], Partial<Record<'1' | '2' | '3' | '4' | 'public', string>>][] = [
  ['member', 'account', { 1: 'ru', 2: '', 4: '' }],
  ['manager', 'account', { 1: 'rcu', 2: '', 4: '' }],
  ['reader', 'account', { 1: 'ru', 2: 'r', 4: 'r' }],
  ['admin', 'account', { 1: 'rcud', 2: 'rcud', 4: 'rcud' }],
  ['consultant', 'account', { 1: '', 3: 'ru', 4: 'rcu' }],
  ['colleague', 'account', { 1: '', 3: 'ru', 4: '' }],
  ['member', 'user', { 1: 'r', 2: '', 4: '' }],
  ['manager', 'user', { 1: 'ru', 2: '', 4: '' }],
  ['reader', 'user', { 1: 'r', 2: 'r', 4: 'r' }],
  ['admin', 'user', { 1: 'rcud', 2: 'rcud', 4: 'rcud' }],
  ['consultant', 'user', { 1: '', 3: 'r', 4: 'ru' }],
  ['member', 'asset', { 1: 'rcu', 2: '', 4: '', public: 'r' }],
  ['manager', 'asset', { 1: 'rcud', 2: '', 4: '', public: 'r' }],
  ['reader', 'asset', { 1: 'rcu', 2: 'r', 4: 'r', public: 'r' }],
  ['admin', 'asset', { 1: 'rcud', 2: 'rcud', 4: 'rcud', public: 'rcud' }],
  ['consultant', 'asset', { 1: '', 3: 'rcu', 4: 'rcud', public: 'r' }],
  ['colleague', 'asset', { 1: '', 3: 'rcu', 4: '', public: 'r' }],
  ['member', 'sensor', { 1: 'rc', 2: '', 4: '', public: 'r' }],
  ['manager', 'sensor', { 1: 'rcud', 2: '', 4: '', public: 'r' }],
  ['reader', 'sensor', { 1: 'rc', 2: 'r', 4: 'r', public: 'r' }],
  ['admin', 'sensor', { 1: 'rcud', 2: 'rcud', 4: 'rcud', public: 'rcud' }],
  ['consultant', 'sensor', { 1: '', 3: 'rc', 4: 'rcud', public: 'r' }],
  ['colleague', 'sensor', { 1: '', 3: 'rc', 4: '', public: 'r' }],
]

test('every role may do to every kind of thing what the table says, in its own account, in foreign ones and in those it advises', () => {
  for (const [name, kind, places] of TABLE)
    for (const [place, letters] of Object.entries(places)) {
      const subject = of(kind, place === 'public' ? null : Number(place))
      const allowed = [...letters].map((letter) => LETTER[letter])
      for (const action of ACTIONS)
        assert.equal(permits(PEOPLE[name], action, subject), allowed.includes(action), `${name} ${action} ${kind} of ${place}`)
    }
})

test('everybody may change their own user, nobody else who has no right to it', () => {
  const own: Subject = { kind: 'user', account: 1, consultancy: null, user: PEOPLE.member.user }
  assert.equal(permits(PEOPLE.member, 'update', own), true)
  assert.equal(permits(PEOPLE.member, 'update', { ...own, user: 11 }), false)
})

test('a refusal is a Problem that says nothing about the thing', () => {
  assert.throws(() => demand(PEOPLE.member, 'delete', of('sensor', 1)), {
    code: 'forbidden',
    status: 403,
    message: /^You cannot be authorized/,
  })
  demand(PEOPLE.member, 'read', of('sensor', 1))
})

test('lists reach the own account, advised ones, or all', () => {
  assert.deepEqual(readableAccounts(PEOPLE.member), [1])
  assert.deepEqual(readableAccounts(PEOPLE.consultant), [3, 4])
  assert.equal(readableAccounts(PEOPLE.reader), 'all')
  assert.equal(readableAccounts(PEOPLE.admin), 'all')
})

test('roles are granted by those who may, and admin by nobody over the API', () => {
  const mine = { kind: 'user', account: 1, consultancy: null, user: 11 } as const
  const client = { kind: 'user', account: 4, consultancy: 3, user: 44 } as const
  const grants = (name: keyof typeof PEOPLE, role: string, subject: typeof mine | typeof client) => mayGrant(PEOPLE[name], role, subject)
  for (const name of Object.keys(PEOPLE) as (keyof typeof PEOPLE)[]) assert.equal(grants(name, 'admin', mine), false)
  assert.deepEqual([grants('admin', 'admin-reader', mine), grants('manager', 'admin-reader', mine)], [true, false])
  assert.deepEqual(
    [grants('admin', 'account-admin', mine), grants('consultant', 'account-admin', client), grants('manager', 'account-admin', mine)],
    [true, true, false],
  )
  assert.deepEqual(
    [grants('manager', 'consultant', mine), grants('manager', 'consultant', client), grants('member', 'consultant', mine)],
    [true, false, false],
  )
})

test('steering the platform is for administrators, of it or of the account', () => {
  assert.deepEqual(
    Object.entries(PEOPLE).map(([name, one]) => [name, steers(one)]),
    [
      ['member', false],
      ['manager', true],
      ['reader', false],
      ['admin', true],
      ['consultant', false],
      ['colleague', false],
    ],
  )
})
