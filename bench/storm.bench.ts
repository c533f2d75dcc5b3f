/**
 * Ten thousand stations on the program as shipped: what it costs to take them in, what they weigh, how soon it answers while they are at work, and
 * a storm in which all of them come back at once. The load comes from this process, the platform and its database are others.
 */
import { formatInstant, systemClock } from '#kernel'
import { type FleetStation, fleetStation, inTurns } from './fleet.ts'
import { type Platform, startPlatform } from './platform.ts'

export const name = 'A crowd of stations on the program as shipped: accepted, at work, a storm of reconnections'

/** A station reports every 300 s that it is there; three of ten charge on two outlets and report every 30 s (charging reference 6.1). */
const HEARTBEATS = 1 / 300
const EVENTS = 0.02
const GOALS = { memory: 500, crossing: 100 }

interface Account {
  station: FleetStation
  /** Events that were acknowledged. */
  acknowledged: number
}

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const count = Number(process.env['CARIFLEX_BENCH_STATIONS'] ?? (short ? 300 : 10_000))
  const minutes = Number(process.env['CARIFLEX_BENCH_MINUTES'] ?? (short ? 0.15 : 10))
  const lines: string[] = []
  const platform = await startPlatform()
  const crossings: number[] = []
  const url = platform.stations
  const fleet = Array.from(
    { length: count },
    (_, index): Account => ({
      station: fleetStation(url, `CROWD-${index}`, { onCrossing: (took) => void crossings.push(took) }),
      acknowledged: 0,
    }),
  )
  try {
    const empty = platform.memory().now
    const take = stopwatch(platform)
    await inTurns(fleet, 100, async ({ station }) => {
      await station.connect()
      await station.boot()
    })
    lines.push(`new stations set up and accepted: ${take(count)}`)
    const full = platform.memory().now
    lines.push(`platform process: ${mb(empty)} empty, ${mb(full)} with ${count} stations, (at most ${GOALS.memory} MiB for 10,000)`)

    lines.push(`all of them put right after another ${await rest(platform)} s`)

    const work = stopwatch(platform)
    const { took, said, memory } = await atWork(platform, fleet, minutes * 60_000)
    lines.push(`ordinary work for ${minutes.toFixed(1)} min: ${work(said)}; answers p50 ${ms(took, 0.5)}, p99 ${ms(took, 0.99)}`)
    lines.push(`memory over that time, by tenths: ${memory.map((one) => one.toFixed(0)).join(' ')} MiB`)
    lines.push(
      `${crossings.length} answers that crossed a call of the platform: p50 ${ms(crossings, 0.5)}, p99 ${ms(crossings, 0.99)} (at most ${GOALS.crossing} ms)`,
    )

    const storm = stopwatch(platform)
    const pulse = watchPulse(platform)
    for (const { station } of fleet) station.drop()
    await inTurns(fleet, 1000, async (account) => {
      await again(() => account.station.connect())
      await again(() => tell(account))
    })
    const back = storm(count)
    const pulses = await pulse()
    lines.push(`storm, all back and each with an event acknowledged: ${back}`)
    lines.push(
      `the platform's health answered meanwhile: p50 ${ms(pulses, 0.5)}, p99 ${ms(pulses, 0.99)}, ${pulses.filter(Number.isNaN).length} times not`,
    )
    const kept = new Map(
      (
        await platform.store.query<{ station: string; events: number; rows: number }>(
          `select t.station, t.events, count(*)::int as rows from cariflex.charging_transaction t
           join cariflex.transaction_event e using (station, transaction_id) group by t.station, t.events`,
        )
      ).map((row) => [row.station, row]),
    )
    const wrong = fleet.filter(({ station: { identity }, acknowledged }) => {
      const row = kept.get(identity)
      return row === undefined || row.rows !== row.events || row.rows < acknowledged
    })
    if (wrong.length > 0)
      throw new Error(`${wrong.length} stations lost acknowledged events, or have some twice: ${wrong[0]!.station.identity}`)
    const { most } = platform.memory()
    const told = fleet.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
    lines.push(`${told} events acknowledged, all of them kept once; the most memory there was: ${mb(most)}`)
    return lines
  } finally {
    for (const { station } of fleet) station.drop()
    await platform.close()
  }
}

/** How long it took and what it cost, a station or message. */
function stopwatch(platform: Platform) {
  const began = performance.now()
  const before = platform.spent()
  return (count: number): string => {
    const length = (performance.now() - began) / 1000
    const after = platform.spent()
    const each = (who: 'platform' | 'database') => ((after[who] - before[who]) / count).toFixed(2)
    return `${count} in ${length.toFixed(1)} s (${(count / length).toFixed(0)} a second), platform ${each('platform')} + database ${each('database')} ms of processor each`
  }
}

/** Waits until the platform has little to do (a tenth of a core), five minutes at most; resolves to how many seconds that took. */
async function rest(platform: Platform): Promise<number> {
  for (let second = 1; ; second++) {
    const before = platform.spent().platform
    await new Promise((resolve) => setTimeout(resolve, 1000))
    if (platform.spent().platform - before < 100 || second === 300) return second
  }
}

/** Each station says what ordinary stations say, spread over time; now and then the platform asks one of them something meanwhile. */
async function atWork(platform: Platform, fleet: readonly Account[], length: number) {
  const took: number[] = []
  const memory: number[] = []
  const began = performance.now()
  let said = 0
  let asked = 0
  const under = new Set<Promise<unknown>>()
  const track = (work: Promise<unknown>) => {
    const one = work.catch(() => undefined).finally(() => under.delete(one))
    under.add(one)
  }
  const timed = async (work: Promise<unknown>) => {
    const since = performance.now()
    await work
    took.push(performance.now() - since)
  }
  const perMs = (fleet.length * (HEARTBEATS + EVENTS)) / 1000
  for (let elapsed = 0; elapsed < length; elapsed = performance.now() - began) {
    for (; said < elapsed * perMs; said++) {
      const account = fleet[(said * 7919) % fleet.length]!
      const isEvent = said % Math.round((HEARTBEATS + EVENTS) / HEARTBEATS) !== 0
      track(timed(isEvent ? tell(account) : account.station.say('Heartbeat', {})))
    }
    for (; asked < elapsed / 100; asked++) {
      const { identity } = fleet[(asked * 104_729) % fleet.length]!.station
      const body = { action: 'TriggerMessage', payload: { requestedMessage: 'Heartbeat' } }
      track(platform.ask('POST', `/api/cariflex/v1/stations/${identity}/commands`, body))
    }
    if (memory.length < (10 * elapsed) / length) memory.push(platform.memory().now)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await Promise.all(under)
  return { took, said, memory }
}

/** One event after the other, each once the one before was acknowledged. */
const queues = new WeakMap<Account, Promise<void>>()
function tell(account: Account): Promise<void> {
  const before = queues.get(account) ?? Promise.resolve()
  const mine = before
    .catch(() => undefined)
    .then(async () => {
      const seqNo = account.acknowledged
      const timestamp = formatInstant(systemClock.now())
      await account.station.say('TransactionEvent', {
        ...{ eventType: seqNo === 0 ? 'Started' : 'Updated', timestamp, seqNo, evse: { id: 1, connectorId: 1 } },
        triggerReason: seqNo === 0 ? 'CablePluggedIn' : 'MeterValuePeriodic',
        transactionInfo: { transactionId: `T-${account.station.identity}`, chargingState: 'Charging' },
        meterValue: [
          {
            timestamp,
            sampledValue: [
              { value: 7200, measurand: 'Power.Active.Import', unitOfMeasure: { unit: 'W' } },
              { value: 1000 + 20 * seqNo, measurand: 'Energy.Active.Import.Register', unitOfMeasure: { unit: 'Wh' } },
            ],
          },
        ],
      })
      account.acknowledged++
    })
  queues.set(account, mine)
  return mine
}

/** As stations do: what failed is tried again a second later. */
async function again(work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === 20) throw error
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
}

/** Asks for the platform's health until it is called; resolves to how long the answers took, ms. */
function watchPulse({ url }: Platform): () => Promise<number[]> {
  const took: number[] = []
  let over = false
  const beating = (async () => {
    while (!over) {
      const began = performance.now()
      const isWell = await fetch(`${url}/health/live`).then(
        (response) => response.ok,
        () => false,
      )
      took.push(isWell ? performance.now() - began : Number.NaN)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })()
  return async () => {
    over = true
    await beating
    return took
  }
}

const mb = (value: number) => `${value.toFixed(0)} MiB`
const ms = (values: readonly number[], share: number): string => {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b)
  return sorted.length === 0 ? 'none' : `${sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(0)} ms`
}
