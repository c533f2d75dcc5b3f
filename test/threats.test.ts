// The pages on outgoing calls and on threats keep their word: every connection is listed, what is named from outside goes through the guard,
// and every threat has the test that its line names.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { createLog } from '#kernel'

const ROOT = join(import.meta.dirname, '..')
const page = (name: string) => readFileSync(join(ROOT, 'docs', 'explanation', name), 'utf8')
const source = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const walk = (folder: string, ends: RegExp): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path}`)
    .filter((path) => ends.test(path) && !/\.(test|fixture|gen)\.ts$/.test(path))
const rows = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
const files = (text: string) => [...text.matchAll(/`(src\/[^`]+\.ts)`/g)].map(([, path]) => path!)

/** Opens a connection to somebody. Servers and mere types do not. */
const CONNECTS = [
  /^(?![\s\S]*const fetch = )[\s\S]*await fetch\(/,
  /import \{[^}]*\b(request|get|connect)\b[^}]*\} from 'node:(http|https|net|tls)'/,
  /new WebSocket\(/,
  /new pg\.Pool\(/,
  /import (\w+|\{[^}]*\bconnect\b[^}]*\}) from '(amqplib|mqtt)'/,
  /createTransport\(/,
]
const connects = (path: string) => CONNECTS.some((pattern) => pattern.test(source(path)))
const guarded = (path: string) => /\boutward(Of\([\w.]+\))?\.(call|check|pin)\(/.test(source(path))

test('every file that opens connections stands on the page of outgoing calls, with the guard or with its reason', () => {
  const [first = '', second = ''] = page('outgoing-calls.md').split('## Through the guard')[1]!.split('## Named by the operator')
  const [through, without] = [files(first), files(second)]
  const all = walk('src', /\.ts$/)
  assert.deepEqual(all.filter(guarded).sort(), [...new Set(through)].sort(), 'what uses the guard')
  assert.deepEqual(all.filter(connects).sort(), [...new Set(without)].sort())
})

test('every threat of charging has its test', () => {
  const lines = rows(page('charging-threats.md')).filter(([, , , file]) => file?.startsWith('`'))
  assert.ok(lines.length > 20, `${lines.length} lines`)
  for (const [, threat, , file, title] of lines)
    assert.ok(source(file!.slice(1, -1)).includes(`'${title}'`), `${threat}: ${file} has no test '${title}'`)
})

test('what a station calls itself cannot write a line of its own into the log', () => {
  const lines: string[] = []
  const log = createLog('info', (line) => void lines.push(line))
  const vendor = 'Evil\n{"level":"error","msg":"all is lost"}\u2028\r\n\u001b[31m'
  log.warn({ vendor }, 'a station came')
  assert.equal(lines.length, 1)
  for (const end of ['\n', '\r', '\u001b']) assert.ok(!lines[0]!.trimEnd().includes(end), `no ${JSON.stringify(end)} in it`)
  assert.equal(JSON.parse(lines[0]!)['vendor'], vendor)
})

test('no screen writes markup that came from elsewhere: what stations and badges are called is shown as text', () => {
  const screens = walk('web/src', /\.tsx?$/)
  assert.ok(screens.length > 50, `${screens.length} files`)
  const risky = screens.filter((path) =>
    /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/.test(source(path)),
  )
  assert.deepEqual(risky, [])
})
