// Programmes of a machine, learnt from the cycles it ran: those that look alike are one programme.
import type { MachineCycle } from './detect.ts'

export interface Programme {
  /** Position among the programmes of its machine by how often it ran, from 1, as text. */
  name: string
  /** How often it was seen, and when it last began, unix seconds; 0 and none of a default. */
  count: number
  lastStart?: number
  /** Mean of its cycles. */
  durationSeconds: number
  energyWh: number
  /** W, means of 900 s from the start. */
  profileW: number[]
  /** 0 (a guess) to 1: grows with how often it was seen and how much its cycles are alike. */
  confidence: number
}

/** Above this unlikeness two cycles are of two programmes. */
const ALIKE = 0.2
/** Cycles that are as good as a guess: so many more make a programme twice as sure. */
const DOUBT = 2
/** W per quarter of an hour of machines nobody measured yet, by ELFE's code of the appliance. */
const DEFAULTS: Readonly<Record<number, readonly number[]>> = {
  111: [400, 1700, 80, 60, 40, 1300, 600, 30],
  112: [900, 1900, 250, 150, 150, 150, 150, 300],
  113: [1600, 1600, 1600, 1600, 1400, 900],
}
const UNKNOWN: readonly number[] = new Array<number>(8).fill(1000)

/** How unlike two cycles are, 0 to 1: the power that only one of them takes at a time, or the difference of their durations, whichever is more. */
function unlikeness(a: Pick<Programme, 'profileW' | 'durationSeconds'>, b: Pick<Programme, 'profileW' | 'durationSeconds'>): number {
  let [apart, both] = [0, 0]
  for (let bin = 0; bin < Math.max(a.profileW.length, b.profileW.length); bin++) {
    const [left, right] = [a.profileW[bin] ?? 0, b.profileW[bin] ?? 0]
    apart += Math.abs(left - right)
    both += left + right
  }
  const longer = Math.max(a.durationSeconds, b.durationSeconds)
  const later = longer > 0 ? Math.abs(a.durationSeconds - b.durationSeconds) / longer : 0
  return Math.max(both > 0 ? apart / both : 0, later)
}

interface Cluster extends Pick<Programme, 'profileW' | 'durationSeconds'> {
  cycles: MachineCycle[]
}

/**
 * Programmes of one machine from its cycles, the most frequent first and of as frequent ones the one that ran last. Each cycle joins the programme
 * it is most like, or begins one; the order of the cycles does not matter: they are taken by their start.
 */
export function learnProgrammes(cycles: readonly MachineCycle[]): Programme[] {
  const clusters: Cluster[] = []
  for (const cycle of cycles.toSorted((a, b) => a.start - b.start)) {
    const alone = { profileW: cycle.profileW, durationSeconds: cycle.end - cycle.start }
    const nearest = clusters
      .map((cluster) => ({ cluster, apart: unlikeness(cluster, alone) }))
      .reduce<{ cluster?: Cluster; apart: number }>((best, one) => (one.apart < best.apart ? one : best), { apart: ALIKE })
    if (nearest.cluster) join(nearest.cluster, cycle)
    else clusters.push({ ...alone, cycles: [cycle] })
  }
  return clusters
    .toSorted((a, b) => b.cycles.length - a.cycles.length || b.cycles.at(-1)!.start - a.cycles.at(-1)!.start)
    .map((cluster, index) => programmeOf(cluster, index + 1))
}

/** Takes a cycle into a programme, whose shape becomes the mean. */
function join(cluster: Cluster, cycle: MachineCycle): void {
  cluster.cycles.push(cycle)
  const { cycles } = cluster
  const bins = Math.max(...cycles.map(({ profileW }) => profileW.length))
  cluster.profileW = Array.from({ length: bins }, (_, bin) => meanOf(cycles.map(({ profileW }) => profileW[bin] ?? 0)))
  cluster.durationSeconds = meanOf(cycles.map(({ start, end }) => end - start))
}

function programmeOf({ cycles, profileW, durationSeconds }: Cluster, rank: number): Programme {
  const apart = cycles.map((cycle) => unlikeness({ profileW, durationSeconds }, { ...cycle, durationSeconds: cycle.end - cycle.start }))
  return {
    name: String(rank),
    count: cycles.length,
    lastStart: cycles.at(-1)!.start,
    durationSeconds,
    energyWh: meanOf(cycles.map(({ energyWh }) => energyWh)),
    profileW,
    confidence: (cycles.length / (cycles.length + DOUBT)) * (1 - meanOf(apart)),
  }
}

/**
 * The programme of a machine of which no cycle is known, by its kind.
 *
 * @param type ELFE's code of the appliance; @param powerW its nominal power, which is the highest of the profile when it is given
 */
export function defaultProgramme(type: number, powerW?: number): Programme {
  const known = DEFAULTS[type] ?? UNKNOWN
  const scale = powerW === undefined ? 1 : powerW / Math.max(...known)
  const profileW = known.map((power) => power * scale)
  return {
    name: 'default',
    count: 0,
    durationSeconds: profileW.length * 900,
    energyWh: profileW.reduce((sum, power) => sum + power / 4, 0),
    profileW,
    confidence: 0,
  }
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
