import assert from 'node:assert/strict'
import test from 'node:test'
import { after, DAY, HOUR, MINUTE, manualClock } from '#kernel'
import { scratchStore } from '#store'
import { beatOnce } from './heartbeat.ts'
import { flatPlan, openIsland, settleIsland, smallSite, TEN } from './island.fixture.ts'
import { thin } from './retention.ts'

test('old opinions go, the last one of each event and all measurements stay', async (t) => {
  const store = await scratchStore(t)
  const clock = manualClock(TEN)
  const site = smallSite()
  await settleIsland(store, site)
  const { line } = openIsland(store, clock, site)
  const planner = await line.beliefs.source({ name: 'Cariflex', type: 'scheduler' })
  const meter = await line.beliefs.source({ name: 'Cariflex', type: 'gateway' })
  const starts = [after(TEN, HOUR)]
  for (let opinion = 0; opinion < 3; opinion++)
    await line.beliefs.record([{ sensor: 151, source: planner, starts, values: [opinion], beliefTime: after(TEN, opinion * MINUTE) }])
  await line.beliefs.record([{ sensor: 151, source: meter, starts, values: [7], beliefTime: 'event-end' }])
  await line.plans.keep(flatPlan(site, TEN, { BAT001: 1 }))
  await line.plans.keep(flatPlan(site, after(TEN, MINUTE), { BAT001: 2 }))
  await beatOnce(line)
  const count = async (table: string) => (await store.first<{ n: number }>(`select count(*)::int as n from ${table}`))!.n
  await thin(line, after(TEN, DAY))
  assert.deepEqual([await count('timed_belief'), await count('cariflex.reading'), await count('cariflex.plan')], [4, 0, 2])
  await thin(line, after(TEN, 8 * DAY))
  assert.deepEqual([await count('timed_belief'), await count('cariflex.plan')], [2, 1], 'the newest plan stays')
  const [kept] = await line.beliefs.events({ sensor: 151, from: TEN, until: after(TEN, DAY), sourceTypes: ['scheduler'] })
  assert.equal(kept!.value, 2)
})
