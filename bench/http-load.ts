// A client in a thread of its own: posts bodies over kept-alive connections, so that its work is not counted as the server's.
import { Agent, request } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'

export interface LoadOrder {
  url: string
  token: string
  connections: number
  /** Stop after so many posts, or after so many milliseconds. */
  posts?: number
  milliseconds?: number
  /** GET the address instead of posting. */
  get?: boolean
  /** Minute since 2026-01-01 that the first value is for; every post takes `values` further minutes, or the same ones again. */
  firstMinute: number
  again?: boolean
  values: number
  /** Added to the values: other values for the same minutes. */
  shift?: number
  /** Belief time of all values; default the moment of arrival. */
  prior?: string
  /** Status that counts as success, default 200. */
  wanted?: number
}

export interface LoadReport {
  posts: number
  failed: number
  milliseconds: number
  /** Sorted times of single posts, ms. */
  times: number[]
}

const EPOCH = Date.parse('2026-01-01T00:00:00Z')

const send = (agent: Agent, url: URL, token: string, body: string | undefined): Promise<number> =>
  new Promise((resolve, reject) => {
    const out = request(
      url,
      {
        agent,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: token,
          ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      },
      (answer) => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode ?? 0))
      },
    )
    out.on('error', reject)
    out.end(body)
  })

async function load(order: LoadOrder): Promise<LoadReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: order.connections })
  const url = new URL(order.url)
  const times: number[] = []
  let next = 0
  let failed = 0
  const start = performance.now()
  const going = () => (order.posts === undefined ? performance.now() - start < (order.milliseconds ?? 0) : next < order.posts)
  const bodyOf = (turn: number) => {
    const minute = order.firstMinute + (order.again ? 0 : turn * order.values)
    return JSON.stringify({
      start: new Date(EPOCH + minute * 60_000).toISOString(),
      duration: `PT${order.values}M`,
      values: Array.from({ length: order.values }, (_, i) => (((minute + i) * 37) % 1000) + (order.shift ?? 0)),
      unit: 'kW',
      ...(order.prior !== undefined && { prior: order.prior }),
    })
  }
  const client = async () => {
    while (going()) {
      const body = order.get ? undefined : bodyOf(next)
      next++
      const from = performance.now()
      if ((await send(agent, url, order.token, body)) !== (order.wanted ?? 200)) failed++
      times.push(performance.now() - from)
    }
  }
  await Promise.all(Array.from({ length: order.connections }, client))
  agent.destroy()
  return { posts: next, failed, milliseconds: performance.now() - start, times: times.sort((a, b) => a - b) }
}

if (parentPort) {
  const port = parentPort
  void load(workerData as LoadOrder).then((report) => port.postMessage(report))
}
