// The invented island as the FlexMeasures API shows it, and what our own API says of its assets and sensors: enough for every page.

import { chance, local, SITE, type State, soc, things } from './mock-island.ts'
import { SOURCES } from './mock-work.ts'

const HOUR = 3_600_000
const QUARTER = 900_000
const TYPES = ['solar', 'wind', 'one-way_evse', 'two-way_evse', 'battery', 'building', 'process', 'heat-storage'].map((name, index) => ({
  id: index + 1,
  name,
  description: null,
}))
const TYPE_OF = { pv: 'solar', battery: 'battery', evse: 'one-way_evse', vehicle: 'two-way_evse' } as const
const OWNER = { id: 1, name: 'Cariflex' }

interface InventedSensor {
  id: number
  name: string
  unit: string
  asset: number
  resolution: string
}

const SENSORS: InventedSensor[] = [
  ...things.flatMap((thing) =>
    Object.entries(thing.sensors).map(([role, id]) => ({
      id,
      name: role === 'soc' ? 'state of charge' : 'power',
      unit: role === 'soc' ? 'kWh' : 'kW',
      asset: thing.asset,
      resolution: role === 'soc' ? 'PT0S' : 'PT5M',
    })),
  ),
  { id: 84, name: 'consumption_price', unit: 'EUR/MWh', asset: SITE, resolution: 'PT1H' },
]

const typeNamed = (name: string) => TYPES.find((type) => type.name === name)!
const line = (id: number, name: string, type: string, parent: number | null) => ({
  id,
  name,
  account_id: OWNER.id,
  owner: OWNER,
  generic_asset_type: typeNamed(type),
  parent_asset_id: parent,
})
const LINES = [
  line(SITE, 'Martinique', 'building', null),
  ...things.map((thing) => line(thing.asset, thing.name, TYPE_OF[thing.kind], SITE)),
]

function asset(id: number) {
  const found = LINES.find((each) => each.id === id)
  if (!found) return undefined
  const thing = things.find((each) => each.asset === id)
  const own = SENSORS.filter((sensor) => sensor.asset === id)
  return {
    ...found,
    description: id === SITE ? 'The island, as one site.' : null,
    latitude: thing?.latitude ?? 14.64,
    longitude: thing?.longitude ?? -61.02,
    external_id: null,
    child_assets: LINES.filter((each) => each.parent_asset_id === id),
    sensors: own.map((sensor) => ({ id: sensor.id, name: sensor.name })),
    attributes: JSON.stringify(thing ? { town: thing.town } : { timezone: 'America/Martinique' }),
    sensors_to_show: JSON.stringify(own.length > 0 ? [{ title: 'What it does', plots: own.map((sensor) => ({ sensor: sensor.id })) }] : []),
    sensors_to_show_as_kpis: '[]',
    flex_context: JSON.stringify(id === SITE ? { 'consumption-price': { sensor: 84 }, 'site-power-capacity': '600 kW' } : {}),
    flex_model: JSON.stringify(
      thing?.kind === 'battery'
        ? { 'soc-min': '10 kWh', 'soc-max': '100 kWh', 'power-capacity': '50 kW', 'roundtrip-efficiency': '90%' }
        : {},
    ),
    status: 200,
  }
}

const sensorView = (sensor: InventedSensor) => ({
  id: sensor.id,
  name: sensor.name,
  unit: sensor.unit,
  timezone: 'America/Martinique',
  event_resolution: sensor.resolution,
  entity_address: `ea1.2026-01.example.cariflex:fm1.${sensor.id}`,
  attributes: sensor.unit === 'kW' ? '{"consumption_is_positive": true}' : '{}',
  generic_asset_id: sensor.asset,
})

const PEOPLE = [
  { id: 1, email: 'demo@cariflex.example', username: 'demo', roles: ['admin'], active: true },
  { id: 2, email: 'sargassum@cariflex.example', username: 'Aurélie du bureau des bornes', roles: ['account-admin'], active: true },
  { id: 3, email: 'old@cariflex.example', username: 'ancien', roles: [], active: false },
]

/** Answers a GET of `/api/v3_0` or of ours about things; undefined when it is none of its own. */
export function flexMeasuresOf(state: State) {
  const page = (rows: unknown[], query: URLSearchParams) => {
    const [at, per] = [Number(query.get('page')), Number(query.get('per-page') ?? 10)]
    const filter = (query.get('filter') ?? '').toLowerCase()
    const found = rows.filter((row) => JSON.stringify(row).toLowerCase().includes(filter))
    return { data: found.slice((at - 1) * per, at * per), 'num-records': rows.length, 'filtered-records': found.length }
  }
  const listed = (rows: unknown[], query: URLSearchParams) => (query.has('page') ? page(rows, query) : rows)
  const person = (one: (typeof PEOPLE)[number], list: boolean) => ({
    ...one,
    account_id: OWNER.id,
    ...(list && { account: OWNER }),
    timezone: 'America/Martinique',
    flexmeasures_roles: list ? one.roles : one.roles.map((_, index) => index + 1),
    last_login_at: local(state.now - 30 * HOUR),
    last_seen_at: one.active ? local(state.now - 90_000) : null,
  })
  const account = { ...OWNER, primary_color: '#0a7d5a', secondary_color: null, logo_url: null, attributes: '{}', account_roles: [] }
  const audit = [
    { event: "Created asset 'BAT001': 12", event_datetime: local(state.now - 50 * HOUR), active_user_name: 'demo' },
    { event: 'Updated: name, From: BAT1, To: BAT001', event_datetime: local(state.now - 40 * HOUR), active_user_name: null },
  ]
  const job = {
    job: '6f1b2c3d-0000-4000-8000-000000000001',
    queue: 'forecasting',
    status: 'FAILED',
    tries: 3,
    stage: 'learning',
    done: 2,
    total: 9,
    unit: 'models',
    enqueuedAt: local(state.now - 600_000),
    startedAt: local(state.now - 590_000),
    endedAt: local(state.now - 580_000),
    problem: 'There is not enough data: 3 values in 30 days.',
  }

  function chartData(sensor: InventedSensor, query: URLSearchParams) {
    const [from, until] = [Date.parse(query.get('start') ?? ''), Date.parse(query.get('end') ?? '')]
    const thing = things.find((each) => each.asset === sensor.asset)
    const data = []
    for (let at = Math.ceil(from / QUARTER) * QUARTER; at < Math.min(until, state.now); at += QUARTER) {
      const val = sensor.unit === 'kWh' && thing ? soc(thing, at) : Math.round(40 * chance(sensor.id, at)) / 2
      data.push({ ts: at, sid: sensor.id, val, sf: 1, src: 4, bh: 0, bt: at + QUARTER })
    }
    return {
      data,
      sensors: {
        [sensor.id]: {
          id: sensor.id,
          name: sensor.name,
          unit: sensor.unit,
          event_resolution: sensor.resolution === 'PT5M' ? 300_000 : sensor.resolution === 'PT1H' ? HOUR : 0,
          asset_id: sensor.asset,
          description: `${sensor.name} (${thing?.name ?? 'Martinique'})`,
        },
      },
      sources: { 4: { id: 4, name: 'simulation', type: 'simulation', model: '', version: '', description: 'simulation' } },
    }
  }

  function v3(path: string[], query: URLSearchParams): unknown {
    const [kind, id, more] = path
    if (kind === 'assets' && id === undefined) return listed(LINES, query)
    if (kind === 'assets' && id === 'types') return TYPES
    if (kind === 'assets' && more === undefined) return asset(Number(id))
    if (kind === 'sensors' && id === undefined) {
      const top = Number(query.get('asset') ?? SITE)
      return listed(SENSORS.filter((sensor) => top === SITE || sensor.asset === top).map(sensorView), query)
    }
    if (more === 'auditlog') return page(audit, query)
    if (more === 'jobs') return { jobs: [], redis_connection_err: null, status: 200 }
    if (more === 'kpis') return { data: [], status: 200 }
    if (more === 'chart_annotations') return []
    if (kind === 'sensors') {
      const sensor = SENSORS.find((each) => each.id === Number(id))
      if (!sensor) return undefined
      if (more === undefined) return { ...sensorView(sensor), status: 200 }
      if (more === 'chart_data') return chartData(sensor, query)
      if (more === 'stats')
        return {
          'simulation (ID: 4)': {
            'First event start': local(state.now - 14 * 24 * HOUR),
            'Last event end': local(state.now),
            'Last recorded': local(state.now),
            'Min value': 0,
            'Max value': 22,
            'Mean value': 7.25,
            'Sum over values': 29232,
            'Number of values': 4032,
          },
          status: 200,
        }
    }
    if (kind === 'sources') return SOURCES
    if (kind === 'accounts')
      return id === undefined ? listed([{ ...account, user_count: PEOPLE.length, asset_count: LINES.length }], query) : account
    if (kind === 'users' && id === undefined)
      return listed(
        PEOPLE.filter((one) => one.active || query.has('include-inactive')).map((one) => person(one, true)),
        query,
      )
    if (kind === 'users') {
      const one = PEOPLE.find((each) => each.id === Number(id))
      return one && person(one, false)
    }
    return undefined
  }

  function ours(path: string[]): unknown {
    const [kind, id, more] = path
    if (kind === 'jobs') return [job]
    if (kind === 'users' && more === 'roles')
      return ['admin', 'account-admin', 'consultant'].map((name, index) => ({
        id: index + 1,
        name,
        has: PEOPLE.find((one) => one.id === Number(id))?.roles.includes(name) ?? false,
        mayChange: index > 0,
      }))
    if (kind === 'flex' && id === 'fields')
      return [
        {
          of: 'flex-model',
          name: 'soc-min',
          kind: 'quantity',
          unit: 'kWh',
          description: 'Least energy in the store.',
          stored: true,
          inherited: false,
          storedForms: ['fixed'],
        },
        {
          of: 'flex-context',
          name: 'consumption-price',
          kind: 'quantity',
          unit: 'EUR/MWh',
          description: 'Price of net consumption.',
          stored: true,
          inherited: true,
          storedForms: ['sensor'],
        },
      ]
    if (kind !== 'assets') return undefined
    const own = SENSORS.filter((sensor) => sensor.asset === Number(id))
    if (more === 'latest')
      return own.map((sensor) => ({
        sensor: sensor.id,
        name: sensor.name,
        unit: sensor.unit,
        resolution: 300,
        at: local(state.now - 60_000),
        value: 12.5,
      }))
    if (more === 'status')
      return {
        at: local(state.now),
        sensors: own.length,
        stale: own.length > 1 ? 1 : 0,
        silent: 0,
        lines: own.map((sensor, index) => ({
          sensor: sensor.id,
          name: sensor.name,
          unit: sensor.unit,
          asset: sensor.asset,
          assetName: LINES.find((each) => each.id === sensor.asset)!.name,
          stale: index === 1,
          sources: [
            {
              sourceType: 'simulation',
              stale: index === 1,
              code: index === 1 ? 'stale' : 'fresh',
              staleness: 'PT1M',
              since: local(state.now - 60_000),
              limit: 'PT10M',
              ahead: false,
              reason: index === 1 ? 'most recent data is 1 minute old, but should be more recent' : 'most recent data is 1 minute old',
            },
          ],
        })),
      }
    return undefined
  }

  return (path: string, query: URLSearchParams): unknown => {
    const parts = path.split('/').filter(Boolean).map(decodeURIComponent)
    if (parts[1] === 'v3_0') return v3(parts.slice(2), query)
    const data = ours(parts.slice(3))
    return data === undefined ? undefined : { data }
  }
}
