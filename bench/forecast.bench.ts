/**
 * Forecasts: 48 hours of quarter hours from 60 days of history, one core, every candidate competing. A house, and a plant with the weather of
 * both and quantiles. Baselines in the same run: persistence for the error, and for the time one set of trees per quarter hour to come, which
 * is how FlexMeasures learns (reference/flexmeasures.md 4.1: 192 models a cycle, minutes; its jobs are known to be lost at 180 s).
 */
import { DAY, HOUR, instant, MINUTE } from '#kernel'
import { blockOf } from '../src/ems/forecasting/learn/features.ts'
import type { Frame } from '../src/ems/forecasting/learn/frame.ts'
import { openLearner } from '../src/ems/forecasting/learn/learner.ts'
import { type LearningTask, learn } from '../src/ems/forecasting/learn/task.ts'
import { growTrees, randomFrom } from '../src/ems/forecasting/learn/trees.ts'
import { sameClock, viewOf } from '../src/ems/forecasting/learn/view.ts'
import { clearSkyMean } from '../src/ems/forecasting/sun.ts'
import { median } from './sites.ts'

export const name = 'Forecasts'

const STEP = 15 * MINUTE
const HISTORY = 60
const AHEAD = (2 * DAY) / STEP
const PER_DAY = DAY / STEP
/** Days of which the series hold values; forecasts start on the last ones. */
const DAYS = HISTORY + 12
const PLACE = { latitude: 14.6, longitude: -61 }
const START = instant(Date.parse('2026-03-02T00:00:00-04:00'))
/** The issue's limit, s. */
const LIMIT = 5

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const rounds = short ? 2 : 9
  const lines: string[] = []
  for (const [title, frame, quantiles] of [
    ['a house', house(), false],
    ['a plant with irradiance and temperature, quantiles 0.1 and 0.9', plant(), true],
  ] as const)
    lines.push(...(await series(title, frame, { quantiles, rounds })))
  return [...lines, ...perStep(house(), short ? 4 : 24)]
}

/** Slots [origin − 60 days, origin + 48 h) of a series, of which those before the origin are known. */
function taskAt(frame: Frame, origin: number, quantiles: boolean): LearningTask {
  const from = origin - HISTORY * PER_DAY
  const cut = (values: Float64Array) => values.slice(from, origin + AHEAD)
  const known = HISTORY * PER_DAY
  return {
    frame: {
      ...frame,
      start: instant(frame.start + from * STEP),
      target: cut(frame.target).map((value, slot) => (slot < known ? value : Number.NaN)),
      regressors: frame.regressors.map((one) => ({ ...one, values: cut(one.values) })),
    },
    options: { origin: known, horizon: AHEAD, quantiles },
    viewpoints: [{ origin: known, count: AHEAD }],
  }
}

async function series(title: string, frame: Frame, { quantiles, rounds }: { quantiles: boolean; rounds: number }): Promise<string[]> {
  const [wall, cpu]: [number[], number[]] = [[], []]
  const sums = { said: 0, naive: 0, inside: 0, wide: 0, n: 0 }
  let told = 0
  let silence = 0
  const models = new Set<string>()
  for (let round = 0; round < rounds; round++) {
    // Origins at all hours of the last days.
    const origin = HISTORY * PER_DAY + Math.round((round * 9.3 * HOUR) / STEP)
    const task = taskAt(frame, origin, quantiles)
    const used = process.cpuUsage()
    const begin = performance.now()
    let last = begin
    const { trained, foretold } = learn(task, () => {
      const now = performance.now()
      silence = Math.max(silence, now - last)
      last = now
      told++
    })
    wall.push((performance.now() - begin) / 1000)
    const { user, system } = process.cpuUsage(used)
    cpu.push((user + system) / 1e6)
    for (const choice of trained.choices) for (const model of choice.models) models.add(model)
    const view = viewOf(task.frame)
    const { values, low, high } = foretold[0]!
    for (let ahead = 0; ahead < AHEAD; ahead++) {
      const truth = frame.target[origin + ahead]!
      sums.said += (values[ahead]! - truth) ** 2
      sums.naive += (view.target[sameClock(view, HISTORY * PER_DAY + ahead, HISTORY * PER_DAY, 0, 1)]! - truth) ** 2
      // Nights are certain, and no achievement.
      if (low && high && high[ahead]! > low[ahead]!) {
        sums.wide++
        if (truth >= low[ahead]! && truth <= high[ahead]!) sums.inside++
      }
      sums.n++
    }
  }
  const learner = openLearner()
  const begin = performance.now()
  await learner.learn(taskAt(frame, HISTORY * PER_DAY, quantiles), {})
  const threaded = (performance.now() - begin) / 1000
  await learner.close()
  const [rmse, naive] = [Math.sqrt(sums.said / sums.n), Math.sqrt(sums.naive / sums.n)]
  const worst = Math.max(...wall)
  return [
    `${title}: 60 days → 48 h × 15 min, p50 ${median(wall).toFixed(2)} s (worst ${worst.toFixed(2)}, of processor ${median(cpu).toFixed(2)}, wanted ≤ ${LIMIT} of one core${median(cpu) > LIMIT ? ': MISSED' : ''}), first one in a new thread ${threaded.toFixed(2)} s`,
    `  progress told ${Math.round(told / rounds)} times, longest silence ${silence.toFixed(0)} ms; chosen: ${[...models].join(', ')}`,
    `  RMSE ${rmse.toFixed(3)} kW against ${naive.toFixed(3)} of persistence: ×${(naive / rmse).toFixed(2)} better (skill ${(1 - rmse / naive).toFixed(2)})${quantiles ? `; ${((100 * sums.inside) / sums.wide).toFixed(0)} % of the days between the quantiles (80 wanted)` : ''}`,
  ]
}

/** Trees for single steps to come, as many and as deep as LightGBM grows them there; 192 of them are reckoned from the few that are grown. */
function perStep(frame: Frame, steps: number): string[] {
  const origin = HISTORY * PER_DAY
  const task = taskAt(frame, origin, false)
  const view = viewOf(task.frame)
  const theirs = processorTime(() => {
    for (let step = 0; step < steps; step++) {
      const ahead = Math.round((step * AHEAD) / steps)
      const origins = Int32Array.from({ length: origin - PER_DAY - ahead }, (_, row) => PER_DAY + row)
      const slots = origins.map((at) => at + ahead)
      const truth = Float64Array.from(slots, (slot) => task.frame.target[slot]!)
      growTrees(blockOf(view, origins, slots).columns, truth, { trees: 100, depth: 3, leafAtLeast: 50, rowShare: 1, columnShare: 1 })
    }
  })
  const each = theirs / steps
  const ours = processorTime(() => void learn(task, () => {}))
  return [
    `baseline, trees for each of the ${AHEAD} steps to come, FlexMeasures' way (${steps} grown with our trees, ${each.toFixed(2)} s of processor each): ${(each * AHEAD).toFixed(1)} s; all of the above ${ours.toFixed(2)} s, ×${((each * AHEAD) / ours).toFixed(0)} faster. FlexMeasures itself: minutes (its reference gives no figure).`,
  ]
}

/** Processor seconds of a piece of work: what it takes of one core, whoever else uses it. */
function processorTime(work: () => void): number {
  const used = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(used)
  return (user + system) / 1e6
}

/** A house of two working people: weekdays differ, evenings are busy, kettles are not foreseen. */
function house(): Frame {
  const random = randomFrom(11)
  let drift = 0
  const target = Float64Array.from({ length: DAYS * PER_DAY }, (_, slot) => {
    const hour = (slot % PER_DAY) / 4
    const day = Math.floor(slot / PER_DAY)
    drift = 0.97 * drift + 0.2 * (random() - 0.5)
    const away = day % 7 < 5 && hour >= 8 && hour < 17 ? 0.4 : 1
    return Math.max(
      0.05,
      0.6 +
        away * (0.5 + 1.6 * Math.exp(-(((hour - 19) / 2) ** 2)) + 0.9 * Math.exp(-(((hour - 7) / 1) ** 2))) +
        drift +
        (random() < 0.04 ? 1.8 : 0),
    )
  })
  return { start: START, step: STEP, zone: 'America/Martinique', target, regressors: [] }
}

/** A plant of 5 kW below clouds that a weather service foretells with errors; 2 % of the values are missing. */
function plant(): Frame {
  const random = randomFrom(23)
  let [cloud, error] = [0.6, 0]
  const slots = DAYS * PER_DAY
  const [light, heat] = [new Float64Array(slots), new Float64Array(slots)]
  const target = Float64Array.from({ length: slots }, (_, slot) => {
    const clear = clearSkyMean(instant(START + slot * STEP), STEP, PLACE)
    cloud = Math.min(1, Math.max(0.1, cloud + 0.25 * (random() - 0.5)))
    error = 0.95 * error + 0.1 * (random() - 0.5)
    const warm = 27 + 4 * Math.sin(((slot % PER_DAY) / PER_DAY - 0.375) * 2 * Math.PI)
    light[slot] = Math.max(0, clear * Math.min(1, Math.max(0.05, cloud + error)))
    heat[slot] = warm
    const shade = (slot % PER_DAY) / 4 > 16 ? 0.6 : 1
    const watts = clear * cloud * shade
    return random() < 0.02 ? Number.NaN : 0.0045 * watts * (1 - 0.0037 * (warm + 0.03 * watts - 25))
  })
  // A gap in what is compared with would spoil the comparison.
  for (let slot = HISTORY * PER_DAY - PER_DAY; slot < slots; slot++) if (Number.isNaN(target[slot]!)) target[slot] = target[slot - 1]!
  return {
    ...{ start: START, step: STEP, zone: 'America/Martinique', target, sun: PLACE },
    regressors: [
      { name: 'irradiance', unit: 'W/m²', kind: 'future', values: light },
      { name: 'temperature', unit: '°C', kind: 'future', values: heat },
    ],
  }
}
