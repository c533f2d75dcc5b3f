import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import test, { type TestContext } from 'node:test'
import { manualClock } from '#kernel'
import { createApp } from './app.ts'
import { NOON } from './door.fixture.ts'
import { createHub, type Hub } from './sse.ts'

interface Follower {
  response: IncomingMessage
  /** Everything heard so far. */
  heard(): string
  /** Resolves once the text has been heard. */
  until(text: string): Promise<void>
}

/** Number of the nth event of a hub that was made at NOON. */
const id = (nth: number): number => NOON + nth

async function stream(t: TestContext) {
  const clock = manualClock(NOON)
  const hub: Hub = createHub(clock)
  const app = createApp()
  app.get('/stream/:account', async (request, reply) => {
    const account = Number((request.params as { account: string }).account)
    hub.subscribe(request, reply, (event) => event.account === undefined || event.account === account)
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(async () => {
    hub.close()
    await app.close()
  })
  const follow = (account: number, last?: number): Promise<Follower> =>
    new Promise((resolve, reject) => {
      const request = get(
        `${url}/stream/${account}`,
        { headers: last === undefined ? {} : { 'last-event-id': String(last) } },
        (response) => {
          let text = ''
          let wake = () => {}
          response.setEncoding('utf8')
          response.on('data', (part: string) => {
            text += part
            wake()
          })
          response.on('error', () => {})
          resolve({
            response,
            heard: () => text,
            async until(wanted) {
              while (!text.includes(wanted))
                await new Promise<void>((again) => {
                  wake = again
                })
            },
          })
        },
      )
      request.on('error', reject)
      t.after(() => request.destroy())
    })
  return { hub, clock, follow }
}

test('events reach those who may see them, with their name and a number', async (t) => {
  const { hub, follow } = await stream(t)
  const [one, two] = [await follow(1), await follow(2)]
  assert.equal(one.response.headers['content-type'], 'text/event-stream; charset=utf-8')
  hub.publish({ event: 'plan', data: { site: 7 }, account: 1 })
  hub.publish({ event: 'job', data: 'done' })
  await one.until('"done"')
  await two.until('"done"')
  const [first, second] = [id(1), id(2)]
  assert.ok(one.heard().endsWith(`id: ${first}\nevent: plan\ndata: {"site":7}\n\nid: ${second}\nevent: job\ndata: "done"\n\n`))
  assert.doesNotMatch(two.heard(), /plan/)
})

test('who comes back hears what was missed, and is told to read afresh when too much was', async (t) => {
  const { hub, follow } = await stream(t)
  for (let i = 1; i <= 3; i++) hub.publish({ event: 'live', data: i, account: 1 })
  const back = await follow(1, id(1))
  await back.until('data: 3')
  assert.doesNotMatch(back.heard(), /data: 1\n/)
  assert.ok(back.heard().includes(`id: ${id(2)}\nevent: live\ndata: 2\n\nid: ${id(3)}\n`))
  assert.doesNotMatch(back.heard(), /reset/)
  for (let i = 4; i <= 1100; i++) hub.publish({ event: 'live', data: i, account: 1 })
  const late = await follow(1, id(5))
  await late.until('data: 1100')
  assert.match(late.heard(), /event: reset/)
  const stranger = await follow(1, id(99_999))
  await stranger.until('event: reset')
})

test('who comes back to a program that was started again is told to read afresh, before and after its first event', async (t) => {
  const { hub, follow } = await stream(t)
  const lastOfOldRun = NOON - 60_000
  const early = await follow(1, lastOfOldRun)
  await early.until('event: reset')
  hub.publish({ event: 'live', data: 'first', account: 1 })
  const later = await follow(1, lastOfOldRun)
  await later.until('"first"')
  assert.match(later.heard(), /event: reset/)
})

test('a connection that says nothing is kept alive, and one that does not read is dropped', async (t) => {
  const { hub, clock, follow } = await stream(t)
  const reader = await follow(1)
  clock.forward(15_000)
  await reader.until(': still here')
  const sleeper = await follow(1)
  sleeper.response.pause()
  assert.equal(hub.clients, 2)
  const large = 'x'.repeat(200_000)
  const closed = new Promise((resolve) => sleeper.response.on('close', resolve))
  for (let i = 0; hub.clients === 2 && i < 2000; i++) {
    hub.publish({ event: 'live', data: large, account: 1 })
    await reader.until(`id: ${id(i + 1)}\n`)
  }
  assert.equal(hub.clients, 1, 'the one that reads stays')
  sleeper.response.resume()
  await closed
})
