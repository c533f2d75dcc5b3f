/** `add toy-account`: the account of FlexMeasures' tutorials, with a building, devices and a market. What is there already is kept. */
import { formatInstant } from '#kernel'
import { clock } from '../settings.ts'
import type { Desk } from './desk.ts'
import { GENERATORS } from './generators.ts'
import type { FmVerb } from './verb.ts'

const EMAIL = 'toy-user@flexmeasures.io'
const ZONE = 'Europe/Amsterdam'
const [LATITUDE, LONGITUDE] = [52.374, 4.88969]
const QUARTER = 15 * 60_000
const HOUR = 60 * 60_000

type Say = (text: string) => void

export const ADD_TOY_ACCOUNT: readonly FmVerb[] = [
  {
    name: 'add toy-account',
    summary: 'Creates an account to try things with: a user, a building with devices, and a market.',
    options: [
      { name: 'kind', choices: ['battery', 'process', 'reporter'], what: 'what is in it; default battery' },
      { name: 'name', what: "of the account; default 'Toy Account'" },
      {
        name: 'shell-vars',
        kind: 'flag',
        what: 'print only ids as variables of a shell: eval "$(flexmeasures add toy-account --shell-vars)"',
      },
    ],
    async run(given, open, { show }) {
      const desk = await open()
      const lines: string[] = []
      const ids: Record<string, number> = {}
      const toy = await toyShop(desk, given.text('name') ?? 'Toy Account', ids, (text) => lines.push(text))
      await { battery: batteryToys, process: processToys, reporter: reporterToys }[(given.text('kind') ?? 'battery') as 'battery'](toy)
      const variables = Object.entries(ids).map(([name, id]) => `${name}=${id}`)
      show(ids, () => (given.flag('shell-vars') ? variables : lines).join('\n'))
      return undefined
    },
  },
]

interface Toys {
  desk: Desk
  account: number
  building: number
  prices: number
  ids: Record<string, number>
  say: Say
  asset(name: string, type: number, more?: { parent?: number; context?: object; model?: object }): Promise<number>
  sensor(name: string, asset: number, more?: { unit?: string; resolution?: number }): Promise<number>
}

async function toyShop(desk: Desk, name: string, ids: Record<string, number>, say: Say): Promise<Toys> {
  const account = await accountNamed(desk, name, say)
  const ownAsset: Toys['asset'] = (title, type, more) => assetOf(desk, { name: title, type, account, ...more })
  const ownSensor: Toys['sensor'] = (title, asset, more) => sensorOf(desk, { name: title, asset, ...more })
  const zone = await assetOf(desk, { name: 'NL transmission zone', type: await zoneType(desk), account: null, place: false })
  const prices = await sensorOf(desk, {
    ...{ name: 'day-ahead prices', asset: zone, unit: 'EUR/kWh', resolution: HOUR },
    knowledge: { fnc: 'x_days_ago_at_y_oclock', par: { x: 1, y: 12, z: 'Europe/Paris' } },
  })
  say(`The sensor recording day-ahead prices is ${prices} (ID: ${prices}).`)
  const context = { 'site-power-capacity': '500 kVA', 'consumption-price': { sensor: prices } }
  const building = await ownAsset('toy-building', 6, { context })
  Object.assign(ids, { FM_TOY_ACCOUNT_ID: account, FM_TOY_PRICE_SENSOR_ID: prices, FM_TOY_BUILDING_ASSET_ID: building })
  return { desk, account, building, prices, ids, say, asset: ownAsset, sensor: ownSensor }
}

async function batteryToys({ desk, building, prices, ids, say, asset, sensor }: Toys): Promise<void> {
  const model = { 'power-capacity': '500 kVA', 'roundtrip-efficiency': '90%', 'soc-max': '450 kWh' }
  const battery = await asset('toy-battery', 5, { parent: building, model })
  const discharging = await sensor('discharging', battery)
  const solar = await asset('toy-solar', 1, { parent: building })
  const production = await sensor('production', solar)
  const flows = { title: 'Power flows', plots: [{ sensors: [production, discharging] }] }
  await desk.assets.update(battery, { sensorsToShow: [{ title: 'Prices', plots: [{ sensor: prices }] }, flows] })
  await desk.assets.update(building, {
    sensorsToShow: [{ title: 'Prices', plots: [{ asset: building, 'flex-context': 'consumption-price' }] }, flows],
  })
  say(`The sensor recording battery discharging is ${discharging} (ID: ${discharging}).`)
  say(`The sensor recording solar forecasts is ${production} (ID: ${production}).`)
  Object.assign(ids, { FM_TOY_BATTERY_ASSET_ID: battery, FM_TOY_BATTERY_SENSOR_ID: discharging })
  Object.assign(ids, { FM_TOY_SOLAR_ASSET_ID: solar, FM_TOY_SOLAR_SENSOR_ID: production })
}

async function processToys({ desk, prices, ids, say, asset, sensor }: Toys): Promise<void> {
  const process = await asset('toy-process', 7, { context: { 'consumption-price': { sensor: prices } } })
  ids['FM_TOY_PROCESS_ASSET_ID'] = process
  const graphs: object[] = [{ title: 'Prices', plots: [{ sensor: prices }] }]
  for (const kind of ['Inflexible', 'Breakable', 'Shiftable']) {
    const power = await sensor(`Power (${kind})`, process)
    graphs.push({ title: kind, plots: [{ sensor: power }] })
    say(`The sensor recording the power of the ${kind.toLowerCase()} load is ${power} (ID: ${power}).`)
    ids[`FM_TOY_PROCESS_${kind.toUpperCase()}_SENSOR_ID`] = power
  }
  await desk.assets.update(process, { sensorsToShow: graphs })
}

async function reporterToys({ desk, building, prices, ids, say, asset, sensor }: Toys): Promise<void> {
  const capacity = await sensor('grid connection capacity', building, { resolution: 365 * 24 * HOUR })
  say(`The sensor storing the grid connection capacity of the building is ${capacity} (ID: ${capacity}).`)
  const source = await desk.sources.of({ name: desk.config.flexmeasures.defaultDatasource, type: 'demo script' })
  const year = formatInstant(clock.now()).slice(0, 4)
  const start = Date.parse(`${year}-01-01T00:00:00Z`) as Parameters<Desk['beliefs']['record']>[0][0]['starts'][0]
  await desk.beliefs.record([{ sensor: capacity, source, starts: [start], values: [500], overwrite: true }])
  const headroom = await sensor('headroom', await asset('toy-battery', 5, { parent: building }))
  say(`The sensor storing the headroom is ${headroom} (ID: ${headroom}).`)
  Object.assign(ids, { FM_TOY_GRID_CAPACITY_SENSOR_ID: capacity, FM_TOY_HEADROOM_SENSOR_ID: headroom })
  const process = await asset('toy-process', 7)
  for (const kind of ['Inflexible', 'Breakable', 'Shiftable']) {
    const loss = await sensor(`costs (${kind})`, process, { unit: 'EUR' })
    say(`The sensor storing the loss is ${loss} (ID: ${loss}).`)
  }
  const config = { consumption_price_sensor: prices, loss_is_positive: true }
  const reporter = GENERATORS.reporter[1]!
  const made = await desk.sources.of(
    { name: desk.config.flexmeasures.defaultDatasource, type: 'reporter', model: reporter, version: '1' },
    { data_generator: { config } },
  )
  say(`Reporter ${reporter} is saved with the day-ahead price sensor in the source with ID ${made}.`)
}

async function accountNamed(desk: Desk, name: string, say: Say): Promise<number> {
  const known = await desk.users.credentials(EMAIL)
  const user = known && (await desk.users.get(known.id))
  if (user) {
    say(`User with email ${EMAIL} already exists in account ${user.accountName}.`)
    return user.account
  }
  const account = (await desk.accounts.named(name)) ?? (await desk.accounts.create({ name })).id
  await desk.users.create({
    email: EMAIL,
    username: 'toy-user',
    account,
    password: 'toy-password',
    roles: ['account-admin'],
    timezone: ZONE,
  })
  say(`Toy account ${name} with user ${EMAIL} created successfully. You might want to run flexmeasures show account --id ${account}`)
  return account
}

const zoneType = async (desk: Desk): Promise<number> => {
  const known = (await desk.assets.types()).find(({ name }) => name === 'transmission zone')
  if (known) return known.id
  const { addAssetType } = await import('#ems')
  return addAssetType(desk.store, 'transmission zone', 'A grid regulated & balanced as a whole, usually a national grid.')
}

interface ToyAsset {
  name: string
  type: number
  account: number | null
  parent?: number
  context?: object
  model?: object
  place?: boolean
}

async function assetOf(desk: Desk, { name, type, account, parent, context, model, place = true }: ToyAsset): Promise<number> {
  const known = await desk.assets.namesake(name, { parent: parent ?? null, account })
  if (known !== undefined) return known
  const made = await desk.assets.create({
    ...{ name, type, account, parent: parent ?? null },
    ...(place && { latitude: LATITUDE, longitude: LONGITUDE }),
    ...(context && { flexContext: context as Record<string, unknown> }),
    ...(model && { flexModel: model as Record<string, unknown> }),
  })
  return made.id
}

interface ToySensor {
  name: string
  asset: number
  unit?: string
  resolution?: number
  knowledge?: { fnc: string; par: Record<string, unknown> }
}

async function sensorOf(desk: Desk, { name, asset, unit = 'kW', resolution = QUARTER, knowledge }: ToySensor): Promise<number> {
  const known = (await desk.sensors.list({ asset })).sensors.find((sensor) => sensor.name === name)
  if (known) return known.id
  return (await desk.sensors.create({ name, unit, resolution, asset, timezone: ZONE, ...(knowledge && { knowledge }) })).id
}
