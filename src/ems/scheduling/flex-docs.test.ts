// The requests of the docs are requests that plan, and the examples of every field are values the field takes.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test, { after } from 'node:test'
import { addDuration, DAY, HOUR, type Instant, instant, parseDuration, parseDurationLength, parseInstant } from '#kernel'
import { memoryWorld } from '../../../test/oracle/memory-world.ts'
import { FLEX_FIELDS } from './flex-fields.ts'
import { refusalsOfStored } from './flex-stored.ts'
import { startSolverPool } from './solver-pool.ts'
import { storageScheduler } from './storage-scheduler.ts'

const pool = startSolverPool()
after(() => pool.close())

type Body = {
  start: string
  duration: string
  resolution?: string
  'flex-model': Record<string, unknown>[]
  'flex-context': Record<string, unknown> | Record<string, unknown>[]
}

/** The site of the how-to: asset 12, with everything it names. */
function site(from: Instant) {
  const world = memoryWorld()
  world.asset(12, { type: 'building' })
  for (const id of [13, 14, 15]) world.asset(id)
  world.sensor(84, 12, 'EUR/MWh', 'PT1H')
  for (const id of [31, 32, 33, 34, 41, 42]) world.sensor(id, 13, 'kW', 'PT15M')
  for (const id of [41, 42]) world.sensor(id, 13, 'kW', 'PT15M', { consumptionIsPositive: true })
  world.sensor(71, 13, 'kWh', 'PT0S')
  world.post(71, from, 1, [150])
  world.post(
    84,
    from,
    DAY,
    Array.from({ length: 24 }, (_, hour) => 60 + 30 * Math.sin(hour)),
  )
  for (const id of [41, 42]) world.post(id, from, DAY, new Array(96).fill(12))
  return world
}

test('the requests of the how-to are planned', async () => {
  const page = readFileSync('docs/how-to/ask-for-a-schedule.md', 'utf8')
  const bodies = [...page.matchAll(/^```json\n([\s\S]*?)^```/gm)].map(([, text]) => JSON.parse(text!) as Body)
  assert.equal(bodies.length, 3)
  for (const body of bodies) {
    const start = parseInstant(body.start)
    const world = site(start)
    const context = body['flex-context']
    const request = {
      asset: 12,
      start,
      end: addDuration(start, parseDuration(body.duration), 'Europe/Paris'),
      prior: start,
      flexModel: body['flex-model'],
      flexContext: Array.isArray(context) ? { commodities: context } : context,
      ...(body.resolution !== undefined && { resolution: parseDurationLength(body.resolution) }),
    }
    const read = await storageScheduler.read(request, world.source)
    const result = await storageScheduler.schedule(read, { source: world.source, pool, deadlineMs: 20_000, whenInfeasible: 'fail' })
    const slots = (read.steps.count * read.steps.step) / (HOUR / 4)
    assert.ok(result.outputs.some(({ values }) => values.length === slots))
    assert.deepEqual(result.unmet, [])
  }
})

test('the example of every field that may be stored is taken as it stands', async () => {
  for (const { of, name, example, stored, deprecated } of FLEX_FIELDS) {
    if (example === undefined || !stored || deprecated) continue
    const world = site(instant(0))
    for (const id of [3, 7]) world.asset(id)
    for (const id of [5, 7, 8, 12, 13, 14, 15, 16, 17, 18, 20, 21, 30])
      world.sensor(
        id,
        12,
        name.startsWith('state') ? 'kWh' : name.includes('price') ? 'EUR/MWh' : 'kW',
        name.startsWith('state') ? 'PT0S' : 'PT15M',
      )
    // Prices are stored as sensors only, wishes never as series.
    const value = typeof example === 'string' && /^(consumption|production)-price$/.test(name) ? { sensor: 5 } : example
    const refusals = await refusalsOfStored(of, { [name]: value }, world.source)
    const isSeries = Array.isArray(value) && /^soc-(minima|maxima|targets)$/.test(name)
    if (isSeries) assert.match(JSON.stringify(refusals), /listing segments/, `${of} ${name}`)
    else assert.equal(refusals, undefined, `${of} ${name}: ${JSON.stringify(refusals)}`)
  }
})
