/** Whole days of the lines of a ready report on daily sensors, so that they become figures of their asset. */
import { converter, DAY, dayAfter, type Instant, say } from '#kernel'
import type { BeliefBatch } from '../belief.ts'
import type { Sensor, Sensors } from '../sensors.ts'
import { refuseReport } from './frame.ts'
import type { ReadyOrder, ReadyReport } from './ready-report.ts'
import { SAYING } from './saying.ts'

/** @throws Problem `invalid-report` (422) for sensors that are not there or not daily */
export async function checkOutputs(sensors: Sensors, { outputs = [] }: ReadyOrder): Promise<void> {
  for (const { sensor: id } of outputs) {
    const sensor = await sensors.get(id)
    if (!sensor) throw refuseReport(`No sensor found with ID ${id}.`)
    if (sensor.resolution !== DAY)
      throw refuseReport(`Sensor ${id} does not hold days.`, 'Lines of a ready report go to sensors with the resolution P1D.')
  }
}

/** What is to be recorded: of each output the days that lie in the period whole and of which something is known. @throws Problem `invalid-report` */
export function daysToSave(
  { outputs = [], start, end }: ReadyOrder,
  { zone, dates, lines }: ReadyReport,
  sensors: ReadonlyMap<number, Sensor>,
  source: number,
): BeliefBatch[] {
  const days = dates.map((_, k) => dayAfter(start, zone, k))
  const isWhole = (day: Instant) => day >= start && dayAfter(day, zone) <= end
  return outputs.map(({ name, sensor }) => {
    const line = lines.find((one) => one.name === name)
    const kept = days.flatMap((day, k) => {
      const value = line?.days[k] ?? null
      return value !== null && isWhole(day) ? [{ day, value }] : []
    })
    const turn = turned(line?.unit ?? sensors.get(sensor)!.unit, sensors.get(sensor)!)
    return {
      ...{ sensor, source, overwrite: true, beliefTime: 'event-end' as const },
      starts: kept.map(({ day }) => day),
      values: kept.map(({ value }) => turn(value)),
    }
  })
}

function turned(unit: string, sensor: Sensor): (value: number) => number {
  try {
    return converter(unit, sensor.unit)
  } catch {
    throw refuseReport(say(SAYING.wrongLineUnit, { unit, number: sensor.id, sensorUnit: sensor.unit }))
  }
}
