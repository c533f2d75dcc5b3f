// Hashes made by passlib, as Flask-Security writes them, of 'Île-de-feu 2026' under the salt 'a-salt' or plain.
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { type Log, systemClock } from '#kernel'
import { passwordThread } from './password-thread.ts'
import { openPasswords, type PasswordsOptions } from './passwords.ts'

const PASSWORD = 'Île-de-feu 2026'
const SALTED = {
  argon2id: '$argon2id$v=19$m=1024,t=1,p=2$NgaAEELo/b8XAiBEqFVqTQ$nfi28WFzGQTMBv3XqJ35tqm5DQCF0439Pgy2KWMjFAU',
  bcrypt: '$2b$04$odPx1KM2mQ.WjprABUGuhevDNB2t1MmIbTGXNCTEYXMwmOEgYrUyS',
  pbkdf2:
    '$pbkdf2-sha512$1000$77137t0bY2wtxVjLufe.9w$Akmgd5VqSaA3nH.fUgRfZ/uG2CD5lviw7oWXbCbSaXFaTwl3wS7PCpVdRh.nmKW2xXj4Bl0YCEvGDa86.dcWaQ',
}
const PLAIN = {
  argon2i: '$argon2i$v=19$m=1024,t=1,p=1$WUtpDeF8j7GWUmptDSEkBA$hnXlxXL+htWVaHH7CGxYOivYo3SOENjLwKi8dgM2M70',
  bcrypt: '$2y$04$Yev/408eq56C6T5pbq0R6OEtKrMy58Hf1LoHcqjIgtxEk/X95ftES',
  pbkdf2: '$pbkdf2-sha256$1000$aw3BWGtNKcUYA8BYi9HaOw$q1v2nYV5oGpvlP3apidEfSC0f.MeC9ZoNwtzNUiapv0',
}
/** Of eighty x: bcrypt looks at the first 72. */
const LONG = '$2b$04$XSfO.YBMN6hRWa2smwY46OUG4Y0VSyuKVw5UrriMBDryAFWN1ydvi'

function open(t: TestContext, options: PasswordsOptions = {}) {
  const told: string[] = []
  const warn = (_fields: object, text: string) => void told.push(text)
  const passwords = openPasswords({ log: { warn, error: warn } as unknown as Log, ...options })
  t.after(() => passwords.close())
  return { passwords, told }
}

test('users of an adopted FlexMeasures sign in with their passwords, whichever way they were hashed', async (t) => {
  const { passwords, told } = open(t, { salt: 'a-salt' })
  for (const [family, hash] of [...Object.entries(SALTED), ...Object.entries(PLAIN)]) {
    assert.ok(await passwords.verify(PASSWORD, hash), family)
    assert.ok(!(await passwords.verify('Ile-de-feu 2026', hash)), family)
  }
  assert.ok(await passwords.verify('x'.repeat(80), LONG))
  assert.deepEqual(told, [])
})

test('a wrong salt lets nobody in and is said once; so is a missing one', async (t) => {
  for (const [options, words] of [
    [{ salt: 'another' }, /SECURITY_PASSWORD_SALT is not that of FlexMeasures/],
    [{}, /no SECURITY_PASSWORD_SALT is set/],
  ] as const) {
    const { passwords, told } = open(t, options)
    for (const hash of Object.values(SALTED)) assert.ok(!(await passwords.verify(PASSWORD, hash)))
    assert.equal(told.length, 1)
    assert.match(told[0]!, words)
  }
})

test('a hash of an unknown kind and a broken one let nobody in', async (t) => {
  const { passwords, told } = open(t, { salt: 'a-salt' })
  assert.ok(!(await passwords.verify(PASSWORD, '$6$rounds=5000$abc$def')))
  assert.match(told[0]!, /of a kind that is not known/)
  await assert.rejects(passwords.verify(PASSWORD, '$argon2id$v=19$m=1024'), { code: 'password-hash-broken' })
  assert.ok(await passwords.verify(PASSWORD, SALTED.argon2id), 'the thread goes on')
})

const CHEAP = { memorySize: 8192, iterations: 2 }

test('new passwords are written so that FlexMeasures reads them, where its salt is known; as scrypt otherwise', async (t) => {
  const { passwords } = open(t, { salt: 'a-salt', thread: passwordThread(systemClock, CHEAP) })
  const hash = await passwords.hash(PASSWORD)
  assert.match(hash, /^\$argon2id\$v=19\$m=8192,t=2,p=4\$[\w+/]{22}\$[\w+/]{43}$/)
  assert.ok(await passwords.verify(PASSWORD, hash))
  const { passwords: ours } = open(t)
  const own = await ours.hash(PASSWORD)
  assert.match(own, /^\$scrypt\$/)
  assert.ok((await passwords.verify(PASSWORD, own)) && (await ours.verify(PASSWORD, own)))
})

test('an email that nobody has costs the same work as a wrong password', async (t) => {
  const real = passwordThread(systemClock, CHEAP)
  const asked: string[] = []
  const verify = (password: string, hash: string) => {
    asked.push(hash.slice(0, hash.lastIndexOf('=')))
    return real.verify(password, hash)
  }
  const { passwords } = open(t, { salt: 'a-salt', thread: { ...real, verify } })
  await passwords.verify('wrong', await passwords.hash(PASSWORD))
  const wrong = asked.splice(0)
  await passwords.verify('wrong', null)
  assert.deepEqual(asked, wrong)
  assert.ok(wrong.length > 0)
})

test('nobody else waits while a password is checked', async (t) => {
  const { passwords } = open(t, { salt: 'a-salt', thread: passwordThread(systemClock, CHEAP) })
  const hash = await passwords.hash(PASSWORD)
  let turns = 0
  let done = false
  const verifying = passwords.verify('wrong', hash).then(() => (done = true))
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve))
    turns++
  }
  await verifying
  assert.ok(turns > 20, `the loop turned ${turns} times meanwhile`)
})
