/** Opens what steers a territory: the line of the ems, the stations, the devices. */
import { type OpenPort, openCharging } from '#charging'
import { deviceRegistry, type Established, openConversationLog, openLine, siteOf } from '#ems'
import { signalLimits } from '#grid'
import type { RunningWorld } from '#simulators'
import { cables, everestDevices, modbusDevices, register } from './devices.ts'
import type { House, Steered } from './house.ts'
import { startTariff } from './tariff.ts'
import { secretsOf } from './territory.ts'
import type { Undo } from './undo.ts'
import { recordPast } from './world.ts'

/** Whom the readings of this territory come from. */
const readingSource = ({ demo }: Established, platformName: string) =>
  demo ? { name: 'Simulation', type: 'simulation' } : { name: platformName, type: 'gateway' }

/** `stations`, the stop of the charging room, is for after the port is open: stations hang on it, it closes only when they have gone. */
export async function openSteered(
  house: House,
  established: Established,
  world: RunningWorld | undefined,
  undo: Undo,
): Promise<{ steered: Steered; closeStations: () => unknown; openSecurePort(url: string): Promise<OpenPort | undefined> }> {
  const { settings, store, clock, log, bus, sensors, beliefs } = house
  const site = siteOf(established, { author: settings.platformName, demandResponseLevels: settings.demandResponseLevels })
  const devices = deviceRegistry()
  const source = readingSource(established, settings.platformName)
  const limitSources = [signalLimits(beliefs, site)]
  const period = settings.heartbeat
  const line = openLine({ site, store, clock, bus, log, devices, period, beliefs, sensors, limitSources, readingSource: source })
  const conversation = openConversationLog({ store, clock, bus, log })
  undo.add('conversation', () => conversation.close())
  const config = { zone: site.zone, ...settings.charging }
  const { webhooks, outward } = house
  const secrets = await secretsOf(store, settings, clock)
  const parts = { store, clock, log, bus, beliefs, devices, conversation, webhooks, outward, source, config, secrets }
  const publicUrl = () => settings.server.publicUrl
  const charging = await openCharging({ ...parts, alarms: line.alarms, site: site.asset, publicUrl })
  // What drivers want binds their chargers.
  limitSources.push(charging.wishes.limits)
  await register(established, charging)
  const deviceParts = { clock, log, conversation, bus }
  for (const device of [...modbusDevices(established, world, deviceParts), ...(await everestDevices(established, deviceParts))]) {
    devices.add(device)
    undo.add(device.id, () => device.close())
  }
  if (house.firstStart && world) await recordPast(established, world.past, line, source)
  undo.add('tariff', await startTariff(established, line, house.firstStart ? settings.history : 0))
  const online = (device: string) => charging.stations().some((station) => station.device === device && station.online)
  const steered = { established, site, line, charging, conversation, plugged: () => cables(charging), online, ...(world && { world }) }
  return {
    steered,
    closeStations: () => charging.close(),
    openSecurePort: (url) => charging.openSecurePort(() => `${url.replace(/^http/, 'ws')}/ocpp`),
  }
}
