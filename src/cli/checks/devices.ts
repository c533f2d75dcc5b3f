/** Checks of the devices: through the running platform when there is one, else by knocking at their Modbus addresses. */
import { connect } from 'node:net'
import { loadTemplate, templatePath } from '#devices'
import { describeError, isProblem, type Territory } from '#kernel'
import { type Finding, fail, ok, warn } from '../finding.ts'
import type { Instance } from '../instance.ts'

interface AssetRow {
  device: string | null
  name: string
  live: { freshness: string; why: string | null }
}
interface StationRow {
  identity: string
  online: boolean
}

/** What the platform says of its devices and stations. */
export async function checkLiveDevices(instance: Instance): Promise<Finding[]> {
  const [assets, stations] = await Promise.all([
    instance.get<{ data: AssetRow[] }>('/api/cariflex/v1/assets'),
    instance.get<{ data: StationRow[] }>('/api/cariflex/v1/stations'),
  ])
  const offline = new Set(stations.data.filter(({ online }) => !online).map(({ identity }) => identity))
  const known = new Set(stations.data.map(({ identity }) => identity))
  const devices = assets.data.filter(({ device }) => device !== null && !known.has(device))
  const silent = devices.filter(({ live }) => live.freshness === 'silent')
  const findings = [
    ...silent.map(({ device, name, live }) =>
      warn(
        `${device}`,
        `${name} has been silent for five minutes${live.why ? `: ${live.why}` : '.'}`,
        'Look at its power supply, its network and its address.',
      ),
    ),
    ...[...offline].map((identity) => warn(identity, 'The station is not connected.', 'See docs/how-to/connect-a-station.md.')),
  ]
  const heard = devices.length - silent.length + (known.size - offline.size)
  return [ok('Devices', `${heard} of ${devices.length + known.size} are heard`), ...findings]
}

/** Knocks at the address of each Modbus device; stations call us, so there is nothing to knock at. */
export async function checkAddresses({ devices }: Territory, patience = 2000): Promise<Finding[]> {
  const modbus = devices.filter(({ bus }) => bus === 'modbus')
  if (modbus.length === 0)
    return [ok('Devices', devices.length === 0 ? 'none configured' : `${devices.length} stations will connect by themselves`)]
  return Promise.all(
    modbus.map(async ({ id, host, port, template }) => {
      if (host === undefined || template === undefined)
        return fail(id, `It is on Modbus but has no ${host === undefined ? 'host' : 'template'}.`, 'Add it to the device in cariflex.yaml.')
      let at = port
      try {
        at ??= loadTemplate(templatePath(template)).bus?.port ?? 502
      } catch (error) {
        if (!isProblem(error)) throw error
        return fail(id, error.message, error.hint ?? `Run 'cariflex check template ${template}'.`)
      }
      const trouble = await knock(host, at, patience)
      const look = `cariflex check template ${template} --live ${host}:${at}`
      return trouble === undefined
        ? ok(id, `${host}:${at} answers; '${look}' reads it`)
        : warn(
            id,
            `${host}:${at} cannot be reached: ${trouble}.`,
            'Look at its network, its address, and whether Modbus TCP is switched on.',
          )
    }),
  )
}

const knock = (host: string, port: number, patience: number): Promise<string | undefined> =>
  new Promise((done) => {
    const socket = connect({ host, port })
    const end = (trouble?: string) => {
      socket.destroy()
      done(trouble)
    }
    socket.setTimeout(patience, () => end(`no answer within ${patience / 1000} s`))
    socket.once('connect', () => end())
    socket.once('error', (error) => end(describeError(error)))
  })
