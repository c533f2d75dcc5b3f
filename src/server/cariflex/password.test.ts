// Passwords and mails over HTTP, with a real SMTP server on the other end.
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { after, SECURITY_DEFAULTS } from '#kernel'
import { smtpPostman } from '#protocols/smtp'
import { type Door, openDoor } from '../door.fixture.ts'

interface Mailbox {
  port: number
  letters: string[]
  /** The next so many letters are refused with this code. */
  refuse(times: number, code: number): void
}

async function mailbox(t: TestContext): Promise<Mailbox> {
  const letters: string[] = []
  let refusals = { times: 0, code: 0 }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo(_address, _session, done) {
      if (refusals.times-- > 0) return done(Object.assign(new Error('not now'), { responseCode: refusals.code }))
      done()
    },
    onData(stream, _session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        // Undo the line folding of quoted-printable, so that links can be read.
        letters.push(Buffer.concat(chunks).toString().replace(/=\r\n/g, '').replace(/=3D/g, '='))
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.server.address() as { port: number }
  return {
    port,
    letters,
    refuse(times, code) {
      refusals = { times, code }
    },
  }
}

const post = (door: Door, path: string, body: unknown, method = 'POST') => door.ask(method, `/api/cariflex/v1${path}`, { body })
const tokenIn = (letter: string | undefined) => /\/password#([\w-]+)/.exec(letter ?? '')?.[1] ?? ''

async function doorWithMail(t: TestContext, more: Parameters<typeof openDoor>[1] = {}) {
  const box = await mailbox(t)
  const carrier = smtpPostman({ host: '127.0.0.1', port: box.port, ssl: false, tls: false })
  const door = await openDoor(t, { ...more, mail: { carrier, from: 'Cariflex <flex@example.org>' } })
  return { box, door }
}

test('a mailed link sets a new password once, within the hour, and ends every session and token of its user', async (t) => {
  const { box, door } = await doorWithMail(t)
  const { server, clock } = door
  assert.equal((await post(door, '/password-reset', { email: 'nobody@example.com' })).status, 202)
  assert.equal((await post(door, '/password-reset', { email: 'ANN@example.com' })).status, 202)
  await server.mails.settled()
  assert.equal(box.letters.length, 1, 'only who exists is written to')
  const token = tokenIn(box.letters[0])
  assert.match(box.letters[0]!, /From: Cariflex <flex@example\.org>/)
  const weak = await post(door, '/password', { token, password: 'short' })
  assert.deepEqual([weak.status, weak.body['code']], [422, 'weak-password'])
  assert.equal((await door.ask('GET', '/api/cariflex/v1/session', { as: 'ann' })).status, 200)
  assert.equal((await post(door, '/password', { token, password: 'a new one for ann' })).status, 204)
  assert.equal((await door.ask('GET', '/api/cariflex/v1/session', { as: 'ann' })).status, 401, 'her old token is worth nothing')
  assert.equal((await post(door, '/session', { email: 'ann@example.com', password: 'a new one for ann' })).status, 200)
  const again = await post(door, '/password', { token, password: 'a second one for ann' })
  assert.deepEqual([again.status, again.body['code']], [410, 'password-link-ended'])
  await server.mails.settled()
  assert.match(box.letters[1] ?? '', /mot de passe/)

  await post(door, '/password-reset', { email: 'ann@example.com' })
  await server.mails.settled()
  clock.set(after(clock.now(), 61 * 60_000))
  assert.equal((await post(door, '/password', { token: tokenIn(box.letters[2]), password: 'a second one for ann' })).status, 410)
  const kept = JSON.stringify(await door.store.query('select payload, note, error from cariflex.outbox'))
  assert.doesNotMatch(kept, /password#/, 'no link that was sent lies in the database')
})

test('a letter that the mail server refuses for now goes later, one refused for good is given up and shown', async (t) => {
  const { box, door } = await doorWithMail(t)
  const admin = await door.server.users.create({ email: 'root@example.com', account: 1, roles: ['admin'] })
  const token = await door.server.tokens.issue(admin.id, 'program')
  const mails = async () =>
    (await door.ask('GET', '/api/cariflex/v1/mails', { headers: { authorization: token } })).body['data'] as Record<string, unknown>[]
  box.refuse(1, 451)
  await post(door, '/password-reset', { email: 'ann@example.com' })
  await door.server.mails.settled()
  assert.equal(box.letters.length, 0)
  const [waiting] = await mails()
  assert.deepEqual([waiting?.['tries'], waiting?.['sentAt'], waiting?.['to']], [1, null, ['ann@example.com']])
  assert.match(String(waiting?.['error']), /not now/)
  door.clock.set(after(door.clock.now(), 61_000))
  door.clock.forward(0)
  await door.server.mails.settled()
  assert.equal(box.letters.length, 1)
  box.refuse(1, 550)
  await post(door, '/password-reset', { email: 'bob@example.com' })
  await door.server.mails.settled()
  door.clock.set(after(door.clock.now(), 3_600_000))
  door.clock.forward(0)
  await door.server.mails.settled()
  assert.notEqual((await mails())[0]?.['failedAt'], null)
  assert.equal(box.letters.length, 1)
  assert.equal((await door.ask('GET', '/api/cariflex/v1/mails', { as: 'ann' })).status, 403)
})

test('without a mail server the letter is shown to administrators, with its link', async (t) => {
  const door = await openDoor(t)
  const admin = await door.server.users.create({ email: 'root@example.com', account: 1, roles: ['admin'] })
  const token = await door.server.tokens.issue(admin.id, 'program')
  await post(door, '/password-reset', { email: 'mel@example.com' })
  await door.server.mails.settled()
  const { body } = await door.ask('GET', '/api/cariflex/v1/mails', { headers: { authorization: token } })
  const [letter] = body['data'] as { text: string }[]
  assert.equal(body['carried'], false)
  assert.equal((await post(door, '/password', { token: tokenIn(letter?.text), password: 'chosen by mel' })).status, 204)
})

test('a user is not drowned in letters, and strangers cannot guess links for long', async (t) => {
  const { box, door } = await doorWithMail(t)
  for (let round = 0; round < 7; round++) {
    assert.equal((await post(door, '/password-reset', { email: 'ann@example.com' })).status, 202)
    await door.server.mails.settled()
  }
  assert.equal(box.letters.length, 5)
  const statuses = []
  for (let round = 0; round < 21; round++)
    statuses.push((await post(door, '/password', { token: `guess-${round}-${'x'.repeat(30)}`, password: 'a fine password' })).status)
  assert.deepEqual([statuses[0], statuses[19], statuses[20]], [410, 410, 429])
})

test('one changes the own password with the old one, and stays signed in on this device only', async (t) => {
  const { door } = await doorWithMail(t)
  const [ann] = await door.server.users.list({ accounts: 'all', terms: ['ann@'] })
  await door.server.users.setPassword(ann!.id, 'the first of ann')
  const signIn = async (password: string) => {
    const answer = await post(door, '/session', { email: 'ann@example.com', password })
    return { status: answer.status, cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '' }
  }
  const [here, there] = [await signIn('the first of ann'), await signIn('the first of ann')]
  const change = (old: string, cookie: string) =>
    door.ask('PUT', '/api/cariflex/v1/password', { body: { old, password: 'the second of ann' }, headers: { cookie } })
  assert.equal((await change('not hers', here.cookie)).status, 401)
  const changed = await change('the first of ann', here.cookie)
  const session = async (cookie: string) => (await door.ask('GET', '/api/cariflex/v1/session', { headers: { cookie } })).status
  assert.equal(changed.status, 204)
  assert.equal(await session(there.cookie), 401)
  assert.equal(await session(changed.headers.get('set-cookie')?.split(';')[0] ?? ''), 200)
})

test('where a second factor is demanded, a password alone opens nothing, and a code works once', async (t) => {
  const { box, door } = await doorWithMail(t, { config: { security: { ...SECURITY_DEFAULTS, twoFactor: true } } })
  const [ann] = await door.server.users.list({ accounts: 'all', terms: ['ann@'] })
  await door.server.users.setPassword(ann!.id, 'the first of ann')
  const first = await post(door, '/session', { email: 'ann@example.com', password: 'the first of ann' })
  assert.deepEqual([first.status, first.body['secondFactor'], first.headers.get('set-cookie')], [202, 'mail', null])
  await door.server.mails.settled()
  const code = /\b(\d{6})\b/.exec(box.letters[0] ?? '')?.[1] ?? ''
  const { ticket } = first.body
  const wrong = code === '000000' ? '000001' : '000000'
  assert.equal((await post(door, '/session/code', { ticket, code: wrong })).status, 401)
  const second = await post(door, '/session/code', { ticket, code })
  assert.match(second.headers.get('set-cookie') ?? '', /cariflex_session=\w/)
  assert.equal((await post(door, '/session/code', { ticket, code })).status, 401)
})
