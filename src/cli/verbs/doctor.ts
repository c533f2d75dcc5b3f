import { devNull } from 'node:os'
import { findTerritory } from '#ems'
import { type Config, loadConfig } from '#kernel'
import { migrationState } from '#store'
import { checkDatabase, checkDatabaseClock, checkMigrations } from '../checks/database.ts'
import { checkAddresses, checkLiveDevices } from '../checks/devices.ts'
import { checkClock, checkFolder, checkNode, checkPort, checkWeb } from '../checks/machine.ts'
import { CONFIG_OPTIONS, CONFIG_WORDS, configOf } from '../configured.ts'
import { hasDatabase, type OpenDatabase, openDatabase, runningUrl } from '../database.ts'
import { type Finding, findingsOf, ok } from '../finding.ts'
import { connectInstance, type Instance } from '../instance.ts'
import { clock } from '../settings.ts'
import { table } from '../terminal.ts'
import { EXIT, type Invocation, type Verb } from '../verb.ts'

export const doctor: Verb = {
  name: 'doctor',
  summary:
    'Checks machine, configuration, database and devices, and says what to do. Nothing is started and nothing is changed; with --start the embedded database is started for the look.',
  usage: '[--start] [--config FILE] [--data FOLDER] [--json]',
  example: 'cariflex doctor',
  options: { start: { type: 'boolean' }, ...CONFIG_OPTIONS },
  explain: { start: 'start the embedded database for the look, when no platform is running', ...CONFIG_WORDS },
  async run(invocation) {
    const findings = await examine(invocation)
    const failed = findings.some(({ level }) => level === 'fail')
    invocation.show({ ok: !failed, findings }, () =>
      table(
        findings.flatMap(({ check, level, text, hint }) => [[level, check, text], ...(hint === undefined ? [] : [['', '', `-> ${hint}`]])]),
      ),
    )
    return failed ? EXIT.failed : EXIT.ok
  },
}

async function examine({ options, env }: Invocation): Promise<Finding[]> {
  const findings: Finding[] = [checkNode(process.versions.node), checkClock(clock, Intl.DateTimeFormat().resolvedOptions().timeZone)]
  let config: Config | undefined
  findings.push(
    ...(await findingsOf('Configuration', () => {
      const loaded = configOf({ options, env })
      config = loaded.config
      return ok('Configuration', loaded.file ?? 'no file: defaults, and the demo island in an empty database')
    })),
  )
  // A broken configuration is told once; the machine is looked at all the same.
  const settings = config ?? loadConfig({ file: devNull }).config
  // This machine is examined, whatever CARIFLEX_URL says.
  const { CARIFLEX_URL: _, ...local } = env
  const instance = connectInstance(local, { config: settings })
  const ours = () =>
    instance.get('/api/cariflex/v1/session').then(
      () => true,
      () => false,
    )
  findings.push(
    ...(await findingsOf('Data folder', () => checkFolder(settings.database.folder))),
    ...(await findingsOf('Port', () => checkPort(settings, clock, ours))),
    checkWeb(),
  )
  if (config) findings.push(...(await findingsOf('Database', () => examineDatabase(settings, options['start'] === true, instance, ours))))
  return findings
}

async function examineDatabase(config: Config, start: boolean, instance: Instance, ours: () => Promise<boolean>): Promise<Finding[]> {
  const { url, folder } = config.database
  const running = url === undefined && runningUrl(folder, clock) !== undefined
  if (url === undefined && !running && !start) {
    const text = hasDatabase(folder) ? 'embedded, not running; --start looks into it' : 'embedded, will be made by the first start'
    return [ok('Database', text), ...(config.territory ? await checkAddresses(config.territory) : [])]
  }
  let database: OpenDatabase | undefined
  try {
    database = await openDatabase(config, { clock, create: start })
    const { store } = database
    const findings = [await checkDatabase(database), await checkMigrations(store), await checkDatabaseClock(store, clock)]
    if (running || (await ours())) return [...findings, ...(await findingsOf('Devices', () => checkLiveDevices(instance)))]
    const made = (await migrationState(store)).pending.length === 0
    const established = made ? await findTerritory(store) : undefined
    if (established?.demo) return [...findings, ok('Devices', 'simulated: they start with the platform')]
    const territory = config.territory ?? established?.territory
    return [...findings, ...(territory ? await checkAddresses(territory) : [])]
  } finally {
    await database?.close()
  }
}
