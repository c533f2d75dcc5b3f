// How fast values come in through HTTP, durably, against FlexMeasures and against what PostgreSQL itself takes in the same run: COPY, and a bare
// handler that inserts one row.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FLEXMEASURES, times } from './flexmeasures-figures.ts'
import { type House, openHouse, perCall, type Spent } from './http-house.ts'

export const name = 'Ingest over HTTP'

const EPOCH = Date.parse('2026-01-01T00:00:00Z')
const LARGE = 10_000
const DAY = 96

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const house = await openHouse()
  try {
    return [
      await large(house, short ? 8 : 30),
      ...(await medium(house, short ? 1500 : 5000)),
      ...(await single(house, short ? 2 : 6)),
      ...(await again(house, short ? 10 : 40)),
    ]
  } finally {
    await house.close()
  }
}

const rounded = (value: number) => Math.round(value).toLocaleString('en')
const failures = (failed: number) => (failed > 0 ? `, ${failed} FAILED` : '')
const middle = (sorted: readonly number[]) => sorted[Math.floor(sorted.length / 2)] ?? Number.NaN

async function large(house: House, rounds: number): Promise<string> {
  const [copied, posted] = [await house.sensor(), await house.sensor()]
  const url = `${house.url}/api/v3_0/sensors/${posted}/data`
  let copyTime = 0
  let postTime = 0
  let failed = 0
  const spent: Spent = { server: 0, database: 0 }
  for (let round = -1; round < rounds; round++) {
    const first = (round + 1) * LARGE
    const copy = async () => {
      const text = copyText(copied, house.source, first)
      const from = performance.now()
      await house.store.copyIn(
        'copy timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id) from stdin',
        text,
      )
      if (round >= 0) copyTime += performance.now() - from
    }
    const post = async () => {
      const before = house.processor()
      const report = await house.load({ url, connections: 1, posts: 1, firstMinute: first, values: LARGE })
      const after = house.processor()
      if (round >= 0) postTime += report.milliseconds
      if (round >= 0) for (const one of ['server', 'database'] as const) spent[one] += after[one] - before[one]
      failed += report.failed
    }
    for (const step of round % 2 === 0 ? [copy, post] : [post, copy]) await step()
  }
  const rate = (time: number) => (rounds * LARGE) / (time / 1000)
  return `10,000 values a call, 1 client: ${rounded(rate(postTime))} beliefs/s, ${times(rate(postTime), FLEXMEASURES.ingest[10_000], 12)}; COPY of the same rows ${rounded(rate(copyTime))} rows/s: ratio ${(copyTime / postTime).toFixed(2)} (wanted ≥ 0.50); ${perCall(NOTHING, spent, rounds)}${failures(failed)}`
}

const NOTHING: Spent = { server: 0, database: 0 }

function copyText(sensor: number, source: number, first: number): string {
  let text = ''
  const now = Date.now()
  for (let i = 0; i < LARGE; i++) {
    const start = EPOCH + (first + i) * 60_000
    text += `${new Date(start).toISOString()}\t${(start + 60_000 - now) / 1000} seconds\t0.5\t${((first + i) * 37) % 1000}\t${sensor}\t${source}\n`
  }
  return text
}

async function medium(house: House, milliseconds: number): Promise<string[]> {
  const lines: string[] = []
  for (const connections of [1, 4]) {
    const url = `${house.url}/api/v3_0/sensors/${await house.sensor()}/data`
    await house.load({ url, connections, milliseconds: 500, firstMinute: 0, values: DAY })
    const before = house.processor()
    const report = await house.load({ url, connections, milliseconds, firstMinute: 10_000_000, values: DAY })
    const spent = perCall(before, house.processor(), report.posts)
    const rate = (report.posts * DAY) / (report.milliseconds / 1000)
    lines.push(
      `96 values a call, ${connections} client${connections > 1 ? 's' : ''}: ${rounded(rate)} beliefs/s (median ${middle(report.times).toFixed(1)} ms a call), ${times(rate, FLEXMEASURES.ingest[96], 15)}; ${spent}${failures(report.failed)}`,
    )
  }
  return lines
}

async function single(house: House, rounds: number): Promise<string[]> {
  const lines: string[] = []
  for (const connections of [1, 16]) {
    const [bareSensor, ourSensor] = [await house.sensor(), await house.sensor()]
    const bare = await bareHandler(house, bareSensor)
    const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/`
    const ourUrl = `${house.url}/api/v3_0/sensors/${ourSensor}/data`
    const total = { ours: 0, bare: 0, failed: 0, posts: 0, times: [] as number[] }
    const spent: Spent = { server: 0, database: 0 }
    for (let round = -1; round < rounds; round++) {
      const common = { connections, milliseconds: round < 0 ? 1000 : 2500, firstMinute: (round + 1) * 100_000, values: 1 }
      const ours = async () => {
        const before = house.processor()
        const report = await house.load({ url: ourUrl, ...common })
        const after = house.processor()
        total.failed += report.failed
        if (round < 0) return
        for (const one of ['server', 'database'] as const) spent[one] += after[one] - before[one]
        total.posts += report.posts
        total.ours += report.posts / (report.milliseconds / 1000) / rounds
        total.times.push(...report.times)
      }
      const plain = async () => {
        const report = await house.load({ url: bareUrl, ...common })
        total.failed += report.failed
        if (round >= 0) total.bare += report.posts / (report.milliseconds / 1000) / rounds
      }
      for (const step of round % 2 === 0 ? [ours, plain] : [plain, ours]) await step()
    }
    bare.close()
    lines.push(
      `1 value a call, ${connections} client${connections > 1 ? 's' : ''}: ${rounded(total.ours)} beliefs/s (median ${middle(total.times.sort((a, b) => a - b)).toFixed(1)} ms), ${times(total.ours, FLEXMEASURES.ingest[1], 30)}; a bare handler that inserts one row ${rounded(total.bare)}/s: ratio ${(total.ours / total.bare).toFixed(2)}; ${perCall(NOTHING, spent, total.posts)}${failures(total.failed)}`,
    )
  }
  return lines
}

/** What is known, what replaces and what is believed anew, against what was never heard of, on a sensor with 51,000 beliefs. */
async function again(house: House, rounds: number): Promise<string[]> {
  const sensor = await house.sensor()
  const url = `${house.url}/api/v3_0/sensors/${sensor}/data`
  await house.load({ url, connections: 1, posts: 6, firstMinute: 0, values: 8500, prior: '2026-07-01T00:00:00Z' })
  const call = async (order: { firstMinute: number; prior: string; shift?: number; wanted?: number }) =>
    house.load({ url, connections: 1, posts: 1, values: DAY, ...order })
  const took = { news: [] as number[], known: [] as number[], believedAnew: [] as number[], refused: [] as number[] }
  let failed = 0
  for (let round = -1; round < rounds; round++) {
    const note = async (kind: keyof typeof took, order: Parameters<typeof call>[0]) => {
      const report = await call(order)
      failed += report.failed
      if (round >= 0) took[kind].push(report.times[0]!)
    }
    const firstMinute = 60_000 + (round + 1) * DAY
    await note('news', { firstMinute, prior: '2026-07-01T00:00:00Z' })
    await note('known', { firstMinute, prior: '2026-07-01T00:00:00Z' })
    await note('refused', { firstMinute, prior: '2026-07-01T00:00:00Z', shift: 1, wanted: 403 })
    await note('believedAnew', { firstMinute, prior: '2026-07-02T00:00:00Z', shift: 1 })
  }
  const median = (list: number[]) => middle(list.sort((a, b) => a - b))
  const [news, known, anew, refused] = [median(took.news), median(took.known), median(took.believedAnew), median(took.refused)]
  return [
    `96 values on a sensor with 51,000 beliefs, one call: news ${news.toFixed(1)} ms, known already ${known.toFixed(1)} ms (FlexMeasures: about ${FLEXMEASURES.repost96} ms, ${Math.round(FLEXMEASURES.repost96 / known)} times as long), changed by a later belief ${anew.toFixed(1)} ms, replacements refused in ${refused.toFixed(1)} ms${failures(failed)}`,
  ]
}

/** The least a server must do: read the body, insert one row durably, answer. */
function bareHandler(house: House, sensor: number): Promise<Server> {
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (part: string) => {
      text += part
    })
    request.on('end', () => {
      const body = JSON.parse(text) as { start: string; values: number[] }
      const start = Date.parse(body.start)
      house.store
        .query(
          `insert into timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)
           values ($1, make_interval(secs => $2), 0.5, $3, $4, $5)`,
          [body.start, (start + 60_000 - Date.now()) / 1000, body.values[0], sensor, house.source],
        )
        .then(
          () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"PROCESSED"}'),
          () => response.writeHead(500).end(),
        )
    })
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}
