import assert from 'node:assert/strict'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { mayReach, serverAccount } from './account.ts'
import { usableNative } from './native.ts'

const root = process.getuid?.() === 0 ? false : 'needs to run as root'
const NOBODY = { uid: 65_534, gid: 65_534 }

function folderOf(t: TestContext, mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-native-'))
  chmodSync(folder, mode)
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  return folder
}

test('a folder is reachable only when every folder above lets the account through', { skip: root }, (t) => {
  const open = folderOf(t, 0o711)
  const closed = folderOf(t, 0o700)
  assert.ok(mayReach(join(open, 'not', 'yet', 'made'), NOBODY))
  assert.ok(!mayReach(join(closed, 'pg'), NOBODY))
  assert.ok(mayReach(join(closed, 'pg'), {}))
})

test('root gives the server to postgres, and to nobody where there is no postgres', { skip: root }, (t) => {
  const passwd = join(folderOf(t, 0o755), 'passwd')
  const nobody = 'root:x:0:0::/root:/bin/sh\nnobody:x:99:98::/:/bin/false\n'
  writeFileSync(passwd, nobody)
  assert.deepEqual(serverAccount(passwd), { uid: 99, gid: 98 })
  writeFileSync(passwd, `${nobody}postgres:x:70:71::/:/bin/sh\n`)
  assert.deepEqual(serverAccount(passwd), { uid: 70, gid: 71 })
  assert.deepEqual(serverAccount('/no/such/file'), NOBODY)
})

test('programs in a folder that the account cannot enter are copied to one that it can, once', { skip: root }, async (t) => {
  const closed = folderOf(t, 0o700)
  const shelter = folderOf(t, 0o711)
  const native = await usableNative({}, shelter)
  assert.ok(native.includes('node_modules'), 'reachable programs are used where they are')
  const hidden = { folder: join(closed, 'native'), version: 'test' }
  mkdirSync(hidden.folder)
  cpSync(native, hidden.folder, { recursive: true })
  // As npm 11 leaves it: without the links between library names.
  rmSync(join(hidden.folder, 'lib', 'libpq.so.5'))
  const copy = await usableNative(NOBODY, shelter, hidden)
  assert.ok(copy.startsWith(shelter))
  assert.ok(existsSync(join(copy, 'lib', 'libpq.so.5')))
  const made = statSync(copy).ctimeMs
  assert.equal(await usableNative(NOBODY, shelter, hidden), copy)
  assert.equal(statSync(copy).ctimeMs, made)
})

test('programs that do not run are said so, with the way out', async (t) => {
  const broken = folderOf(t, 0o711)
  mkdirSync(join(broken, 'bin'))
  writeFileSync(join(broken, 'bin', 'postgres'), '#!/bin/sh\necho no such library >&2; exit 127\n', { mode: 0o755 })
  await assert.rejects(usableNative({}, folderOf(t, 0o711), { folder: broken, version: 'test' }), {
    code: 'embedded-postgresql-unusable',
    hint: /DATABASE_URL/,
  })
})
