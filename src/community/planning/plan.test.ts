import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { after, formatInstant, isProblem, parseInstant } from '#kernel'
import { type CommunityPlan, planCommunity } from './plan.ts'
import { type CommunityProblem, readProblem } from './problem.ts'

const START = parseInstant('2026-03-10T18:00:00Z')
const QUARTER = 900_000
const moment = (slot: number): string => formatInstant(after(START, slot * QUARTER))
type Document = Record<string, unknown>

function documentOf(net: readonly number[], appliances: readonly Document[], groups: readonly Document[] = []): Document {
  return {
    format: 'cariflex.community.problem/1',
    name: 'test',
    start: moment(0),
    step: 'PT15M',
    slots: net.length,
    productionKw: net.map((value) => Math.max(0, -value)),
    baseConsumptionKw: net.map((value) => Math.max(0, value)),
    appliances,
    groups,
  }
}
const windowed = (from: number, to: number): Document => ({ earliestStart: moment(from), latestEnd: moment(to) })
const cycle = (id: string, profileKw: readonly number[], from: number, to: number): Document => ({
  id,
  kind: 'cycle',
  profileKw,
  ...windowed(from, to),
})

const plan = (document: Document, objective: 'import' | 'unused' = 'import'): CommunityPlan =>
  planCommunity(readProblem(document), objective, { milliseconds: 20_000 })

/** The load of each placed appliance, from what the plan says of it and the document, by the words of the format. */
function loadsOf(document: Document, { placements }: CommunityPlan): Map<string, number[]> {
  const slots = document.slots as number
  const slotOf = (text: unknown): number => Math.round((parseInstant(text as string) - START) / QUARTER)
  return new Map(
    placements.map(({ id, start, powerKw, comfort }) => {
      const it = (document.appliances as Document[]).find((one) => one.id === id)!
      if (powerKw) return [id, powerKw]
      if (comfort) return [id, comfort.map((one) => (one ? (it.comfortKw as number) : (it.ecoKw as number)))]
      const load = new Array<number>(slots).fill(0)
      if (it.kind === 'cycle') for (const [q, power] of (it.profileKw as number[]).entries()) load[slotOf(start) + q] = power
      else {
        let left = ((it.maxEnergyKwh ?? it.minEnergyKwh) as number) * 4
        for (let slot = slotOf(start); slot < slotOf(it.latestEnd) && left > 1e-9; slot++) {
          load[slot] = Math.min((it.powerLevelsKw as number[]).at(-1)!, left)
          left -= load[slot]!
        }
      }
      return [id, load]
    }),
  )
}

/** Every load that an appliance may have, by trying all. */
function allLoads(it: Document, slots: number): number[][] {
  const slotOf = (text: unknown): number => Math.round((parseInstant(text as string) - START) / QUARTER)
  const nothing = (): number[] => new Array<number>(slots).fill(0)
  if (it.kind === 'cycle') {
    const profile = it.profileKw as number[]
    const [from, to] = [slotOf(it.earliestStart), slotOf(it.latestEnd)]
    return Array.from({ length: to - from - profile.length + 1 }, (_, shift) => {
      const load = nothing()
      for (const [q, power] of profile.entries()) load[from + shift + q] = power
      return load
    })
  }
  const patterns = (from: number, to: number, levels: readonly number[]): number[][] =>
    from === to ? [nothing()] : patterns(from + 1, to, levels).flatMap((rest) => levels.map((level) => rest.with(from, level)))
  if (it.kind === 'charge') {
    const levels = it.powerLevelsKw as number[]
    const [least, most] = [(it.minEnergyKwh as number) * 4, Math.ceil(((it.maxEnergyKwh as number) * 4) / levels[0]! - 1e-9) * levels[0]!]
    return patterns(slotOf(it.earliestStart), slotOf(it.latestEnd), [0, ...levels]).filter((load) => {
      const sum = load.reduce((total, power) => total + power, 0)
      const starts = load.filter((power, slot) => power > 0 && !(load[slot - 1]! > 0)).length
      return sum >= least - 1e-9 && sum <= most + 1e-9 && starts <= ((it.maxStarts as number | undefined) ?? slots)
    })
  }
  const [period] = it.periods as { start: string; end: string; minComfortSlots: number }[]
  const [from, to] = [slotOf(period!.start), slotOf(period!.end)]
  return patterns(from, to, [0, 1])
    .filter((comfort) => {
      const inside = comfort.slice(from, to)
      const isKept = inside.every((_one, at) => at + 4 > inside.length || inside.slice(at, at + 4).filter(Boolean).length >= 3)
      return isKept && inside.filter(Boolean).length >= period!.minComfortSlots
    })
    .map((comfort) => comfort.map((one) => (one ? (it.comfortKw as number) : (it.ecoKw as number))))
}

/** The least objective over all plans, by trying all. */
function optimum(net: readonly number[], appliances: readonly Document[], objective: 'import' | 'unused'): number {
  const choices = appliances.map((it) => allLoads(it, net.length))
  const walk = (at: number, load: readonly number[]): number => {
    if (at === appliances.length) return load.reduce((sum, value) => sum + Math.max(0, objective === 'import' ? value : -value), 0) / 4
    return Math.min(
      ...choices[at]!.map((more) =>
        walk(
          at + 1,
          load.map((value, slot) => value + more[slot]!),
        ),
      ),
    )
  }
  return walk(0, net)
}

test('the micro-instance of the ELFE documentation starts at once', () => {
  const { placements, importKwh } = plan(documentOf([-1.8, -4.3, -2.2, 1, 0.2], [cycle('a', [0.1, 0.2, 0.1], 0, 5)]))
  assert.equal(placements[0]!.start, moment(0))
  assert.ok(Math.abs(importKwh - 0.3) < 1e-9, `imports ${importKwh} kWh instead of 0.3`)
})

test('small villages reach the optimum that trying all plans finds, and the bound is never above it', () => {
  let state = 7
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
  for (let round = 0; round < 4; round++) {
    const net = Array.from({ length: 10 }, () => Math.round(40 * (random() - 0.6)) / 10)
    const appliances = [
      cycle('a', [1.2, 0.3, 0.8], 0, 8),
      cycle('b', [0.9, 0.9], 2, 10),
      {
        id: 'c',
        kind: 'charge',
        powerLevelsKw: [0.6, 1.2],
        minEnergyKwh: 0.45,
        maxEnergyKwh: 0.9,
        interruptible: true,
        maxStarts: 1 + (round % 2),
        ...windowed(1, 6),
      },
      {
        id: 'd',
        kind: 'comfort',
        ecoKw: 0.2,
        comfortKw: 1,
        periods: [{ start: moment(3), end: moment(9), minComfortSlots: 4 }],
        slidingSlots: 4,
        slidingMinComfort: 3,
      },
    ]
    for (const objective of ['import', 'unused'] as const) {
      const found = plan(documentOf(net, appliances), objective)
      const best = optimum(net, appliances, objective)
      assert.ok(Math.abs(found.objectiveKwh - best) < 1e-6, `round ${round}, ${objective}: ${found.objectiveKwh} instead of ${best}`)
      assert.ok(found.boundKwh <= best + 1e-6, `round ${round}, ${objective}: the bound ${found.boundKwh} is above the optimum ${best}`)
    }
  }
})

test('where every appliance takes a fixed energy, least import and least unused production are the same plans', () => {
  const net = Array.from({ length: 24 }, (_, slot) => 3 * Math.sin(slot))
  const document = documentOf(net, [cycle('a', [2, 1], 0, 20), cycle('b', [1, 1, 1], 3, 24), cycle('c', [0.5, 2], 6, 18)])
  const [byImport, byUnused] = [plan(document, 'import'), plan(document, 'unused')]
  assert.ok(Math.abs(byImport.importKwh - byUnused.importKwh) < 1e-6, `${byImport.importKwh} and ${byUnused.importKwh} kWh imported`)
  const flexible = byImport.loadKw.reduce((sum, power) => sum + power, 0) / 4
  const base = net.reduce((sum, value) => sum + value, 0) / 4
  assert.ok(
    Math.abs(byImport.importKwh - byImport.unusedKwh - base - flexible) < 1e-6,
    'import less unused is what is consumed less what is produced',
  )
})

test('a deadline gives way, never the earliest start, and it is said; what ends after the horizon waits', () => {
  const { repairs, placements, unplaced } = plan(
    documentOf(new Array<number>(12).fill(1), [
      cycle('past', [1, 1], -8, -2),
      cycle('short', [1, 1, 1], 2, 4),
      cycle('later', [1, 1, 1], 10, 12),
      cycle('whole', new Array<number>(12).fill(1), 0, 12),
    ]),
  )
  assert.deepEqual(
    repairs.map(({ id, reason, from, to }) => ({ id, reason, from, to })),
    [
      { id: 'past', reason: 'deadline-passed', from: moment(-2), to: moment(2) },
      { id: 'short', reason: 'window-too-short', from: moment(4), to: moment(5) },
    ],
  )
  assert.deepEqual(
    placements.map(({ id, start, end }) => ({ id, start, end })),
    [
      { id: 'past', start: moment(0), end: moment(2) },
      { id: 'short', start: moment(2), end: moment(5) },
      { id: 'whole', start: moment(0), end: moment(12) },
    ],
  )
  assert.deepEqual(
    unplaced.map(({ id, reason }) => ({ id, reason })),
    [{ id: 'later', reason: 'after-horizon' }],
  )
})

test('a group without room for all leaves out the least weight, the bound holding whichever that is', () => {
  const appliances = [{ ...cycle('a', [2, 2], 0, 3), priority: 1 }, { ...cycle('b', [2, 2], 0, 3) }, { ...cycle('c', [0.5, 0.5], 0, 4) }]
  const found = plan(documentOf([-3, -3, -1, 0], appliances, [{ id: 'home', maxKw: 3, appliances: ['a', 'b', 'c'] }]))
  assert.deepEqual(
    found.unplaced.map(({ id, reason }) => ({ id, reason })),
    [{ id: 'b', reason: 'group-limit' }],
  )
  assert.ok(
    found.loadKw.every((power) => power <= 3 + 1e-9),
    `the home takes ${Math.max(...found.loadKw)} kW`,
  )
  assert.ok(found.boundKwh <= found.objectiveKwh + 1e-9, 'the bound is above the plan')
})

test('among starts that cost the same, the one of the plan before stays', () => {
  const problem = readProblem(documentOf(new Array<number>(20).fill(-5), [cycle('a', [1, 1], 0, 20), cycle('b', [1], 0, 20)]))
  const again = planCommunity(problem, 'import', { milliseconds: 5000, previous: new Map([['a', 11]]) })
  assert.equal(again.placements[0]!.start, moment(11))
})

test('the same problem and seed give the same plan', () => {
  const document = documentOf(
    Array.from({ length: 40 }, (_, slot) => 2 * Math.cos(slot / 3) - 1),
    Array.from({ length: 30 }, (_, index) => cycle(`a${index}`, [1, 0.4, 0.2 + index / 30], index % 10, 25 + (index % 15))),
  )
  assert.deepEqual(plan(document).placements, plan(document).placements)
})

test('nothing to place is a plan too', () => {
  const { placements, status, importKwh } = plan(documentOf([1, -1], []))
  assert.deepEqual({ placements, status, importKwh }, { placements: [], status: 'optimal', importKwh: 0.25 })
})

test('what is missing or malformed is named by its path', () => {
  const good = documentOf([1, 1, 1], [cycle('a', [1], 0, 3)])
  const refused = (change: (document: Document) => void): string => {
    const document = structuredClone(good)
    change(document)
    try {
      readProblem(document)
    } catch (error) {
      if (isProblem(error)) return error.message
      throw error
    }
    return 'accepted'
  }
  const first = (document: Document): Document => (document.appliances as Document[])[0]!
  assert.equal(
    refused((it) => delete it.start),
    'start is missing.',
  )
  assert.equal(
    refused((it) => (it.productionKw = [1, 2])),
    'productionKw must have 3 values, one a slot; it has 2.',
  )
  assert.equal(
    refused((it) => (first(it).profileKw = [1, 'x'])),
    'appliances[0].profileKw[1] must be a number.',
  )
  assert.equal(
    refused((it) => (first(it).latestEnd = '2026-03-10T18:00:00')),
    'appliances[0].latestEnd must be a moment with its offset or Z.',
  )
  assert.equal(
    refused((it) => (it.appliances as Document[]).push({ ...first(it) })),
    "appliances[1].id 'a' is there twice.",
  )
  assert.equal(
    refused((it) => (it.groups = [{ id: 'g', maxKw: 1, appliances: ['b'] }])),
    'groups[0].appliances[0] must be the id of an appliance.',
  )
  assert.equal(
    refused((it) => (it.unknown = true)),
    'accepted',
  )
})

const DATA = join('..', 'shared', 'data', 'community')
test('published instances reach their optimum in both objectives, with true figures', {
  skip: existsSync(DATA) ? false : `no ${DATA}`,
}, () => {
  const optima = JSON.parse(readFileSync(join(DATA, 'optima.json'), 'utf8')) as Record<
    string,
    Record<'import' | 'unused', { optimumKwh: number; unplaced: [string, string][] }>
  >
  for (const file of readdirSync(join(DATA, 'instances'))) {
    const document = JSON.parse(readFileSync(join(DATA, 'instances', file), 'utf8')) as Document
    const problem: CommunityProblem = readProblem(document)
    for (const objective of ['import', 'unused'] as const) {
      const known = optima[file.replace('.json', '')]![objective]
      const found = planCommunity(problem, objective, { milliseconds: 20_000 })
      const what = `${file}, ${objective}: ${found.objectiveKwh} kWh`
      assert.ok(found.objectiveKwh <= known.optimumKwh * 1.001 + 0.002, `${what} instead of ${known.optimumKwh}`)
      assert.ok(found.boundKwh <= known.optimumKwh + 0.002, `${what}: the bound ${found.boundKwh} is above the optimum ${known.optimumKwh}`)
      assert.deepEqual(found.unplaced.map(({ id }) => id).sort(), known.unplaced.map(([id]) => id).sort(), what)
      const loads = [...loadsOf(document, found).values()]
      for (const [slot, power] of found.loadKw.entries()) {
        const sum = loads.reduce((total, load) => total + load[slot]!, 0)
        assert.ok(Math.abs(sum - power) < 1e-6, `${what}: slot ${slot} takes ${sum} kW, not ${power}`)
      }
    }
  }
})
