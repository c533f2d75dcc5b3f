// The house rules: which room may enter which, no cycles, no dumping grounds, nothing of this machine.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import test from 'node:test'

const PLATFORM = ['kernel', 'store', 'protocols', 'ems']
const MAY_ENTER: Record<string, string[]> = {
  kernel: [],
  store: ['kernel'],
  protocols: ['kernel'],
  // The French twins of what is said, which letters need as well as screens.
  ems: ['kernel', 'store', 'french'],
  devices: PLATFORM,
  charging: PLATFORM,
  grid: PLATFORM,
  market: PLATFORM,
  community: PLATFORM,
  roaming: [...PLATFORM, 'charging'],
  simulators: ['kernel', 'protocols'],
  server: [...PLATFORM, 'devices', 'charging', 'grid', 'market', 'community', 'roaming'],
  cli: [...PLATFORM, 'devices', 'charging', 'grid', 'market', 'community', 'roaming', 'server', 'simulators', 'main.ts'],
  assembly: [...PLATFORM, 'devices', 'charging', 'grid', 'market', 'community', 'roaming', 'server', 'simulators'],
  'main.ts': [...PLATFORM, 'devices', 'charging', 'grid', 'market', 'community', 'roaming', 'server', 'simulators', 'assembly'],
}
const BANNED = /(^|[/.-])(utils?|helpers?|common|misc|shared|manager|base|impl|types|constants)\.ts$/

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
const source = new Map(files.map((file) => [file, readFileSync(join('src', file), 'utf8')]))
const imports = (file: string): string[] => {
  const text = source.get(file) ?? ''
  const fixed = [...text.matchAll(/^(?:import|export)\s(?:type\s)?[^'"]*?from '([^']+)'/gm)].map((hit) => hit[1]!)
  const late = [...text.matchAll(/\bimport\('([^']+)'\)/g)].map((hit) => hit[1]!)
  return [...fixed, ...late]
}
const room = (file: string): string => file.split('/')[0]!

test('every room enters only the rooms below it, and only by the front door', () => {
  for (const file of files)
    for (const target of imports(file)) {
      if (target.startsWith('#')) {
        assert.ok(MAY_ENTER[room(file)]?.includes(target.slice(1).split('/')[0]!), `${file} may not import ${target}`)
        const depth = target.split('/').length
        assert.equal(depth, target.startsWith('#protocols/') ? 2 : 1, `${file} reaches past the door ${target}`)
      } else if (target.startsWith('.')) {
        const at = normalize(join(dirname(file), target))
        if (room(file) === 'cli' && at === 'main.ts') continue
        assert.equal(room(at), room(file), `${file} reaches into ${at}; use #${room(at)}`)
        if (room(file) === 'protocols') assert.equal(at.split('/')[1], file.split('/')[1], `${file} borrows from another protocol`)
      }
    }
})

test('no import cycle, types included', () => {
  const within = (file: string) => imports(file).filter((target) => target.startsWith('.'))
  const edges = new Map(files.map((file) => [file, within(file).map((target) => normalize(join(dirname(file), target)))]))
  const done = new Set<string>()
  const walk = (file: string, path: string[]): void => {
    assert.ok(!path.includes(file), [...path, file].join(' -> '))
    if (done.has(file)) return
    for (const next of edges.get(file) ?? []) walk(next, [...path, file])
    done.add(file)
  }
  for (const file of files) walk(file, [])
})

test('no dumping grounds', () => {
  for (const file of files) assert.doesNotMatch(file, BANNED, `name ${file} after the thing it holds`)
})

test('every imported package is a dependency with a reason in the docs', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> }
  const reasons = readFileSync('docs/explanation/dependencies.md', 'utf8')
  for (const file of files)
    for (const target of imports(file)) {
      if (/^[#.]|^node:/.test(target)) continue
      const name = target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/')
      assert.ok(manifest.dependencies[name], `${file} imports ${name}, which is not a runtime dependency`)
    }
  for (const name of Object.keys(manifest.dependencies))
    assert.ok(reasons.includes(`\`${name}\``), `docs/explanation/dependencies.md says nothing of ${name}`)
})

test('only the kernel reads the machine clock', () => {
  for (const [file, text] of source) {
    if (room(file) === 'kernel' || file === 'main.ts') continue
    assert.doesNotMatch(text, /\bDate\.now\(|\bnew Date\(\)/, `${file} must take a Clock`)
  }
})
