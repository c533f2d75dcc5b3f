/**
 * Limits for an EVerest installation by its MQTT API `external_energy_limits_consumer`: how much may flow in and out at a node of its energy tree, and
 * what shall flow. Works with any version of OCPP, and is the only way that knows export.
 */
import { type Clock, formatInstant, type Instant, SECOND, type Watts } from '#kernel'

/** Power that holds from a moment until the next entry; the last one for ever. W, consumption positive. */
export interface LimitEntry {
  at: Instant
  power: Watts
  /** A per phase, for AC. */
  current?: number
  phases?: number
  /** Price of a kWh, told along. */
  price?: { value: number; currency: string }
}

export interface NodePlan {
  /** Most that may be drawn. */
  import: readonly LimitEntry[]
  /** Most that may be given back, as positive power. */
  export: readonly LimitEntry[]
  /** What shall flow; negative is given back. */
  setpoints?: readonly LimitEntry[]
}

interface Sourced {
  value: number
  source: string
}
interface Limits {
  total_power_W?: Sourced
  ac_max_current_A?: Sourced
  ac_max_phase_count?: Sourced
}
export interface ScheduleEntry {
  timestamp: string
  limits_to_root: Limits
  limits_to_leaves: Limits
  price_per_kwh?: { timestamp: string; value: number; currency: string }
}
export interface ExternalLimits {
  schedule_import: ScheduleEntry[]
  schedule_export: ScheduleEntry[]
  schedule_setpoints: { timestamp: string; setpoint: { total_power_W: number; priority: number; source: string } }[]
}

/** Where several ask for a setpoint: 0 goes first, 1000 last. */
const PRIORITY = 100

const stamp = (at: Instant): string => formatInstant(at, 'UTC').replace(/(?:\.\d+)?(?:Z|\+00:00)$/, 'Z')

/**
 * The payload of `set_external_limits`. EVerest holds the first entry valid at once, whatever its time: it is put to `now`, and entries that
 * are over by then are left out.
 */
export function externalLimits({ import: taken, export: given, setpoints = [] }: NodePlan, source: string, now: Instant): ExternalLimits {
  const entry = ({ at, power, current, phases, price }: LimitEntry): ScheduleEntry => ({
    timestamp: stamp(at),
    limits_to_root: {
      total_power_W: { value: Math.max(0, power), source },
      ...(current !== undefined && { ac_max_current_A: { value: current, source } }),
      ...(phases !== undefined && { ac_max_phase_count: { value: phases, source } }),
    },
    limits_to_leaves: {},
    ...(price && { price_per_kwh: { timestamp: stamp(at), ...price } }),
  })
  return {
    schedule_import: fromNow(taken, now).map(entry),
    schedule_export: fromNow(given, now).map(entry),
    // Of power, current and a table of frequencies only one may be said.
    schedule_setpoints: fromNow(setpoints, now).map(({ at, power }) => ({
      timestamp: stamp(at),
      setpoint: { total_power_W: power, priority: PRIORITY, source },
    })),
  }
}

function fromNow(entries: readonly LimitEntry[], now: Instant): LimitEntry[] {
  const sorted = [...entries].sort((a, b) => a.at - b.at)
  const current = sorted.findLastIndex(({ at }) => at <= now)
  return sorted.slice(Math.max(0, current)).map((entry, index) => (index === 0 ? { ...entry, at: now } : entry))
}

/** Any MQTT client, as far as it is needed here. */
export interface MqttLink {
  publish(topic: string, payload: string): Promise<void>
  /** Resolves with how to end it. */
  subscribe(topic: string, heard: (payload: string) => void): Promise<() => void>
}

export interface EnergyNode {
  /** Sends a plan, and again whenever EVerest shows that it lives anew. */
  set(plan: NodePlan): Promise<void>
  /** When EVerest was heard last; undefined: never. */
  lastHeard(): Instant | undefined
  /** Takes the limits away: what EVerest does then is its own configuration. */
  close(): Promise<void>
}

export interface EnergyNodeOptions {
  link: MqttLink
  /** Id of the API module in EVerest's configuration. */
  module: string
  /** Name under which EVerest shows our limits. */
  source?: string
  clock: Clock
  /** How often it says that it is there, ms; less than what EVerest is configured to wait. Default 5 s. */
  every?: number
}

/**
 * Opens the node: says regularly that the line is good, without which EVerest goes back to its own limits (its dead man's switch), and sends the
 * plan anew when a heartbeat shows that EVerest was started again (its count is not higher than the one before).
 */
export async function openEnergyNode({
  link,
  module,
  source = 'cariflex',
  clock,
  every = 5 * SECOND,
}: EnergyNodeOptions): Promise<EnergyNode> {
  const base = `everest_api/1/external_energy_limits_consumer/${module}`
  let plan: NodePlan | undefined
  let heard: Instant | undefined
  let count: number | undefined
  const send = async () => {
    if (plan) await link.publish(`${base}/m2e/set_external_limits`, JSON.stringify(externalLimits(plan, source, clock.now())))
  }
  const end = await link.subscribe(`${base}/e2m/heartbeat`, (payload) => {
    heard = clock.now()
    const next = Number(payload)
    const isAnew = count === undefined || !(next > count)
    count = Number.isFinite(next) ? next : undefined
    if (isAnew) send().catch(() => undefined)
  })
  const say = (isGood: boolean) => link.publish(`${base}/m2e/communication_check`, String(isGood))
  const timer = clock.every(every, () => {
    // A broker that is away is away for EVerest too: it falls back, and hears us again later.
    say(true).catch(() => undefined)
  })
  return {
    async set(next) {
      plan = next
      await send()
    },
    lastHeard: () => heard,
    async close() {
      timer.cancel()
      end()
      plan = { import: [], export: [] }
      await send()
      // Silence from now on is no broken line.
      await say(false)
    },
  }
}
