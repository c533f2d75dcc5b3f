// Requests as they come over the wire, planned from beliefs in memory: the recorded cases of FlexMeasures 1.0.1, and its own published ones.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import test, { after } from 'node:test'
import { addDuration, isProblem, parseDuration, parseDurationLength, parseInstant } from '#kernel'
import { memoryWorld } from '../../../test/oracle/memory-world.ts'
import { type Canonical, problemOf } from '../../../test/oracle/schedule-model.ts'
import type { FlexPlan } from './flex-request.ts'
import { pricePlan, violations } from './price.ts'
import type { ScheduleRequest, ScheduleResult } from './scheduler.ts'
import type { SeriesSource } from './series-source.ts'
import { startSolverPool } from './solver-pool.ts'
import { storageScheduler } from './storage-scheduler.ts'

const pool = startSolverPool()
after(() => pool.close())

interface Recording {
  name: string
  assets: { key: string; type: string; parent?: string }[]
  sensors: { key: string; asset: string; unit: string; res: string; tz: string; attributes: Record<string, unknown> }[]
  data: { sensor: string; start: string; duration: string; values: number[] }[]
  trigger: Record<string, unknown> & { start: string; duration: string; resolution: string }
  read: string[]
  model: Canonical
  recorded: { objective?: number }
}

const plan = async (
  source: SeriesSource,
  request: ScheduleRequest,
  whenInfeasible: 'fail' | 'relax' = 'fail',
): Promise<[FlexPlan, ScheduleResult]> => {
  const read = await storageScheduler.read(request, source)
  return [read, await storageScheduler.schedule(read, { source, pool, deadlineMs: 20_000, whenInfeasible })]
}
const power = (result: ScheduleResult, sensor: number): number[] => result.outputs.find((output) => output.sensor.id === sensor)!.values

const recordings = '../shared/data/flexmeasures/schedule_cases.json'
const noRecordings = existsSync(recordings) ? false : 'the recorded cases (../shared/data) are not on this machine'

test('every recorded trigger gives a plan that keeps the rules and costs no more than the recorded one', {
  skip: noRecordings,
}, async () => {
  const { cases } = JSON.parse(readFileSync(recordings, 'utf8')) as { cases: Recording[] }
  for (const one of cases) {
    const world = memoryWorld()
    const assetIds = new Map(one.assets.map((asset, index) => [asset.key, world.asset(index + 1, { type: asset.type })]))
    const ids = new Map<string, number>()
    one.sensors.forEach((sensor, index) => {
      const positive = sensor.attributes['consumption_is_positive']
      const more = { zone: sensor.tz, ...(typeof positive === 'boolean' ? { consumptionIsPositive: positive } : {}) }
      ids.set(sensor.key, world.sensor(100 + index, assetIds.get(sensor.asset)!, sensor.unit, sensor.res, more))
    })
    for (const { sensor, start, duration, values } of one.data)
      world.post(ids.get(sensor)!, parseInstant(start), parseDurationLength(duration), values)
    const named = JSON.parse(
      JSON.stringify(one.trigger).replace(/"@(asset:)?(\w+)"/g, (_, asset, key) => String(asset ? assetIds.get(key) : ids.get(key))),
    )
    const start = parseInstant(named.start)
    const request: ScheduleRequest = {
      asset: assetIds.get('site')!,
      start,
      end: addDuration(start, parseDuration(named.duration), one.sensors[0]!.tz),
      resolution: parseDurationLength(named.resolution),
      prior: start,
      flexModel: named['flex-model'],
      flexContext: named['flex-context'],
    }
    if (one.recorded.objective === undefined) {
      await assert.rejects(plan(world.source, request), (error) => isProblem(error) && error.message.includes('infeasible'), one.name)
      const [, near] = await plan(world.source, request, 'relax')
      assert.ok(near.relaxed && near.unmet.length === 1, one.name)
      assert.equal(near.unmet[0]!.violationKwh.toFixed(3), '30.000')
      continue
    }
    const [, result] = await plan(world.source, request)
    const problem = problemOf(one.model)
    const powers = one.read.map((key) => power(result, ids.get(key)!).map((value) => -value))
    assert.deepEqual(violations(problem, powers, 1e-5), [], one.name)
    const { objective } = pricePlan(problem, powers)
    const limit = one.recorded.objective + Math.abs(one.recorded.objective) * 1e-6 + 1e-6
    assert.ok(objective <= limit, `${one.name}: ${objective} is more than ${one.recorded.objective}`)
    assert.ok(
      Math.abs(result.objective - objective) <= 1e-5 * Math.max(1, Math.abs(objective)),
      `${one.name} states ${result.objective}, costs ${objective}`,
    )
  }
})
