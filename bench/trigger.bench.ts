// From the trigger of a schedule to its first 200, as a client sees it, polling every 2 ms. Baseline: a bare health request on the same server.
import type { TestContext } from 'node:test'
import { startTerritory, type Territory } from '../test/journeys/territory.ts'

export const name = 'Schedule triggered → schedule read, over HTTP'

interface Answer {
  id: number
  schedule: string
}

const quantile = (values: number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!

async function timed(island: Territory, path: string, body: unknown, read: (uuid: string) => string): Promise<number> {
  const began = performance.now()
  const { body: answer, status } = await island.ask<Answer>('POST', path, body)
  if (status !== 202) throw new Error(`the trigger was answered ${status}: ${JSON.stringify(answer)}`)
  for (;;) {
    const { status, body: said } = await island.ask('GET', read(answer.schedule))
    if (status === 200) return performance.now() - began
    if (!JSON.stringify(said).match(/waiting|progress/)) throw new Error(`the schedule failed: ${JSON.stringify(said)}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const undo: (() => unknown)[] = []
  const t = { after: (step: () => unknown) => void undo.push(step) } as unknown as TestContext
  try {
    const island = await startTerritory(t, { env: { FLEXMEASURES_API_DEFAULT_RATE_LIMIT: '', FLEXMEASURES_API_TRIGGER_RATE_LIMIT: '' } })
    await new Promise((resolve) => setTimeout(resolve, 20_000))
    const type = 5
    const account = (await island.ask<{ account_id: number }[]>('GET', '/api/v3_0/users')).body[0]!.account_id
    const asset = (
      await island.ask<Answer>('POST', '/api/v3_0/assets', { name: 'Bench battery', generic_asset_type_id: type, account_id: account })
    ).body.id
    const power = (
      await island.ask<Answer>('POST', '/api/v3_0/sensors', {
        name: 'power',
        unit: 'kW',
        event_resolution: 'PT15M',
        generic_asset_id: asset,
      })
    ).body.id
    const start = new Date(Math.ceil(Date.now() / 3_600_000) * 3_600_000)
    const storage = (soc: number) => ({
      'soc-unit': 'kWh',
      'soc-at-start': soc,
      'soc-min': 0,
      'soc-max': 100,
      'power-capacity': '50 kW',
      'roundtrip-efficiency': 0.9,
    })
    const context = { 'consumption-price': { sensor: 84 }, 'site-power-capacity': '500 kW' }
    const health: number[] = []
    const single: number[] = []
    for (let index = 0; index < (short ? 40 : 200); index++) {
      const began = performance.now()
      await island.ask('GET', '/health/live')
      health.push(performance.now() - began)
      const body = {
        start: start.toISOString(),
        duration: 'PT24H',
        'flex-model': [{ sensor: power, ...storage(20 + (index % 60) + index / 1000) }],
        'flex-context': context,
      }
      single.push(
        await timed(
          island,
          `/api/v3_0/assets/${asset}/schedules/trigger`,
          body,
          (uuid) => `/api/v3_0/sensors/${power}/schedules/${uuid}?duration=PT24H`,
        ),
      )
    }
    // A site of its own: the batteries of the island have stored flex-models, and would be planned too.
    const site = (
      await island.ask<Answer>('POST', '/api/v3_0/assets', { name: 'Bench site', generic_asset_type_id: 6, account_id: account })
    ).body.id
    const many: number[] = []
    const sensors: number[] = []
    for (let index = 0; index < 20; index++) {
      const child = (
        await island.ask<Answer>('POST', '/api/v3_0/assets', {
          name: `Bench storage ${index}`,
          generic_asset_type_id: type,
          account_id: account,
          parent_asset_id: site,
        })
      ).body.id
      sensors.push(
        (
          await island.ask<Answer>('POST', '/api/v3_0/sensors', {
            name: 'power',
            unit: 'kW',
            event_resolution: 'PT15M',
            generic_asset_id: child,
          })
        ).body.id,
      )
    }
    for (let index = 0; index < (short ? 5 : 20); index++) {
      const body = {
        start: start.toISOString(),
        duration: 'PT24H',
        'flex-model': sensors.map((sensor, at) => ({ sensor, ...storage(10 + 4 * at + index / 10) })),
        'flex-context': context,
      }
      many.push(
        await timed(
          island,
          `/api/v3_0/assets/${site}/schedules/trigger`,
          body,
          (uuid) => `/api/v3_0/sensors/${sensors[0]}/schedules/${uuid}?duration=PT24H`,
        ),
      )
    }
    const base = quantile(health, 0.5)
    return [
      `baseline, GET /health/live: p50 ${base.toFixed(1)} ms`,
      `one battery, 24 h × 15 min: p50 ${quantile(single, 0.5).toFixed(1)} ms, p95 ${quantile(single, 0.95).toFixed(1)} ms over ${single.length} (at most 25; ${(quantile(single, 0.5) / base).toFixed(1)} × the baseline)`,
      `20 storages in one plan, 24 h × 15 min: p50 ${quantile(many, 0.5).toFixed(0)} ms, worst ${Math.max(...many).toFixed(0)} ms over ${many.length} (at most 2000)`,
    ]
  } finally {
    for (const step of undo.reverse()) await step()
  }
}
