/** The simulated outside world of the demo: its process, its past and the key of its weather station. */
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Established, Line } from '#ems'
import { type Clock, instant, type Log, MINUTE } from '#kernel'
import type { Server } from '#server'
import { type PastSeries, type RunningWorld, startWorld, worldOf } from '#simulators'
import { defined } from './defined.ts'
import type { Settings } from './settings.ts'
import type { Undo } from './undo.ts'

/** Whether this start will probably need the simulated world: its process is started while the database comes up. */
export const mayBeDemo = ({ territory, demo, data, databaseUrl }: Settings): boolean =>
  territory === undefined &&
  demo &&
  (existsSync(join(data, 'world.json')) || (databaseUrl === undefined && !existsSync(join(data, 'pg-port'))))

export async function simulate(
  settings: Settings,
  { territory }: Established,
  clock: Clock,
  firstStart: boolean,
  undo: Undo,
  log: Log,
  child?: ChildProcess,
): Promise<RunningWorld> {
  const now = Math.floor(clock.now() / (15 * MINUTE)) * 15 * MINUTE
  const spec = worldOf(territory, { seed: settings.seed, ports: settings.simulatedPorts, memory: join(settings.data, 'world.json') })
  const world = await startWorld(firstStart ? { ...spec, history: { from: now - settings.history, until: now, step: 5 * MINUTE } } : spec, {
    pidFile: join(settings.data, 'world.pid'),
    ...(child && { child }),
  })
  let stopping = false
  world.onEnd((code) => stopping || log.error({ code }, 'the simulated world ended by itself; restart to bring it back'))
  undo.add('world', () => {
    stopping = true
    return world.stop()
  })
  return world
}

/** Two weeks before the first start, as the same models lived them. */
export async function recordPast(
  { territory }: Established,
  past: readonly PastSeries[],
  { beliefs }: Line,
  source: Parameters<Line['beliefs']['source']>[0],
): Promise<void> {
  const id = await beliefs.source(source)
  const { irradiance, temperature } = territory.site.roles
  const sensorOf = ({ device, measure }: PastSeries): number | undefined => {
    if (measure === 'irradiance') return irradiance
    if (measure === 'temperature') return temperature
    const known = territory.devices.find((each) => each.id === device)
    return known ? known.sensors[measure] : territory.vehicles?.find((each) => each.id === device)?.soc
  }
  const batches = past.flatMap((series) => {
    const sensor = sensorOf(series)
    if (sensor === undefined) return []
    const known = series.values.flatMap((value, index) =>
      value === null ? [] : [{ at: instant(series.start + index * series.step), value }],
    )
    return [
      {
        sensor,
        source: id,
        starts: known.map(({ at }) => at),
        values: known.map(({ value }) => value),
        beliefTime: 'event-end' as const,
        sign: series.measure === 'power' ? ('consumption-positive' as const) : ('as-stored' as const),
      },
    ]
  })
  await beliefs.record(batches)
}

/** The simulated weather station posts as a user of its own, as any gateway would. */
export async function gatewayToken({ tokens, users }: Server, account: number): Promise<string> {
  const email = 'weather-station@simulation.local'
  const known = await users.credentials(email)
  const id = known?.id ?? (await users.create({ email, username: 'Simulated weather station', account, roles: [] })).id
  await tokens.revokeAll(id)
  return tokens.issue(id, 'program', 'simulated weather station')
}

export const weatherSensors = ({ territory }: Established) =>
  defined({ irradiance: territory.site.roles.irradiance, temperature: territory.site.roles.temperature })
