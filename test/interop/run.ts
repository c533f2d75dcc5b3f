// Installs the foreign programs (unmodified, by name, with retries), then runs the interop tests with them.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { debian, type Installed, olderPython, pythonWith, sourceOf } from './install.ts'
import { hasDynamicSecurity } from './mosquitto.ts'
import { hasRabbit } from './rabbitmq.ts'

const here = import.meta.dirname

const clients = pythonWith(join(here, 'requirements.txt'))
if (clients.venv === undefined) {
  console.error(`The foreign programs of the interop tests could not be installed: ${clients.why}`)
  process.exit(1)
}

/** The real FlexMeasures with what it needs. Where a registry is away its tests are skipped and say so; where one refuses, this run fails. */
function flexMeasures(): Installed {
  const python = olderPython()
  if (python === undefined) return { why: 'there is no Python 3.10 to 3.12, which FlexMeasures needs', reachable: false }
  const postgres = debian(() => existsSync('/usr/lib/postgresql') && readdirSync('/usr/lib/postgresql').length > 0, 'postgresql')
  if (postgres.why) return postgres
  const redis = debian(() => spawnSync('redis-server', ['--version']).status === 0, 'redis-server')
  if (redis.why) return redis
  return pythonWith(join(here, 'requirements-flexmeasures.txt'), python)
}

const words = process.argv.slice(2)
const tests = readdirSync(here)
  .filter((file) => file.endsWith('.test.ts') && (words.length === 0 || words.some((word) => file.includes(word))))
  .map((file) => join(here, file))
const peer = tests.some((file) => file.endsWith('flexmeasures.test.ts')) ? flexMeasures() : { reachable: true }
if (peer.why !== undefined) {
  console.error(`The real FlexMeasures could not be installed: ${peer.why}`)
  if (peer.reachable) process.exit(1)
}
const examples = tests.some((file) => file.endsWith('hems.test.ts'))
  ? sourceOf(join(clients.venv, 'bin', 'python'), join(here, 'requirements.txt'), 'flexmeasures-client')
  : undefined
if (examples === undefined && tests.some((file) => file.endsWith('hems.test.ts'))) {
  console.error('The source of flexmeasures-client, whose example is one of the tests, could not be had from its registry.')
  process.exit(1)
}
if (tests.some((file) => file.endsWith('citrineos.test.ts'))) {
  const broker = debian(hasRabbit, 'rabbitmq-server')
  if (broker.why !== undefined) {
    console.error(`RabbitMQ could not be installed: ${broker.why}`)
    process.exit(1)
  }
}
if (tests.some((file) => /mqtt|mosquitto/.test(file))) {
  const broker = debian(hasDynamicSecurity, 'mosquitto')
  if (broker.why !== undefined) {
    console.error(`Mosquitto could not be installed: ${broker.why}`)
    process.exit(1)
  }
}
const reporter = `--test-reporter=${process.stdout.isTTY ? 'spec' : './scripts/tap-report.js'}`
const env = {
  ...process.env,
  CARIFLEX_PYTHON: join(clients.venv, 'bin', 'python'),
  ...(examples !== undefined && { CARIFLEX_CLIENT_SOURCE: examples }),
  ...(peer.venv !== undefined && { CARIFLEX_FLEXMEASURES: peer.venv }),
  ...(peer.why !== undefined && { CARIFLEX_FLEXMEASURES_WHY: `it could not be installed: ${peer.why.split('\n').at(-1)}` }),
}
const passes = (files: string[], concurrency: number): boolean =>
  files.length === 0 ||
  spawnSync(process.execPath, ['--import', 'tsx', '--test', reporter, `--test-concurrency=${concurrency}`, ...files], {
    stdio: 'inherit',
    env,
  }).status === 0
// Two programs are timed side by side in one file: it has the machine for itself. The others mostly wait, one for each core.
const isTimed = (file: string): boolean => file.endsWith('flexmeasures.test.ts')
const timed = passes(tests.filter(isTimed), 1)
const others = passes(
  tests.filter((file) => !isTimed(file)),
  2,
)
process.exit(timed && others ? 0 : 1)
