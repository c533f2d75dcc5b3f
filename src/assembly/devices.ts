/** The devices of the territory: who is known to the charging room, and who answers on Modbus. */
import type { Charging } from '#charging'
import { type EverestDevice, everestDevice, loadTemplate, type ModbusDevice, modbusDevice, templatePath } from '#devices'
import type { Established, Line } from '#ems'
import { Problem, wattHours, watts } from '#kernel'
import type { RunningWorld } from '#simulators'
import { defined } from './defined.ts'

export async function register({ territory, assets }: Established, charging: Charging): Promise<void> {
  for (const { id, asset, bus, nominalKw, phases, password, sensors } of territory.devices)
    if (bus === 'ocpp' && sensors.power !== undefined)
      await charging.registerStation({
        identity: id,
        asset: assets[asset]!,
        powerSensor: sensors.power,
        nominalW: nominalKw * 1000,
        ...(phases !== undefined && { phases }),
        ...(password !== undefined && { password }),
      })
  for (const { id, asset, token, capacityKwh, floorPercent = 20, targetPercent = 80, readyBy, v2g = false, soc } of territory.vehicles ??
    []) {
    const capacity = capacityKwh * 1000
    await charging.registerVehicle({
      asset: assets[asset]!,
      device: id,
      socSensor: soc,
      capacity: wattHours(capacity),
      floor: wattHours((capacity * floorPercent) / 100),
      target: wattHours((capacity * targetPercent) / 100),
      v2g,
      ...(readyBy !== undefined && { readyBy }),
    })
    await charging.registerToken({ token, vehicle: assets[asset]! })
  }
}

type DeviceParts = Pick<Line, 'clock' | 'log' | 'bus'> & { conversation: Parameters<typeof modbusDevice>[0]['conversation'] }

export function modbusDevices(
  { territory, assets }: Established,
  world: RunningWorld | undefined,
  { clock, log, bus, conversation }: DeviceParts,
): ModbusDevice[] {
  return territory.devices
    .filter((device) => device.bus === 'modbus')
    .map(({ id, asset, kind, template, host, port, unit, nominalKw, capacityKwh, minSocKwh, maxSocKwh, sensors }) => {
      const at = world ? { host: '127.0.0.1', port: world.ports[id]! } : { host, port }
      if (template === undefined || at.host === undefined)
        throw new Problem('config-device', `Device ${id} is on Modbus but has no ${template === undefined ? 'template' : 'host'}.`, {
          status: 422,
          hint: 'Add it to the device in cariflex.yaml.',
        })
      const wh = (kwh: number | undefined) => (kwh === undefined ? undefined : kwh * 1000)
      const nominal = {
        power: watts(nominalKw * 1000),
        ...defined({ capacity: wh(capacityKwh), minSoc: wh(minSocKwh), maxSoc: wh(maxSocKwh) }),
      }
      return modbusDevice({
        id,
        asset: assets[asset]!,
        kind,
        template: loadTemplate(templatePath(template)),
        host: at.host,
        sensors: sensors as Record<string, number>,
        nominal,
        clock,
        log,
        onChange: (what) => bus.tell({ kind: 'device', device: id, asset: assets[asset]!, what }),
        ...defined({ port: at.port, unit, conversation }),
      })
    })
}

export const everestDevices = (
  { territory, assets }: Established,
  { clock, log, bus, conversation }: DeviceParts,
): Promise<EverestDevice[]> =>
  Promise.all(
    territory.devices
      .filter((device) => device.bus === 'everest')
      .map(({ id, asset, everest, nominalKw, sensors }) => {
        if (!everest)
          throw new Problem('config-device', `Device ${id} is on EVerest but nothing says where.`, {
            status: 422,
            hint: 'Add everest: {broker, node, manager} to the device in cariflex.yaml.',
          })
        const { dischargeKw = 0, ...where } = everest
        return everestDevice({
          ...{ id, asset: assets[asset]!, ...where, sensors: sensors as Record<string, number>, clock, log },
          ...{ nominal: watts(nominalKw * 1000), discharge: watts(dischargeKw * 1000) },
          onChange: (what) => bus.tell({ kind: 'device', device: id, asset: assets[asset]!, what }),
          ...defined({ conversation }),
        })
      }),
  )

/** Which car stands at which charger, both ways. */
export function cables(charging: Charging): ReadonlyMap<string, string> {
  const pairs = charging.stations().flatMap((station) =>
    station.evses.flatMap(({ transaction }) => {
      const [charger, car] = [station.device, transaction?.vehicle]
      return charger && car ? [[charger, car] as const, [car, charger] as const] : []
    }),
  )
  return new Map(pairs)
}
