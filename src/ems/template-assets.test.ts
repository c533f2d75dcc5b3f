import assert from 'node:assert/strict'
import test from 'node:test'
import { scratchStore } from '#store'
import { makeTemplateAssets } from './template-assets.ts'

test('the templates are public, whole and made once', async (t) => {
  const store = await scratchStore(t)
  assert.deepEqual(await makeTemplateAssets(store, 'UTC'), ['Battery Template', 'EV Charger Template', 'Heat Pump Template'])
  assert.deepEqual(await makeTemplateAssets(store, 'UTC'), [])
  const rows = await store.query<{ account: number | null; model: Record<string, { sensor: number }>; sensors: string[]; soc: number }>(
    `select g.account_id as account, g.flex_model as model, array_agg(s.name::text order by s.id) as sensors, max(s.id) filter (where s.unit = 'kWh') as soc
     from generic_asset g join sensor s on s.generic_asset_id = g.id group by g.id order by g.id`,
  )
  assert.equal(rows.length, 3)
  for (const { account, model, sensors, soc } of rows) {
    assert.equal(account, null)
    assert.deepEqual(sensors, ['electricity-power', 'state-of-charge'])
    assert.equal(model['state-of-charge']?.sensor, soc)
  }
})
