// How fast values come in through HTTP, against what PostgreSQL itself takes in the same run: COPY for large posts, a bare handler for single values.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type House, openHouse } from './http-house.ts'

export const name = 'Ingest over HTTP'

const EPOCH = Date.parse('2026-01-01T00:00:00Z')
const LARGE = 10_000

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const house = await openHouse()
  try {
    return [await large(house, short ? 8 : 30), await single(house, short ? 2 : 6)]
  } finally {
    await house.close()
  }
}

async function large(house: House, rounds: number): Promise<string> {
  const [copied, posted] = [await house.sensor(), await house.sensor()]
  const url = `${house.url}/api/v3_0/sensors/${posted}/data`
  let copyTime = 0
  let postTime = 0
  let failed = 0
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
      const report = await house.load({ url, connections: 1, posts: 1, firstMinute: first, values: LARGE })
      if (round >= 0) postTime += report.milliseconds
      failed += report.failed
    }
    for (const step of round % 2 === 0 ? [copy, post] : [post, copy]) await step()
  }
  const rate = (time: number) => Math.round((rounds * LARGE) / (time / 1000)).toLocaleString('en')
  return `posts of 10,000 values: ${rate(postTime)} values/s, COPY of the same rows ${rate(copyTime)} rows/s: ratio ${(copyTime / postTime).toFixed(2)} (wanted ≥ 0.50)${failed > 0 ? `, ${failed} FAILED` : ''}`
}

function copyText(sensor: number, source: number, first: number): string {
  let text = ''
  const now = Date.now()
  for (let i = 0; i < LARGE; i++) {
    const start = EPOCH + (first + i) * 60_000
    text += `${new Date(start).toISOString()}\t${(start + 60_000 - now) / 1000} seconds\t0.5\t${((first + i) * 37) % 1000}\t${sensor}\t${source}\n`
  }
  return text
}

async function single(house: House, rounds: number): Promise<string> {
  const [bareSensor, ourSensor] = [await house.sensor(), await house.sensor()]
  const bare = await bareHandler(house, bareSensor)
  const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/`
  const ourUrl = `${house.url}/api/v3_0/sensors/${ourSensor}/data`
  const total = { ours: 0, bare: 0, failed: 0, times: [] as number[] }
  for (let round = -1; round < rounds; round++) {
    const firstMinute = (round + 1) * 100_000
    const common = { connections: 16, milliseconds: round < 0 ? 1000 : 2500, firstMinute, values: 1 }
    const ours = async () => {
      const report = await house.load({ url: ourUrl, ...common })
      total.failed += report.failed
      if (round < 0) return
      total.ours += report.posts / (report.milliseconds / 1000)
      total.times.push(...report.times)
    }
    const plain = async () => {
      const report = await house.load({ url: bareUrl, ...common })
      total.failed += report.failed
      if (round >= 0) total.bare += report.posts / (report.milliseconds / 1000)
    }
    for (const step of round % 2 === 0 ? [ours, plain] : [plain, ours]) await step()
  }
  bare.close()
  const p50 = total.times.sort((a, b) => a - b)[Math.floor(total.times.length / 2)] ?? Number.NaN
  return `single values, 16 connections: ${Math.round(total.ours / rounds)} posts/s (median ${p50.toFixed(1)} ms), a bare handler that inserts one row ${Math.round(total.bare / rounds)}/s: ratio ${(total.ours / total.bare).toFixed(2)}${total.failed > 0 ? `, ${total.failed} FAILED` : ''}`
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
