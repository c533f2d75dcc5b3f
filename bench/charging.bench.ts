/** Durable TransactionEvents a second: the program as shipped with its own PostgreSQL (fsync on), each event answered after its commit. */
import { formatInstant, systemClock } from '#kernel'
import { type FleetStation, fleetStation, inTurns } from './fleet.ts'
import { startPlatform } from './platform.ts'

export const name = 'OCPP 2.0.1: durable TransactionEvents on the program as shipped, with conversation log and samples'

const STATIONS = 200
const GOAL = { least: 1000, wanted: 2000 }

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const platform = await startPlatform()
  const stations = Array.from({ length: STATIONS }, (_, index) => fleetStation(platform.stations, `BENCH-${index}`))
  try {
    await inTurns(stations, 50, async (station) => {
      await station.connect()
      await station.boot()
    })
    // Its code is compiled, and the stations have their sessions.
    await load(stations, short ? 3000 : 5000)
    const before = platform.spent()
    const began = performance.now()
    const took = await load(stations, short ? 3000 : 20_000)
    const spent = (performance.now() - began) / 1000
    const after = platform.spent()
    const row = await platform.store.first<{ count: number }>('select count(*)::int as count from cariflex.transaction_event')
    const acknowledged = [...seqNos.values()].reduce((sum, count) => sum + count, 0)
    if (row!.count !== acknowledged) throw new Error(`${acknowledged} events were acknowledged and ${row!.count} are kept`)
    took.sort((a, b) => a - b)
    const at = (share: number) => took[Math.floor(share * (took.length - 1))]!.toFixed(0)
    const cost = (who: 'platform' | 'database') => (((after[who] - before[who]) * 1000) / took.length).toFixed(0)
    const core = took.length / ((after.platform - before.platform) / 1000)
    return [
      `${(took.length / spent).toFixed(0)} events/s acknowledged to ${STATIONS} stations and kept, answer p50 ${at(0.5)} ms, p99 ${at(0.99)} ms (at least ${GOAL.least}/s, goal ${GOAL.wanted}/s; CitrineOS 1.8.3 about 20/s)`,
      `an event costs ${cost('platform')} µs of processor in the platform and ${cost('database')} µs in the database: ${core.toFixed(0)} events a processor-second of the platform`,
    ]
  } finally {
    for (const station of stations) station.drop()
    await platform.close()
  }
}

/** Numbers of the events that come next. */
const seqNos = new Map<FleetStation, number>()

/** Each station says one event after the other for `length` ms; resolves to how long the answers took, ms. */
async function load(stations: readonly FleetStation[], length: number): Promise<number[]> {
  const took: number[] = []
  const began = performance.now()
  await Promise.all(
    stations.map(async (station) => {
      while (performance.now() - began < length) {
        const sent = performance.now()
        const seqNo = seqNos.get(station) ?? 0
        await station.say('TransactionEvent', event(`T-${station.identity}`, seqNo))
        seqNos.set(station, seqNo + 1)
        took.push(performance.now() - sent)
      }
    }),
  )
  return took
}

const event = (transactionId: string, seqNo: number) => {
  const timestamp = formatInstant(systemClock.now())
  return {
    ...{ eventType: seqNo === 0 ? 'Started' : 'Updated', timestamp, seqNo, evse: { id: 1, connectorId: 1 } },
    triggerReason: seqNo === 0 ? 'CablePluggedIn' : 'MeterValuePeriodic',
    transactionInfo: { transactionId, chargingState: 'Charging' },
    meterValue: [
      {
        timestamp,
        sampledValue: [
          { value: 7200, measurand: 'Power.Active.Import', unitOfMeasure: { unit: 'W' } },
          { value: 1000 + 20 * seqNo, measurand: 'Energy.Active.Import.Register', unitOfMeasure: { unit: 'Wh' } },
          { value: 50, measurand: 'SoC', unitOfMeasure: { unit: 'Percent' } },
        ],
      },
    ],
  }
}
