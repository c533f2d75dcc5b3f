import assert from 'node:assert/strict'
import test from 'node:test'
import { after, DAY, HOUR, MINUTE, manualClock } from '#kernel'
import { scratchStore } from '#store'
import { beatOnce } from './heartbeat.ts'
import { flatPlan, openIsland, settleIsland, smallSite, TEN } from './island.fixture.ts'
import { thin } from './retention.ts'

test('raw readings go after hours, plans after days but for the newest; beliefs stay', async (t) => {
  const store = await scratchStore(t)
  const clock = manualClock(TEN)
  const site = smallSite()
  await settleIsland(store, site)
  const { line } = openIsland(store, clock, site)
  const planner = await line.beliefs.source({ name: 'Cariflex', type: 'scheduler' })
  for (let opinion = 0; opinion < 3; opinion++)
    await line.beliefs.record([
      { sensor: 151, source: planner, starts: [after(TEN, HOUR)], values: [opinion], beliefTime: after(TEN, opinion * MINUTE) },
    ])
  await line.plans.keep(flatPlan(site, TEN, { BAT001: 1 }))
  await line.plans.keep(flatPlan(site, after(TEN, MINUTE), { BAT001: 2 }))
  await beatOnce(line)
  const count = async (table: string) => (await store.first<{ n: number }>(`select count(*)::int as n from ${table}`))!.n
  await thin(line, after(TEN, DAY))
  assert.deepEqual([await count('cariflex.reading'), await count('cariflex.plan')], [0, 2])
  await thin(line, after(TEN, 8 * DAY))
  assert.deepEqual([await count('timed_belief'), await count('cariflex.plan')], [3, 1], 'the newest plan stays')
})
