/** The simulated world in one process: a sky, PV plants and batteries on Modbus TCP, stations and cars on OCPP, a weather station on HTTP. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type Clock, formatInstant, type Instant, instant, MINUTE, Problem, SECOND, say, type Timer, wattHours, watts } from '#kernel'
import { keyFromPem, readCertificates, toDer } from '#protocols/pki'
import { type Battery, battery } from './battery.ts'
import type { CarSpec } from './car.ts'
import { type CarPark, type CarParkMemory, type Guest, openCarPark } from './car-park.ts'
import type { Rhythm } from './car-trips.ts'
import { serveBattery } from './modbus-battery.ts'
import type { ModbusSimulation } from './modbus-line.ts'
import { servePv } from './modbus-pv.ts'
import { past, pastWindow } from './past.ts'
import { pvPlant } from './pv.ts'
import { SAYING } from './saying.ts'
import { type Sky, sky } from './sky.ts'
import type { PastSeries, PlatformAddress, WorldSpec, WorldState } from './world-spec.ts'

export interface World {
  /** Modbus ports by device. */
  ports: Record<string, number>
  past: PastSeries[]
  /** The platform listens: stations connect, the weather station posts. */
  go(platform: PlatformAddress): void
  state(): WorldState
  /** @throws Problem `unknown-vehicle`, `unknown-device`, `station-occupied`, … */
  command(name: string, body: Record<string, unknown>): WorldState
  /** Keeps the state and ends everything. */
  close(): Promise<void>
}

interface Memory {
  /** Wh in each battery. */
  batteries: Record<string, number>
  park?: CarParkMemory
}

const RHYTHMS: readonly Rhythm[] = [
  'commuter',
  'errands',
  'commuter',
  'evening',
  'commuter',
  'errands',
  'commuter',
  'evening',
  'errands',
  'commuter',
]
const SAVE_EVERY = 10 * SECOND

export async function openWorld(spec: WorldSpec, clock: Clock): Promise<World> {
  const start = clock.now()
  const weather = sky({ place: spec.place, seed: spec.seed })
  const remembered = readMemory(spec.memory)
  const cars = spec.vehicles.map((vehicle, index) => carSpec(vehicle, index, spec))
  const nominalOf = (identity: string) => spec.stations.find((station) => station.identity === identity)?.nominalKw ?? 11
  const drivers = cars.map((car) => ({ spec: car, nominalKw: nominalOf(car.home) }))
  const lived = spec.history && past(spec, weather, drivers, pastWindow(spec.history))

  const devices = new Map<string, ModbusSimulation>()
  for (const { id, peakKw, latitude, longitude, port } of spec.pvs) {
    const plant = pvPlant({ id, weather, place: { latitude, longitude }, start, peak: peakKw * 1000 })
    devices.set(id, await servePv(plant, { clock, ...(port !== undefined && { port }), float: devices.size % 2 === 1 }))
  }
  const batteries = new Map<string, Battery>()
  for (const { id, capacityKwh, powerKw, minSocKwh, maxSocKwh, speaks, port } of spec.batteries) {
    const soc = remembered?.batteries[id] ?? lived?.end[id] ?? capacityKwh * 500
    const bounds = { minSoc: minSocKwh / capacityKwh, maxSoc: maxSocKwh / capacityKwh }
    const model = battery({ id, start, capacity: capacityKwh * 1000, power: powerKw * 1000, ...bounds, soc })
    batteries.set(id, model)
    devices.set(id, await serveBattery(model, { speaks, clock, ...(port !== undefined && { port }) }))
  }

  let park: CarPark | undefined
  let frozen: Instant | undefined
  const timers = [clock.every(SAVE_EVERY, save)]
  const worldNow = (): Instant => frozen ?? clock.now()

  function save(): void {
    if (!spec.memory) return
    const kept = park?.memory() ?? remembered?.park
    const memory: Memory = {
      batteries: Object.fromEntries([...batteries].map(([id, model]) => [id, model.at(clock.now()).soc])),
      ...(kept && { park: kept }),
    }
    writeFileSync(`${spec.memory}.new`, JSON.stringify(memory), { mode: 0o600 })
    renameSync(`${spec.memory}.new`, spec.memory)
  }

  const state = (): WorldState => ({
    now: worldNow(),
    cloudCover: Math.round(weather.at(worldNow()).cover * 100) / 100,
    frozen: frozen !== undefined,
    vehicles: park?.vehicles() ?? [],
    devices: [
      ...[...devices.values()].map(({ id, faulty: fault, connected }) => ({ id, fault, connected })),
      ...(park?.stations() ?? []).map(({ identity: id, fault, connected }) => ({ id, fault, connected })),
    ],
    stations: park?.shown() ?? [],
  })

  const parked = (): CarPark => {
    if (park) return park
    throw new Problem('world-not-ready', say(SAYING.notThereYet), {
      status: 503,
      retry: 'later',
      hint: say(SAYING.inAMoment),
    })
  }
  /** A Modbus device, or what the car park does with a station of that name. */
  const onDevice = (
    body: Record<string, unknown>,
    bus: (device: ModbusSimulation) => void,
    station: (park: CarPark, identity: string) => void,
  ) => {
    const id = String(body['device'])
    const device = devices.get(id)
    if (device) bus(device)
    else station(parked(), id)
  }
  const commands: Record<string, (body: Record<string, unknown>) => void> = {
    plug: (body) => parked().plug(String(body['vehicle']), body['station'] === undefined ? undefined : String(body['station'])),
    unplug: (body) => parked().unplug(String(body['vehicle'])),
    cloud: (body) => weather.cloud(Number(body['cover']), Number(body['minutes'] ?? 30), clock.now()),
    fault(body) {
      const on = Boolean(body['on'])
      onDevice(
        body,
        (device) => device.fault(on),
        (there, identity) => there.fault(identity, on),
      )
    },
    disconnect(body) {
      const seconds = Number(body['seconds'])
      onDevice(
        body,
        (device) => device.disconnect(seconds),
        (there, identity) => there.disconnect(identity, seconds),
      )
    },
    station: (body) => parked().add({ phases: 3, version: '2.0.1', ...(body as Partial<Guest> & Pick<Guest, 'identity' | 'nominalKw'>) }),
    remove: (body) => parked().remove(String(body['station'])),
    swipe: (body) => parked().swipe(String(body['station']), String(body['token'])),
    freeze(body) {
      const on = Boolean(body['on'])
      frozen = on ? (frozen ?? clock.now()) : undefined
      for (const device of devices.values()) device.freeze(on)
      park?.freeze(on)
    },
  }

  return {
    ports: Object.fromEntries([...devices].map(([id, { port }]) => [id, port])),
    past: lived?.series ?? [],
    state,
    go(platform) {
      const passwords = new Map(spec.stations.map(({ identity, password }) => [identity, password]))
      park = openCarPark({
        clock,
        url: platform.ocpp,
        password: (identity) => passwords.get(identity),
        cars: cars.map((car) => (car.id === platform.contract?.vehicle ? { ...car, maker: makerOf(platform.contract) } : car)),
        cables: true,
        stations: spec.stations.map(({ identity, nominalKw, version }) => ({
          identity,
          nominal: watts(nominalKw * 1000),
          v2x: nominalKw > 11,
          model: `Island AC${nominalKw}`,
          ...(version === undefined ? {} : { version }),
        })),
        onChange: save,
        soc: (car) => wattHours(lived?.end[car.id] ?? car.target * car.capacity),
        ...(remembered?.park && { memory: remembered.park }),
      })
      timers.push(postWeather(platform, weather, clock, worldNow))
    },
    command(name, body) {
      const run = commands[name]
      if (!run)
        throw new Problem('unknown-command', `The world cannot '${name}'.`, {
          status: 404,
          hint: `It can: ${Object.keys(commands).join(', ')}.`,
        })
      run(body)
      save()
      return state()
    },
    async close() {
      save()
      for (const timer of timers) timer.cancel()
      await Promise.allSettled([...[...devices.values()].map((device) => device.close()), park?.stop()])
    },
  }
}

/** The weather station measures every minute, and posts the mean of a quarter of an hour when it is over. */
function postWeather({ http, token, weather: sensors }: PlatformAddress, weather: Sky, clock: Clock, worldNow: () => Instant): Timer {
  let quarter = Math.floor(clock.now() / (15 * MINUTE))
  let seen: { global: number; temperature: number }[] = []
  const post = async (sensor: number | undefined, unit: string, at: Instant, value: number) => {
    if (sensor === undefined) return
    const body = JSON.stringify({ start: formatInstant(at), duration: 'PT15M', values: [Math.round(value * 10) / 10], unit })
    const headers = { authorization: token, 'content-type': 'application/json' }
    // A platform that is away misses a value, as it would of a real weather station without a memory.
    await fetch(`${http}/api/v3_0/sensors/${sensor}/data`, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) }).catch(
      () => undefined,
    )
  }
  return clock.every(MINUTE, () => {
    const { global, temperature } = weather.at(worldNow())
    seen.push({ global, temperature })
    const current = Math.floor(clock.now() / (15 * MINUTE))
    if (current === quarter) return
    const at = instant(quarter * 15 * MINUTE)
    const mean = (of: (one: (typeof seen)[number]) => number) => seen.reduce((sum, one) => sum + of(one), 0) / seen.length
    void post(
      sensors.irradiance,
      'W/m²',
      at,
      mean((one) => one.global),
    )
    void post(
      sensors.temperature,
      '°C',
      at,
      mean((one) => one.temperature),
    )
    quarter = current
    seen = []
  })
}

/** With what a car asks for its contract. */
function makerOf({ certificate, key }: NonNullable<PlatformAddress['contract']>): NonNullable<CarSpec['maker']> {
  const [leaf, issuer] = readCertificates(certificate)
  return {
    provisioning: {
      certificate: toDer(leaf!.pem).toString('base64'),
      key: keyFromPem(key),
      roots: [{ issuer: issuer!.issuer.commonName, serial: issuer!.serial }],
    },
    isTrusted: () => true,
  }
}

function carSpec(vehicle: WorldSpec['vehicles'][number], index: number, { zone, seed }: WorldSpec): CarSpec {
  return {
    id: vehicle.id,
    token: { idToken: vehicle.token, type: 'eMAID' },
    home: vehicle.home,
    seed: seed + index,
    rhythm: RHYTHMS[index % RHYTHMS.length]!,
    zone,
    capacity: wattHours(vehicle.capacityKwh * 1000),
    onboard: watts(11_040),
    discharge: watts(vehicle.v2g ? 11_040 : 0),
    target: vehicle.targetPercent / 100,
    reserve: vehicle.floorPercent / 100,
  }
}

function readMemory(file: string | undefined): Memory | undefined {
  if (!file) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Memory
  } catch {
    // First start, or a file torn by hand: the world begins anew.
    return undefined
  }
}
