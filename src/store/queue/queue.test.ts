import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test, { type TestContext } from 'node:test'
import { after, instant, MINUTE, manualClock, millis, nodeFlagsFor, Problem, SECOND, silentLog, systemClock } from '#kernel'
import { scratchStore } from '../scratch.ts'
import type { Store } from '../store.ts'
import type { Job, JobStatus } from './job.ts'
import { openQueue, type Queue } from './queue.ts'

const NOON = instant(Date.UTC(2026, 10, 24, 12))

async function fresh(t: TestContext, clock = manualClock(NOON)) {
  const store = await scratchStore(t, { clock })
  const queue = openQueue({ store, clock, log: silentLog })
  t.after(() => queue.close())
  return { store, queue, clock }
}

/** Resolves when the job has this status; hears of it from the queue, so nothing is polled. */
function reaches(queue: Queue, id: () => string | undefined, status: JobStatus): Promise<Job> {
  return new Promise((resolve) => {
    const stop = queue.on((job) => {
      if (job.id !== id() || job.status !== status) return
      stop()
      resolve(job)
    })
  })
}

test('a job enqueued in a transaction exists only when that commits, and then starts at once', async (t) => {
  const { store, queue } = await fresh(t, manualClock(NOON))
  const seen: unknown[] = []
  queue.work('mail', async ({ payload }) => void seen.push(payload))
  await assert.rejects(
    store.transact(async (tx) => {
      await queue.enqueue('mail', 'lost', {}, tx)
      throw new Error('no')
    }),
  )
  let id: string | undefined
  const done = reaches(queue, () => id, 'FINISHED')
  await store.transact(async (tx) => {
    id = await queue.enqueue('mail', 'kept', {}, tx)
  })
  await done
  assert.deepEqual(seen, ['kept'])
})

test('the result and the progress of a job are there for everybody to read', async (t) => {
  const { queue, store } = await fresh(t)
  const heard: unknown[] = []
  queue.on(({ progress }) => progress && heard.push(progress.done))
  queue.work('history', async (job) => {
    job.progress({ stage: 'days', done: 1, total: 14, unit: 'day' })
    job.progress({ stage: 'days', done: 14, total: 14, unit: 'day', message: 'done' })
    return { days: 14 }
  })
  let id: string | undefined
  const done = reaches(queue, () => id, 'FINISHED')
  id = await queue.enqueue('history', {})
  await done
  const job = await queue.get(id)
  assert.deepEqual(job?.result, { days: 14 })
  assert.deepEqual([job?.startedAt, job?.endedAt, job?.tries, job?.exc], [NOON, NOON, 1, null])
  assert.deepEqual([heard[0], heard.at(-1)], [1, 14])
  const [row] = await store.query<{ progress: { done: number } }>('select progress from cariflex.job')
  assert.equal(row?.progress.done, 14)
  assert.equal(await queue.get('no uuid'), undefined)
})

test('a failed job is tried again after pauses that double, and keeps why it failed', async (t) => {
  const { queue, clock } = await fresh(t)
  const tries: number[] = []
  queue.work('flaky', async (job) => {
    tries.push(job.tries)
    throw new Error(`try ${job.tries}`)
  })
  let id: string | undefined
  let back = reaches(queue, () => id, 'SCHEDULED')
  const failed = reaches(queue, () => id, 'FAILED')
  id = await queue.enqueue('flaky', {}, { backoff: millis(10_000) })
  assert.equal((await back).runAt, after(NOON, 10_000))
  back = reaches(queue, () => id, 'SCHEDULED')
  clock.forward(10_000)
  assert.equal((await back).runAt, after(NOON, 30_000))
  clock.forward(20_000)
  assert.match((await failed).exc ?? '', /try 3/)
  assert.deepEqual(tries, [1, 2, 3])
})

test('a Problem that will not pass is not tried again', async (t) => {
  const { queue } = await fresh(t)
  queue.work('strict', async () => {
    throw new Problem('unknown-sensor', 'Sensor 7 is not known.', { status: 404, hint: 'Create it first.' })
  })
  let id: string | undefined
  const failed = reaches(queue, () => id, 'FAILED')
  id = await queue.enqueue('strict', {})
  const { tries, exc } = await failed
  assert.deepEqual([tries, exc], [1, 'Sensor 7 is not known. Create it first.'])
})

test('urgent jobs go first, later ones in the order they came', async (t) => {
  const { queue } = await fresh(t)
  const order: unknown[] = []
  await queue.enqueue('line', 'second')
  await queue.enqueue('line', 'third')
  await queue.enqueue('line', 'first', { priority: 1 })
  const last = await queue.enqueue('line', 'not yet', { runAt: after(NOON, MINUTE) })
  const third = new Promise<void>((resolve) => {
    queue.work('line', async ({ payload }) => {
      order.push(payload)
      if (order.length === 3) resolve()
    })
  })
  await third
  assert.deepEqual(order, ['first', 'second', 'third'])
  assert.equal((await queue.get(last))?.status, 'SCHEDULED')
})

test('of one key one job waits and one runs, so no news is lost and none is worked on twice', async (t) => {
  const { queue } = await fresh(t)
  let go = () => {}
  let runs = 0
  let atOnce = 0
  const first = new Promise<void>((began) => {
    queue.work(
      'replan',
      async () => {
        runs++
        assert.equal(++atOnce, 1)
        began()
        if (runs === 1) await new Promise<void>((resolve) => (go = resolve))
        atOnce--
      },
      4,
    )
  })
  const running = await queue.enqueue('replan', {}, { key: 'site' })
  await first
  const waiting = await queue.enqueue('replan', {}, { key: 'site' })
  assert.notEqual(waiting, running)
  assert.equal(await queue.enqueue('replan', {}, { key: 'site' }), waiting)
  assert.equal((await queue.get(waiting))?.status, 'QUEUED')
  const done = reaches(queue, () => waiting, 'FINISHED')
  go()
  await done
  assert.equal(runs, 2)
})

test('a waiting job can be canceled, a running one is told to stop', async (t) => {
  const { queue } = await fresh(t)
  let began = () => {}
  const running = new Promise<void>((resolve) => (began = resolve))
  queue.work('long', (job) => {
    began()
    return new Promise((_, reject) => job.signal.addEventListener('abort', () => reject(job.signal.reason)))
  })
  const one = await queue.enqueue('long', 1)
  const two = await queue.enqueue('long', 2)
  await running
  const stopped = reaches(queue, () => one, 'STOPPED')
  assert.equal(await queue.cancel(two), true)
  assert.equal(await queue.cancel(one), true)
  assert.match((await stopped).exc ?? '', /canceled/)
  assert.equal((await queue.get(two))?.status, 'CANCELED')
  assert.equal(await queue.cancel(one), false)
})

test('a job that waits for another begins when that is done, and fails with it', async (t) => {
  const { queue, store } = await fresh(t)
  const seen: unknown[] = []
  queue.work('chain', async ({ payload }) => {
    if (payload === 'bad') throw new Problem('no', 'No.', { status: 422 })
    seen.push(payload)
  })
  const chain = async (payloads: string[]): Promise<string[]> => {
    const ids: string[] = []
    await store.transact(async (tx) => {
      for (const payload of payloads) {
        const before = ids.at(-1)
        ids.push(await queue.enqueue('chain', payload, before === undefined ? {} : { after: before }, tx))
      }
      const last = await tx.first<{ status: string; n: number }>('select status from cariflex.job where id = $1', [ids.at(-1)])
      assert.equal(last?.status, 'DEFERRED')
    })
    return ids
  }
  let last: string | undefined
  const good = reaches(queue, () => last, 'FINISHED')
  last = (await chain(['first', 'second', 'third'])).at(-1)
  await good
  assert.deepEqual(seen, ['first', 'second', 'third'])
  const ids = await chain(['bad', 'never', 'nor this'])
  const failed = async () => (await queue.get(ids[2]!))?.status === 'FAILED'
  while (!(await failed())) await new Promise(setImmediate)
  assert.equal((await queue.get(ids[1]!))?.exc, 'The job it waited for did not finish.')
  assert.equal(seen.length, 3)
  const late = reaches(queue, () => last, 'FINISHED')
  last = await queue.enqueue('chain', 'late', { after: last! })
  await late
})

test('a job is found by what it was asked, unless it failed or is too old', async (t) => {
  const { queue } = await fresh(t)
  const id = await queue.enqueue('plans', 1, { asked: 'same' })
  assert.equal(await queue.asked('plans', 'same', NOON), id)
  assert.equal(await queue.asked('plans', 'other', NOON), undefined)
  assert.equal(await queue.asked('plans', 'same', after(NOON, SECOND)), undefined)
  await queue.cancel(id)
  assert.equal(await queue.asked('plans', 'same', NOON), undefined)
})

test('a job is aborted at its deadline, and one that waited too long does not begin', async (t) => {
  const { queue, clock } = await fresh(t)
  let began = () => {}
  const running = new Promise<void>((resolve) => (began = resolve))
  queue.work('hurry', (job) => {
    began()
    return new Promise((_, reject) => job.signal.addEventListener('abort', () => reject(job.signal.reason)))
  })
  const id = await queue.enqueue('hurry', {}, { deadline: after(NOON, 5 * SECOND) })
  const late = await queue.enqueue('hurry', {}, { deadline: after(NOON, SECOND) })
  await running
  const failed = reaches(queue, () => id, 'FAILED')
  clock.forward(5 * SECOND)
  assert.match((await failed).exc ?? '', /deadline/)
  const ended = async () => (await queue.get(late))?.status === 'FAILED'
  for (let tries = 0; !(await ended()) && tries < 100; tries++) clock.forward(2 * SECOND)
  assert.match((await queue.get(late))?.exc ?? '', /deadline/)
})

test('many workers of two programs share the work: every job once', async (t) => {
  const store = await scratchStore(t, { connections: 10 })
  const done: unknown[] = []
  const all = new Promise<void>((resolve) => {
    for (let n = 0; n < 2; n++) {
      const queue = openQueue({ store, clock: systemClock, log: silentLog })
      t.after(() => queue.close())
      queue.work(
        'share',
        async ({ payload }) => {
          done.push(payload)
          if (done.length === 100) resolve()
        },
        5,
      )
      void Promise.all(Array.from({ length: 50 }, (_, i) => queue.enqueue('share', n * 50 + i)))
    }
  })
  await all
  assert.deepEqual(
    (done as number[]).sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  )
})

/** A program that takes the job and never ends it. */
async function takeAndDie(t: TestContext, store: Store): Promise<void> {
  const home = new URL('../', import.meta.url).href
  const script = `
    const { openStore } = await import('${home}open.ts')
    const { openQueue } = await import('${home}queue/queue.ts')
    const { silentLog, systemClock } = await import('${import.meta.resolve('#kernel')}')
    const store = openStore({ url: '${store.url}', log: silentLog, clock: systemClock })
    const queue = openQueue({ store, clock: systemClock, log: silentLog })
    queue.work('deadly', () => { console.log('taken'); return new Promise(() => setInterval(() => {}, 1000)) })
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, [...nodeFlagsFor(`${home}.ts`), '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
}

test('the jobs of a program killed with -9 come back to the next one at once', async (t) => {
  const { store, queue } = await fresh(t, manualClock(systemClock.now()))
  const id = await queue.enqueue('deadly', { keep: 'me' }, { maxTries: 1 })
  await takeAndDie(t, store)
  assert.equal((await queue.get(id))?.status, 'STARTED')
  const done = reaches(queue, () => id, 'FINISHED')
  queue.work('deadly', async ({ payload }) => payload)
  assert.deepEqual([(await done).tries, (await queue.get(id))?.result], [2, { keep: 'me' }])
})

test('a worker on another machine keeps its job while it gives signs of life, and loses it after', async (t) => {
  const { store, queue, clock } = await fresh(t)
  const id = await queue.enqueue('far', {})
  await store.query(`update cariflex.job set status = 'STARTED', tries = 1, locked_by = 'elsewhere 1 1 boot', locked_until = $1`, [
    new Date(after(NOON, 30 * SECOND)).toISOString(),
  ])
  let runs = 0
  const done = reaches(queue, () => id, 'FINISHED')
  queue.work('far', async () => void runs++)
  assert.equal((await queue.get(id))?.status, 'STARTED')
  assert.equal(runs, 0)
  clock.forward(40 * SECOND)
  await done
  assert.equal(runs, 1)
})

test('a stopping program puts its unfinished jobs back, without counting the try', async (t) => {
  const { queue, store } = await fresh(t)
  let began = () => {}
  const running = new Promise<void>((resolve) => (began = resolve))
  queue.work('long', (job) => {
    began()
    return new Promise((_, reject) => job.signal.addEventListener('abort', () => reject(job.signal.reason)))
  })
  const id = await queue.enqueue('long', {})
  await running
  await queue.close()
  const [row] = await store.query('select status, tries, locked_by from cariflex.job where id = $1', [id])
  assert.deepEqual(row, { status: 'SCHEDULED', tries: 0, locked_by: null })
})

test('ended jobs are forgotten after their time, waiting ones never', async (t) => {
  const { queue } = await fresh(t)
  const waiting = await queue.enqueue('idle', {})
  const gone = await queue.enqueue('idle', {})
  await queue.cancel(gone)
  assert.equal(await queue.forget(NOON), 0)
  assert.equal(await queue.forget(after(NOON, 1)), 1)
  assert.deepEqual(
    (await queue.list({ queue: 'idle' })).map(({ id }) => id),
    [waiting],
  )
})

test('a job that failed is tried again under its own id, one that ended well or waits is not', async (t) => {
  const { queue } = await fresh(t)
  let broken = true
  queue.work('mail', async () => {
    if (broken) throw new Problem('no-mail', 'The post is closed.', { retry: 'never' })
    return 'sent'
  })
  let id: string | undefined
  const failed = reaches(queue, () => id, 'FAILED')
  id = await queue.enqueue('mail', {})
  assert.match((await failed).exc ?? '', /The post is closed/)
  broken = false
  const finished = reaches(queue, () => id, 'FINISHED')
  assert.equal(await queue.retry(id), true)
  const job = await finished
  assert.deepEqual([job.result, job.exc, job.tries], ['sent', null, 1])
  assert.equal(await queue.retry(id), false)
  assert.equal(await queue.retry(await queue.enqueue('other', {})), false, 'it waits already')
  assert.equal(await queue.retry('nonsense'), false)
})

test('a job that an idle worker can begin is started by the statement that writes it; others wait in line', async (t) => {
  const { queue } = await fresh(t)
  const ends: (() => void)[] = []
  queue.work('quick', () => new Promise<void>((resolve) => void ends.push(resolve)), 2)
  const begun = async (job: () => Promise<string>) => {
    const before = ends.length
    const id = await job()
    const atOnce = ends.length > before
    while (ends.length === before) await new Promise(setImmediate)
    return { id, atOnce, end: ends.at(-1)! }
  }
  // The looks that a new worker takes come to an end after a few jobs.
  let first = await begun(() => queue.enqueue('quick', 'first'))
  for (let more = 0; !first.atOnce && more < 100; more++) {
    first.end()
    first = await begun(() => queue.enqueue('quick', more))
  }
  assert.ok(first.atOnce, 'its handler runs when enqueue resolves')
  const { status, tries, startedAt } = (await queue.get(first.id))!
  assert.deepEqual([status, tries, startedAt], ['STARTED', 1, NOON])
  const second = await begun(() => queue.enqueue('quick', 'second'))
  const last = await queue.enqueue('quick', 'last')
  assert.equal((await queue.get(last))!.status, 'QUEUED')
  const done = reaches(queue, () => last, 'FINISHED')
  const third = await begun(() => {
    first.end()
    return Promise.resolve(last)
  })
  third.end()
  second.end()
  await done
})
