/** Cars that are known: how large their battery is, where its state of charge is kept, what their drivers usually want. */
import type { WattHours } from '#kernel'
import { wattHours } from '#kernel'
import type { Queryable } from '#store'

export interface Vehicle {
  /** Numeric asset id. */
  asset: number
  /** 'V2G001' */
  device: string
  /** Sensor of its state of charge, kWh, instantaneous. */
  socSensor?: number
  capacity: WattHours
  /** Never discharged below this. */
  floor: WattHours
  /** Wanted when it leaves; absent = a share of the capacity by configuration. */
  target?: WattHours
  /** Local time 'HH:MM' at which it usually leaves. */
  readyBy?: string
  /** May give energy back where the station declares it too. */
  v2g: boolean
}

/** Keeps a car; the same asset again replaces what was said of it. */
export async function registerVehicle(store: Queryable, car: Vehicle): Promise<void> {
  await store.query(
    `insert into cariflex.vehicle (asset, device, soc_sensor, capacity_wh, floor_wh, target_wh, ready_by, v2g) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (asset) do update set device = excluded.device, soc_sensor = excluded.soc_sensor, capacity_wh = excluded.capacity_wh,
       floor_wh = excluded.floor_wh, target_wh = excluded.target_wh, ready_by = excluded.ready_by, v2g = excluded.v2g`,
    [car.asset, car.device, car.socSensor ?? null, car.capacity, car.floor, car.target ?? null, car.readyBy ?? null, car.v2g],
  )
}

export async function vehicleOf(store: Queryable, asset: number): Promise<Vehicle | undefined> {
  const row = await store.first<{
    asset: number
    device: string
    soc_sensor: number | null
    capacity_wh: number
    floor_wh: number
    target_wh: number | null
    ready_by: string | null
    v2g: boolean
  }>('select * from cariflex.vehicle where asset = $1', [asset])
  if (!row) return undefined
  return {
    asset: row.asset,
    device: row.device,
    capacity: wattHours(row.capacity_wh),
    floor: wattHours(row.floor_wh),
    v2g: row.v2g,
    ...(row.soc_sensor === null ? {} : { socSensor: row.soc_sensor }),
    ...(row.target_wh === null ? {} : { target: wattHours(row.target_wh) }),
    ...(row.ready_by === null ? {} : { readyBy: row.ready_by }),
  }
}
