/** A battery on Modbus TCP, as a SunSpec storage inverter (models 1, 103, 120, 124, 802) or with a plain register map of a small maker. */
import { encodeValue, ModbusException, sunSpecImage, sunSpecUnit, type Unit } from '#protocols/modbus'
import type { Battery, BatteryState } from './battery.ts'
import { type LineOptions, type ModbusSimulation, openLine } from './modbus-line.ts'

const GRID_VOLTS = 230

/** Starts a battery on a port of its own, speaking SunSpec or the plain map. */
export async function serveBattery(
  battery: Battery,
  { speaks, ...line }: LineOptions & { speaks: 'sunspec' | 'plain' },
): Promise<ModbusSimulation> {
  const { clock } = line
  let faulty = false
  let frozen = false
  const now = () => battery.at(clock.now())
  const order = (power: number, watchdog: number) => {
    if (!battery.order(power, watchdog, clock.now())) throw new ModbusException(4)
  }
  const opened = await openLine((speaks === 'sunspec' ? sunSpecBattery : plainBattery)(battery, now, order), line)
  return {
    id: battery.id,
    kind: 'battery',
    port: opened.port,
    get connected() {
      return opened.connected
    },
    get faulty() {
      return faulty
    },
    get frozen() {
      return frozen
    },
    state() {
      const { power, soc } = now()
      return { power, soc }
    },
    fault(on) {
      now()
      faulty = on
      battery.fault(on)
    },
    disconnect: opened.disconnect,
    freeze(on) {
      now()
      frozen = on
      battery.freeze(on)
    },
    close: opened.close,
  }
}

const CHARGE_STATE: Record<BatteryState['mode'], number> = {
  off: 1,
  empty: 2,
  discharging: 3,
  charging: 4,
  full: 5,
  standby: 6,
  fault: 1,
}

function sunSpecBattery(battery: Battery, now: () => BatteryState, order: (power: number, watchdog: number) => void): Unit {
  const { id, capacity, maxPower, minSoc, maxSoc } = battery
  const image = sunSpecImage([
    { id: 1 },
    { id: 103, scales: { A_SF: -1, V_SF: -1, W_SF: 1, Hz_SF: -2, WH_SF: 0, Tmp_SF: -1 } },
    {
      id: 120,
      scales: { WRtg_SF: 1, VARtg_SF: 1, VArRtg_SF: 0, ARtg_SF: 0, PFRtg_SF: -2, WHRtg_SF: 2, MaxChaRte_SF: 1, MaxDisChaRte_SF: 1 },
    },
    { id: 124, scales: { WChaMax_SF: 1, WChaDisChaGra_SF: 0, ChaState_SF: -1, InOutWRte_SF: -2 } },
    {
      id: 802,
      scales: { AHRtg_SF: 0, WHRtg_SF: 2, WChaDisChaMax_SF: 1, SoC_SF: -2, V_SF: -1, CellV_SF: -3, A_SF: -1, AMax_SF: -1, W_SF: 1 },
    },
  ])
  const set = (model: number, values: Record<string, number | string>) => {
    for (const [name, value] of Object.entries(values)) image.set(model, name, value)
  }
  set(1, { Mn: 'Cariflex simulation', Md: 'Storage inverter', Vr: '1.0', SN: id, DA: 1 })
  set(120, {
    DERTyp: 82,
    WRtg: maxPower,
    VARtg: maxPower,
    ARtg: maxPower / GRID_VOLTS / 3,
    WHRtg: capacity,
    MaxChaRte: maxPower,
    MaxDisChaRte: maxPower,
  })
  set(124, {
    WChaMax: maxPower,
    WChaGra: 80,
    WDisChaGra: 80,
    StorCtl_Mod: 0,
    OutWRte: 100,
    InWRte: 100,
    InOutWRte_RvrtTms: 0,
    ChaGriSet: 1,
  })
  set(802, {
    WHRtg: capacity,
    AHRtg: capacity / 400,
    WChaRteMax: maxPower,
    WDisChaRteMax: maxPower,
    SoCMin: minSoc * 100,
    SoCMax: maxSoc * 100,
    LocRemCtl: 0,
    CtrlHb: 0,
    AlmRst: 0,
    Typ: 4,
    SetOp: 1,
    SetInvState: 3,
    Evt1: 0,
    Evt2: 0,
    V: 400,
  })

  return sunSpecUnit(image, {
    refresh() {
      const state = now()
      const percent = (100 * state.soc) / capacity
      set(103, {
        A: Math.abs(state.power) / GRID_VOLTS,
        PhVphA: GRID_VOLTS,
        PhVphB: GRID_VOLTS,
        PhVphC: GRID_VOLTS,
        W: 0 - state.power,
        Hz: 50,
        TmpCab: state.temperature,
        St: state.fault ? 7 : 4,
        Evt1: state.fault ? 1 << 4 : 0,
        Evt2: 0,
      })
      set(124, { ChaState: percent, ChaSt: CHARGE_STATE[state.mode] })
      set(802, {
        SoC: percent,
        DoD: 100 - percent,
        ChaSt: CHARGE_STATE[state.mode],
        // 65535 would say "not implemented".
        Hb: state.heartbeat % 0xffff,
        State: state.fault ? 99 : Math.abs(state.power) > 1 ? 3 : 4,
        Evt1: state.fault ? 1 << 25 : 0,
        W: 0 - state.power,
        A: (0 - state.power) / 400,
      })
      // The rates were not told again in time: control has ended.
      if (image.get(124, 'InOutWRte_RvrtTms') !== 0 && battery.ordered().left === 0) image.set(124, 'StorCtl_Mod', 0)
    },
    written(points) {
      if (!points.some((point) => point.startsWith('124.'))) return
      const point = (name: string) => Number(image.get(124, name) ?? 0)
      const [into, out, mode] = [point('InWRte'), point('OutWRte'), point('StorCtl_Mod')]
      if (Math.abs(into) > 100 || Math.abs(out) > 100) throw new ModbusException(3)
      // It has no wish of its own: of what the rates in force allow, it takes what is nearest to 0 W.
      const most = mode & 1 ? (into / 100) * maxPower : maxPower
      const least = mode & 2 ? (-out / 100) * maxPower : -maxPower
      order(mode === 0 ? 0 : Math.min(most, Math.max(least, 0)), point('InOutWRte_RvrtTms'))
    },
  })
}

/** Addresses of the plain map; the template battery/plain-battery describes the same from the other side. */
const MAP = {
  power: 10,
  soc: 12,
  state: 13,
  temperature: 14,
  heartbeat: 15,
  capacity: 16,
  charge: 18,
  discharge: 20,
  minSoc: 22,
  maxSoc: 23,
}
const CONTROL = { setpoint: 40, watchdog: 42, mode: 43, left: 44 }
const SIZE = 48
const PLAIN_STATE: Record<BatteryState['mode'], number> = { off: 0, standby: 1, full: 1, empty: 1, charging: 2, discharging: 3, fault: 4 }

function plainBattery(battery: Battery, now: () => BatteryState, order: (power: number, watchdog: number) => void): Unit {
  const { id, capacity, maxPower, minSoc, maxSoc } = battery
  const words = new Uint16Array(SIZE)
  const put = (address: number, kind: 'u16' | 'i16' | 'u32' | 'i32', value: number) => words.set(encodeValue(kind, value), address)
  words.set([0x4246, 1])
  words.set(encodeValue('string', id, 'big', 8), 2)
  put(MAP.capacity, 'u32', capacity)
  put(MAP.charge, 'u32', maxPower)
  put(MAP.discharge, 'u32', maxPower)
  put(MAP.minSoc, 'u16', minSoc * 1000)
  put(MAP.maxSoc, 'u16', maxSoc * 1000)

  function refresh(): void {
    const { power, soc, mode, temperature, heartbeat } = now()
    put(MAP.power, 'i32', 0 - power)
    put(MAP.soc, 'u16', (1000 * soc) / capacity)
    put(MAP.state, 'u16', PLAIN_STATE[mode])
    put(MAP.temperature, 'i16', temperature * 10)
    put(MAP.heartbeat, 'u16', heartbeat % 0x10000)
    const { left } = battery.ordered()
    put(CONTROL.left, 'u16', left)
    if (words[CONTROL.mode] === 1 && words[CONTROL.watchdog] !== 0 && left === 0) {
      put(CONTROL.setpoint, 'i32', 0)
      words[CONTROL.mode] = 0
    }
  }

  return {
    read(table, address, count) {
      if (table !== 'holding') throw new ModbusException(1)
      if (address + count > SIZE) throw new ModbusException(2)
      refresh()
      return words.subarray(address, address + count)
    },
    write(table, address, values) {
      if (table !== 'holding') throw new ModbusException(1)
      if (address < CONTROL.setpoint || address + values.length > CONTROL.left) throw new ModbusException(2)
      const before = words.slice(address, address + values.length)
      words.set(values, address)
      const power = 0 - ((words[CONTROL.setpoint]! << 16) | words[CONTROL.setpoint + 1]!)
      try {
        if (Math.abs(power) > maxPower || words[CONTROL.mode]! > 1) throw new ModbusException(3)
        order(words[CONTROL.mode] === 1 ? power : 0, words[CONTROL.watchdog]!)
      } catch (error) {
        words.set(before, address)
        throw error
      }
    },
  }
}
