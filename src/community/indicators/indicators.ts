// The twelve indicators of a community: ELFE's names and definitions, kept up slot by slot.
import { type Instant, wallClock } from '#kernel'

export interface IndicatorInput {
  /** Of the first slot. */
  start: Instant
  /** Since when values are cumulated. */
  projectStart: Instant
  /** Milliseconds of a slot. */
  step: number
  timezone: string
  /** Means of each slot in W, of the whole panel. */
  panelConsumptionW: readonly number[]
  production: Readonly<Record<Source, readonly number[]>>
  /** Production less consumption in W, as forecast, without and with the appliances that were placed. */
  balanceForecastWithoutFlexW: readonly number[]
  balanceForecastWithFlexW: readonly number[]
  appliances: readonly { id: number; type: number }[]
  /** Of a cycle or a day, in Wh, by the appliance's code. */
  meanCycleWh: Readonly<Record<string, number>>
  /** One row for each appliance and round of planning. */
  decisions: readonly Decision[]
}
export type IndicatorSetting = Pick<IndicatorInput, 'start' | 'projectStart' | 'step' | 'timezone' | 'appliances' | 'meanCycleWh'>
export type Source = 'solar' | 'wind' | 'biogas'
export interface Decision {
  firstValid: Instant
  machineId: number
  machineType: number
  decision0: number
}

export interface Indicators {
  Nombre_appareils_connectes: number
  Pourcentage_app_lances_24h: number | null
  /** kWh. */
  Cumul_energie_placee: number
  Pourcentage_energie_consommee_placee: number | null
  /** Wh. */
  Energie_autoconsommee: number
  Pourcentage_autoconsommation: number | null
  /** Wh of the last slot. */
  Enr_eolienne: number
  Enr_solaire: number
  Enr_methanisation: number
  Part_eolien_prod: number | null
  Part_solaire_prod: number | null
  Part_metha_prod: number | null
}

const ONE_SHOT = new Set([515, 112, 111, 113, 221, 225])
const CONTINUOUS = new Set([131, 151, 155])
/** Meters and plants: never launched. */
const NEVER_LAUNCHED = new Set([410, 901, 910, 920])
const DAY = 86_400_000

/** What one slot adds. */
export interface SlotFigures {
  consumptionW: number
  production: Readonly<Record<Source, number>>
  withoutFlexW: number
  withFlexW: number
}

/**
 * Keeps the indicators up to date: each slot and each decision is looked at once. A window of 24 hours is kept; everything older is only in
 * the sums.
 */
export class IndicatorCounter {
  private readonly projectStart: Instant
  private readonly step: number
  private readonly timezone: string
  private readonly hours: number
  private readonly launchable: number
  private readonly meanCycleWh: Readonly<Record<string, number>>
  /** Slots of the last 24 hours, and their newest first instant. */
  private readonly day: SlotFigures[] = []
  private last: SlotFigures | undefined
  private newestRound = Number.NEGATIVE_INFINITY
  private waiting = 0
  /** When each appliance was last launched. */
  private readonly launched = new Map<number, Instant>()
  private readonly counted = new Set<string>()
  private placedWh = 0
  private selfWh = 0
  private month = ''
  private monthSelfWh = 0
  private monthProductionWh = 0
  private asked: { moment: Instant; day: string } | undefined
  /** End of the last slot taken. */
  private now: Instant

  constructor({ start, projectStart, step, timezone, appliances, meanCycleWh }: IndicatorSetting) {
    this.projectStart = projectStart
    this.step = step
    this.timezone = timezone
    this.hours = step / 3_600_000
    this.launchable = appliances.filter(({ type }) => !NEVER_LAUNCHED.has(type)).length
    this.meanCycleWh = meanCycleWh
    this.now = start
  }

  /** Takes the next slot. */
  addSlot(figures: SlotFigures): void {
    const begin = this.now
    this.now = (begin + this.step) as Instant
    this.last = figures
    this.day.push(figures)
    if (this.day.length > DAY / this.step) this.day.shift()
    const production = totalOf(figures.production)
    const self = (production - Math.max(0, production - figures.consumptionW)) * this.hours
    if (begin >= this.projectStart) this.selfWh += self
    const name = this.dayOf(begin).slice(0, 7)
    if (name !== this.month) {
      this.month = name
      this.monthSelfWh = 0
      this.monthProductionWh = 0
    }
    this.monthSelfWh += self
    this.monthProductionWh += production * this.hours
  }

  /** Takes a decision; those of one round may come in any order, rounds one after the other. */
  addDecision({ firstValid, machineId, machineType, decision0 }: Decision): void {
    if (firstValid > this.newestRound) {
      this.newestRound = firstValid
      this.waiting = 0
    }
    if (firstValid === this.newestRound) this.waiting++
    if (decision0 !== 1) return
    this.launched.set(machineId, firstValid)
    if (firstValid < this.projectStart) return
    const mean = this.meanCycleWh[machineType] ?? 0
    if (ONE_SHOT.has(machineType)) this.placedWh += mean
    else if (CONTINUOUS.has(machineType)) {
      const launch = `${machineId} ${this.dayOf(firstValid)}`
      if (this.counted.has(launch)) return
      this.counted.add(launch)
      this.placedWh += mean
    }
  }

  /** The local day of a moment, YYYY-MM-DD; the same moment is asked for many times in a row. */
  private dayOf(moment: Instant): string {
    if (this.asked?.moment !== moment) {
      const { year, month, day } = wallClock(moment, this.timezone)
      this.asked = { moment, day: `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}` }
    }
    return this.asked.day
  }

  /** The indicators at the end of the last slot taken. */
  values(): Indicators {
    const since = this.now - DAY
    const launched = [...this.launched.values()].filter((moment) => moment >= since).length
    const consumed = this.day.reduce((sum, { consumptionW }) => sum + consumptionW, 0)
    const placed = this.day.reduce((sum, { withoutFlexW, withFlexW }) => sum + withoutFlexW - withFlexW, 0)
    const { solar = 0, wind = 0, biogas = 0 } = this.last?.production ?? {}
    const production = solar + wind + biogas
    const share = (part: number): number | null => (production > 0 ? (100 * part) / production : null)
    return {
      Nombre_appareils_connectes: this.waiting,
      Pourcentage_app_lances_24h: this.launchable > 0 ? Math.round((1000 * launched) / this.launchable) / 10 : null,
      Cumul_energie_placee: this.placedWh / 1000,
      Pourcentage_energie_consommee_placee: consumed > 0 ? (100 * placed) / consumed : null,
      Energie_autoconsommee: this.selfWh,
      Pourcentage_autoconsommation: this.monthProductionWh > 0 ? (100 * this.monthSelfWh) / this.monthProductionWh : null,
      Enr_eolienne: wind * this.hours,
      Enr_solaire: solar * this.hours,
      Enr_methanisation: biogas * this.hours,
      Part_eolien_prod: share(wind),
      Part_solaire_prod: share(solar),
      Part_metha_prod: share(biogas),
    }
  }
}

const totalOf = ({ solar, wind, biogas }: Readonly<Record<Source, number>>): number => solar + wind + biogas

/** The indicators at each of some moments: all slots that end by then, all rounds before. Moments beyond the data are its end. */
export function indicatorsAt(input: IndicatorInput, moments: readonly Instant[]): Map<Instant, Indicators> {
  const counter = new IndicatorCounter(input)
  const decisions = [...input.decisions].sort((a, b) => a.firstValid - b.firstValid)
  const found = new Map<Instant, Indicators>()
  let slot = 0
  let decision = 0
  for (const moment of [...moments].sort((a, b) => a - b)) {
    for (; slot < input.panelConsumptionW.length && input.start + (slot + 1) * input.step <= moment; slot++)
      counter.addSlot({
        consumptionW: input.panelConsumptionW[slot]!,
        production: { solar: input.production.solar[slot]!, wind: input.production.wind[slot]!, biogas: input.production.biogas[slot]! },
        withoutFlexW: input.balanceForecastWithoutFlexW[slot]!,
        withFlexW: input.balanceForecastWithFlexW[slot]!,
      })
    for (; decision < decisions.length && decisions[decision]!.firstValid < moment; decision++) counter.addDecision(decisions[decision]!)
    found.set(moment, counter.values())
  }
  return found
}
