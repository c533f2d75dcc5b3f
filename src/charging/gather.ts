/** Gathers the parts of reports (NotifyReport) until the last one is here (OCPP 2.0.1 B07, B08). */
import { type Clock, Problem, type Timer } from '#kernel'
import type { NotifyReportRequest } from '#protocols/ocpp'
import { type DeviceModel, readReport } from './device-model.ts'

/** No report is larger than this many variables: a station that never ends must not fill our memory. */
const MOST_VARIABLES = 20_000

export interface Gatherer {
  /** Resolves with the whole report. @throws Problem `report-incomplete` when no part came for `patience` ms or it grew too large */
  expect(requestId: number, patience: number): Promise<DeviceModel>
  /** Takes one part; false when nobody waits for its report. */
  take(part: NotifyReportRequest): boolean
}

export function gatherer(clock: Clock): Gatherer {
  interface Gathering {
    model: DeviceModel
    parts: Set<number>
    last?: number
    timer: Timer
    patience: number
    resolve(model: DeviceModel): void
    reject(error: Problem): void
  }
  const waiting = new Map<number, Gathering>()
  const give = (id: number, why: string) => {
    const gathering = waiting.get(id)
    waiting.delete(id)
    gathering?.timer.cancel()
    gathering?.reject(
      new Problem('report-incomplete', `Report ${id} is incomplete: ${why}.`, { status: 504, retry: 'later', hint: 'Ask for it again.' }),
    )
  }
  return {
    expect: (requestId, patience) =>
      new Promise((resolve, reject) => {
        const late = () => give(requestId, `no part came for ${patience / 1000} s`)
        waiting.set(requestId, { model: new Map(), parts: new Set(), timer: clock.in(patience, late), patience, resolve, reject })
      }),
    take(part) {
      const gathering = waiting.get(part.requestId)
      if (!gathering) return false
      for (const [key, variable] of readReport(part.reportData ?? [])) gathering.model.set(key, variable)
      gathering.parts.add(part.seqNo)
      if (!part.tbc) gathering.last = part.seqNo
      gathering.timer.cancel()
      if (gathering.model.size > MOST_VARIABLES) give(part.requestId, `more than ${MOST_VARIABLES} variables`)
      else if (gathering.last !== undefined && gathering.parts.size >= gathering.last + 1) {
        waiting.delete(part.requestId)
        gathering.resolve(gathering.model)
      } else gathering.timer = clock.in(gathering.patience, () => give(part.requestId, `no part came for ${gathering.patience / 1000} s`))
      return true
    },
  }
}
