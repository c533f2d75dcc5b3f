/**
 * From the trigger of a schedule to its first 200, as a client sees it that asks again every 2 ms: a battery for a day and for a week, a house, 10
 * and 20 storages; how long the trigger and the reading take, how often it was asked. Baseline in the same run: a bare health request before each.
 */
import type { TestContext } from 'node:test'
import { startTerritory, type Territory } from '../test/journeys/territory.ts'
import { random } from './sites.ts'

export const name = 'Schedule triggered → schedule read, over HTTP'

interface Answer {
  id: number
  schedule: string
}

interface Taken {
  health: number
  trigger: number
  read: number
  asked: number
}

type Entry = Record<string, unknown>

const quantile = (values: number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!

async function timed(island: Territory, asset: number, body: Entry, sensor: number): Promise<Taken> {
  const before = performance.now()
  await island.ask('GET', '/health/live')
  const began = performance.now()
  const { body: answer, status } = await island.ask<Answer>('POST', `/api/v3_0/assets/${asset}/schedules/trigger`, body)
  if (status !== 202) throw new Error(`the trigger was answered ${status}: ${JSON.stringify(answer)}`)
  const accepted = performance.now()
  for (let asked = 1; ; asked++) {
    const path = `/api/v3_0/sensors/${sensor}/schedules/${answer.schedule}?duration=${body['duration']}`
    const { status: http, body: said } = await island.ask('GET', path)
    if (http === 200) return { health: began - before, trigger: accepted - began, read: performance.now() - accepted, asked }
    if (!JSON.stringify(said).match(/waiting|progress/)) throw new Error(`the schedule failed: ${JSON.stringify(said)}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

interface Case {
  what: string
  most: number
  rounds: number
  devices: number
  duration: string
  /** Flex-model of a round for the power sensors of its devices. */
  model(sensors: number[], round: number): Entry[]
}

const START = new Date(Math.ceil(Date.now() / 3_600_000) * 3_600_000)
const later = (hours: number) => new Date(START.getTime() + hours * 3_600_000).toISOString()

const storage = (sensor: number, soc: number): Entry => ({
  sensor,
  'soc-unit': 'kWh',
  'soc-at-start': soc,
  'soc-min': 0,
  'soc-max': 100,
  'power-capacity': '50 kW',
  'roundtrip-efficiency': 0.9,
})
const car = (sensor: number, soc: number, hours: number): Entry => ({
  sensor,
  'soc-at-start': `${soc} kWh`,
  'soc-max': '60 kWh',
  'power-capacity': '11 kW',
  'production-capacity': '0 kW',
  'charging-efficiency': '92%',
  'soc-minima': [{ value: '50 kWh', datetime: later(hours) }],
})
const roof = (sensor: number): Entry => ({
  sensor,
  'power-capacity': '12 kW',
  'consumption-capacity': '0 kW',
  'production-capacity': Array.from({ length: 24 }, (_, hour) => ({
    value: `${Math.max(0, 12 * Math.sin(((hour - 6) / 12) * Math.PI)).toFixed(2)} kW`,
    start: later(hour),
    duration: 'PT1H',
  })),
})

const CASES: Case[] = [
  {
    what: 'one battery, 24 h × 15 min',
    most: 20,
    rounds: 200,
    devices: 1,
    duration: 'PT24H',
    model: ([sensor], round) => [storage(sensor!, 20 + (round % 60) + round / 1000)],
  },
  {
    what: 'one battery, 7 days × 15 min',
    most: 90,
    rounds: 40,
    devices: 1,
    duration: 'PT168H',
    model: ([sensor], round) => [storage(sensor!, 20 + (round % 60) + round / 1000)],
  },
  {
    what: 'battery, 2 cars and a roof, 24 h × 15 min',
    most: 50,
    rounds: 40,
    devices: 4,
    duration: 'PT24H',
    model: (sensors, round) => [
      storage(sensors[0]!, 20 + (round % 60)),
      car(sensors[1]!, 10 + (round % 20), 8),
      car(sensors[2]!, 15 + (round % 10), 10),
      roof(sensors[3]!),
    ],
  },
  ...[10, 20].map((devices) => ({
    what: `${devices} storages, 24 h × 15 min`,
    most: devices === 10 ? 150 : 300,
    rounds: 20,
    devices,
    duration: 'PT24H',
    model: (sensors: number[], round: number) => sensors.map((sensor, at) => storage(sensor, 10 + (80 * at) / devices + round / 10)),
  })),
]

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const undo: (() => unknown)[] = []
  const t = { after: (step: () => unknown) => void undo.push(step) } as unknown as TestContext
  try {
    const island = await startTerritory(t, { env: { FLEXMEASURES_API_DEFAULT_RATE_LIMIT: '', FLEXMEASURES_API_TRIGGER_RATE_LIMIT: '' } })
    await new Promise((resolve) => setTimeout(resolve, 20_000))
    const account = (await island.ask<{ account_id: number }[]>('GET', '/api/v3_0/users')).body[0]!.account_id
    const made = async (what: 'assets' | 'sensors', body: Entry): Promise<number> => {
      const { status, body: answer } = await island.ask<Answer>('POST', `/api/v3_0/${what}`, body)
      if (status !== 201) throw new Error(`${what}: ${status} ${JSON.stringify(answer)}`)
      return answer.id
    }
    const owner = { account_id: account }
    // Sites of our own: the batteries of the island have stored flex-models, and would be planned too.
    const market = await made('assets', { name: 'Bench market', generic_asset_type_id: 6, ...owner })
    const price = await made('sensors', { name: 'price', unit: 'EUR/MWh', event_resolution: 'PT1H', generic_asset_id: market })
    const next = random(7)
    const values = Array.from({ length: 24 * 8 }, (_, hour) => 150 + 60 * Math.sin((hour * 2 * Math.PI) / 12) + 20 * next())
    await island.ask('POST', `/api/v3_0/sensors/${price}/data`, { start: START.toISOString(), duration: 'PT192H', unit: 'EUR/MWh', values })
    const lines: string[] = []
    for (const { what, most, rounds, devices, duration, model } of CASES) {
      const site = await made('assets', { name: `Bench ${what}`, generic_asset_type_id: 6, ...owner })
      const sensors: number[] = []
      for (let index = 0; index < devices; index++) {
        const asset = await made('assets', { name: `device ${index}`, generic_asset_type_id: 5, parent_asset_id: site, ...owner })
        sensors.push(await made('sensors', { name: 'power', unit: 'kW', event_resolution: 'PT15M', generic_asset_id: asset }))
      }
      const taken: Taken[] = []
      for (let round = -3; round < (short ? Math.ceil(rounds / 5) : rounds); round++) {
        const body = {
          start: START.toISOString(),
          duration,
          'flex-model': model(sensors, round + 3),
          'flex-context': { 'consumption-price': { sensor: price }, 'site-power-capacity': devices > 4 ? '300 kW' : '60 kW' },
        }
        const one = await timed(island, site, body, sensors[0]!)
        if (round >= 0) taken.push(one)
      }
      const of = (pick: (one: Taken) => number, share = 0.5) => quantile(taken.map(pick), share)
      const whole = ({ trigger, read }: Taken) => trigger + read
      const base = of(({ health }) => health)
      lines.push(
        `${what}: p50 ${of(whole).toFixed(1)} ms, p95 ${of(whole, 0.95).toFixed(1)} ms, best ${of(whole, 0).toFixed(1)} ms over ${taken.length} (at most ${most}; ${(of(whole) / base).toFixed(1)} × a health request of ${base.toFixed(1)} ms)`,
        `  trigger ${of(({ trigger }) => trigger).toFixed(1)} ms, then read ${of(({ read }) => read).toFixed(1)} ms; asked ${(taken.reduce((sum, { asked }) => sum + asked, 0) / taken.length).toFixed(2)} times`,
      )
    }
    return lines
  } finally {
    for (const step of undo.reverse()) await step()
  }
}
