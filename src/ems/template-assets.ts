/** The public template assets of FlexMeasures: examples of devices with sensors and flex-model, made to be copied. */
import { asJson, type Queryable, type Store } from '#store'

interface Template {
  key: string
  name: string
  type: string
  description: string
  flexModel: Record<string, string>
}

const TEMPLATES: readonly Template[] = [
  {
    key: 'battery-template',
    name: 'Battery Template',
    type: 'battery',
    description: 'A battery with sensors for power and state of charge. Copy it and set its sizes.',
    flexModel: { 'soc-max': '450 kWh', 'soc-min': '50 kWh', 'power-capacity': '500 kW', 'roundtrip-efficiency': '90%' },
  },
  {
    key: 'ev-charger-template',
    name: 'EV Charger Template',
    type: 'one-way_evse',
    description: 'A charger with sensors for power and the state of charge of the car at it. Copy it and set its sizes.',
    flexModel: {
      'soc-max': '60 kWh',
      'soc-min': '0 kWh',
      'soc-minima': '12 kWh',
      'power-capacity': '11 kW',
      'production-capacity': '0 kW',
      'roundtrip-efficiency': '90%',
    },
  },
  {
    key: 'heat-pump-template',
    name: 'Heat Pump Template',
    type: 'heat-storage',
    description: 'A heat pump with a buffer, as a storage of heat. Copy it and set its sizes.',
    flexModel: {
      'soc-max': '15 kWh',
      'soc-min': '0 kWh',
      'power-capacity': '5 kW',
      'storage-efficiency': '99.3 %',
      'charging-efficiency': '300 %',
      'production-capacity': '0 kW',
      'consumption-capacity': '5 kW',
    },
  },
]

/** Makes those that are not there yet, all or none; resolves to their names. */
export const makeTemplateAssets = (store: Store, timezone: string): Promise<string[]> =>
  store.transact(async (tx) => {
    const made: string[] = []
    for (const template of TEMPLATES) if (await make(tx, template, timezone)) made.push(template.name)
    return made
  })

async function make(tx: Queryable, { key, name, type, description, flexModel }: Template, timezone: string): Promise<boolean> {
  const asset = await tx.first<{ id: number }>(
    `insert into generic_asset (name, generic_asset_type_id, description, attributes)
     select $1::varchar, t.id, $3, $4::jsonb from generic_asset_type t where t.name = $2
       and not exists (select from generic_asset where account_id is null and (name = $1::varchar or attributes -> 'template' ->> 'key' = $5))
     returning id`,
    [name, type, description, asJson({ template: { key, kind: 'single-asset', has_scenarios: false } }), key],
  )
  if (!asset) return false
  const measure = async (sensor: string, unit: string, resolution: string, attributes: Record<string, unknown>) => {
    const row = await tx.first<{ id: number }>(
      `insert into sensor (name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, generic_asset_id, attributes)
       values ($1, $2, $3, $4::interval, 'ex_post', '{"ex_post_horizon": "P0D"}', $5, $6) returning id`,
      [sensor, unit, timezone, resolution, asset.id, asJson(attributes)],
    )
    return row!.id
  }
  const power = await measure('electricity-power', 'kW', '15 minutes', { template_role: 'power', consumption_is_positive: true })
  const soc = await measure('state-of-charge', 'kWh', '0', { template_role: 'state-of-charge' })
  await tx.query('update generic_asset set flex_model = $2, sensors_to_show = $3 where id = $1', [
    asset.id,
    asJson({ ...flexModel, 'state-of-charge': { sensor: soc } }),
    asJson([
      { title: 'Power', plots: [{ sensor: power }] },
      { title: 'State of charge', plots: [{ sensor: soc }] },
    ]),
  ])
  return true
}
