/** A PV plant behind a SunSpec inverter: models 1, 103 (or 113 in floating point), 120, 121 and 123 on Modbus TCP. */
import { ModbusException, sunSpecImage, sunSpecUnit } from '#protocols/modbus'
import { type LineOptions, type ModbusSimulation, openLine } from './modbus-line.ts'
import type { PvPlant } from './pv.ts'

const STATE = { sleeping: 2, producing: 4, throttled: 5, fault: 7 }
const GRID_VOLTS = 230

/** Starts the inverter of a plant; `float` speaks model 113 instead of 103. */
export async function servePv(plant: PvPlant, { float = false, ...line }: LineOptions & { float?: boolean }): Promise<ModbusSimulation> {
  const { clock } = line
  const inverter = float ? 113 : 103
  const image = sunSpecImage([
    { id: 1 },
    { id: inverter, scales: float ? {} : { A_SF: -2, V_SF: -1, W_SF: 0, Hz_SF: -2, WH_SF: 0, DCW_SF: 0, Tmp_SF: -1 } },
    { id: 120, scales: { WRtg_SF: 0, VARtg_SF: 0, VArRtg_SF: 0, ARtg_SF: -1, PFRtg_SF: -2 } },
    { id: 121, scales: { WMax_SF: 0, VRef_SF: 0, VRefOfs_SF: 0 } },
    { id: 123, scales: { WMaxLimPct_SF: -2, OutPFSet_SF: -2 } },
  ])
  let faulty = false
  let frozen = false
  const set = (model: number, values: Record<string, number | string>) => {
    for (const [name, value] of Object.entries(values)) image.set(model, name, value)
  }
  set(1, { Mn: 'Cariflex simulation', Md: 'PV inverter', Vr: '1.0', SN: plant.id, DA: line.unit ?? 1 })
  set(120, { DERTyp: 4, WRtg: plant.rating, VARtg: plant.rating, ARtg: plant.rating / GRID_VOLTS / 3 })
  set(121, { WMax: plant.rating, VRef: GRID_VOLTS, VRefOfs: 0 })
  set(123, {
    Conn: 1,
    WMaxLimPct: 100,
    WMaxLimPct_WinTms: 0,
    WMaxLimPct_RvrtTms: 0,
    WMaxLimPct_RmpTms: 0,
    WMaxLim_Ena: 0,
    OutPFSet_Ena: 0,
    VArPct_Ena: 0,
  })

  const unit = sunSpecUnit(image, {
    refresh() {
      const { power, available, energy, cellTemperature, curtailed, fault } = plant.at(clock.now())
      const amps = power / GRID_VOLTS / 3
      set(inverter, {
        A: amps * 3,
        AphA: amps,
        AphB: amps,
        AphC: amps,
        PhVphA: GRID_VOLTS,
        PhVphB: GRID_VOLTS,
        PhVphC: GRID_VOLTS,
        W: power,
        Hz: 50,
        WH: energy,
        DCW: power / 0.97,
        TmpCab: cellTemperature,
        St: fault ? STATE.fault : available <= 0 ? STATE.sleeping : curtailed ? STATE.throttled : STATE.producing,
        Evt1: fault ? 1 << 4 : 0,
        Evt2: 0,
      })
      // Nobody told the cap again in time: the inverter goes back to its default.
      if (!plant.cap() && image.get(123, 'WMaxLim_Ena') === 1) image.set(123, 'WMaxLim_Ena', 0)
    },
    written(points) {
      if (faulty) throw new ModbusException(4)
      if (!points.some((point) => point.startsWith('123.WMaxLim'))) return
      const percent = Number(image.get(123, 'WMaxLimPct'))
      if (!(percent >= 0 && percent <= 100)) throw new ModbusException(3)
      const enabled = image.get(123, 'WMaxLim_Ena') === 1
      plant.curtail(enabled ? percent / 100 : undefined, Number(image.get(123, 'WMaxLimPct_RvrtTms') ?? 0), clock.now())
    },
  })
  const opened = await openLine(unit, line)
  return {
    id: plant.id,
    kind: 'pv',
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
    state: () => ({ power: 0 - plant.at(clock.now()).power }),
    fault(on) {
      plant.at(clock.now())
      faulty = on
      plant.fault(on)
    },
    disconnect: opened.disconnect,
    freeze(on) {
      plant.at(clock.now())
      frozen = on
      plant.freeze(on)
    },
    close: opened.close,
  }
}
