import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const BUILT = fileURLToPath(new URL('../../dist/web/', import.meta.url))
interface Chunk {
  file: string
  css?: string[]
  imports?: string[]
}
const skip = existsSync(join(BUILT, 'index.html')) ? false : 'dist/web is not built: npm run web'
const size = (file: string) => gzipSync(readFileSync(join(BUILT, file))).length

/** Files that a browser fetches for a page: the shell, the page, and all they import at once. */
function filesFor(page: string): Set<string> {
  const chunks = JSON.parse(readFileSync(join(BUILT, '.vite/manifest.json'), 'utf8')) as Record<string, Chunk>
  const files = new Set(['index.html'])
  const take = (key: string) => {
    const chunk = chunks[key]
    assert.ok(chunk, `the build has no ${key}`)
    if (files.has(chunk.file)) return
    files.add(chunk.file)
    for (const sheet of chunk.css ?? []) files.add(sheet)
    for (const other of chunk.imports ?? []) take(other)
  }
  take('index.html')
  take(page)
  return files
}

const OF_ASSETS = [
  'assets',
  'asset/asset',
  'asset/now',
  'asset/context',
  'asset/graphs',
  'asset/properties',
  'asset/status',
  'sensor/sensor',
]
const OF_WORK = ['automations', 'reports', 'alarms', 'forecasts', 'jobs', 'retention', 'mails', 'webhooks']
const OF_CHARGING = ['stations', 'station/station', 'badges', 'contracts', 'citrineos/citrineos', 'tariff/tariffs', 'driver/driver']
for (const page of ['overview', ...OF_ASSETS, ...OF_WORK, ...OF_CHARGING, 'plan', 'world', 'sign-in'])
  test(`the first load of the ${page} page stays under 150 kB gzip, the map library apart`, { skip }, () => {
    const files = [...filesFor(`src/pages/${page}.tsx`)]
    const total = files.reduce((sum, file) => sum + size(file), 0)
    assert.ok(!files.some((file) => file.includes('island-map')), 'the map library is fetched before the page that shows it asks')
    assert.ok(total < 150_000, `${page}: ${(total / 1000).toFixed(1)} kB`)
    assert.ok(total > 10_000, `${page}: ${total} bytes is no page`)
  })

test('nothing is fetched from elsewhere and nothing runs inline', { skip }, () => {
  const index = readFileSync(join(BUILT, 'index.html'), 'utf8')
  assert.doesNotMatch(index, /https?:\/\//)
  assert.doesNotMatch(index, /<script(?![^>]*\bsrc=)/)
  assert.doesNotMatch(index, /<style|\sstyle=|\son\w+=/)
  for (const file of readdirSync(join(BUILT, 'assets'))) {
    if (!/\.(js|css)$/.test(file)) continue
    const text = readFileSync(join(BUILT, 'assets', file), 'utf8')
    assert.doesNotMatch(text, /\beval\(|new Function\(/, `${file} needs a loose policy`)
    if (file.endsWith('.css')) assert.doesNotMatch(text, /@font-face|url\(https?:/, `${file} fetches from elsewhere`)
  }
})
