// The story of the README, walked: the island lives, orders have reasons and receipts, limits bend them, crashes lose nothing.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { startTerritory, type Territory, until } from './territory.ts'

interface Order {
  device: string
  asset: number
  powerKw: number
  because: string
  rung: string
  until: string
  receipt: { outcome: string; powerKw: number | null; why: string | null } | null
}
interface Plan {
  id: string
  trigger: string
  devices: { device: string; powerKw: number[] }[]
}
interface World {
  vehicles: { id: string; plugged: string | null }[]
}
interface Station {
  identity: string
  online: boolean
  evses: { transaction: { id: string; vehicle: string | null } | null }[]
}

const V1 = '/api/cariflex/v1'
/** Nominal charging power of ten batteries and ten chargers. */
const FLEXIBLE_KW = 10 * 50 + 5 * 22 + 5 * 11
const quarter = () => new Date(Math.floor(Date.now() / 900_000) * 900_000).toISOString()
const orders = async (island: Territory) => (await island.ask<{ data: Order[] }>('GET', `${V1}/setpoints`)).body.data
const plan = async (island: Territory) => (await island.ask<{ data: Plan }>('GET', `${V1}/plans/latest`)).body.data
const stations = async (island: Territory) => (await island.ask<{ data: Station[] }>('GET', `${V1}/stations`)).body.data
const signal = (island: Territory, value: number) =>
  island.ask('POST', '/api/v3_0/sensors/86/data', { start: quarter(), duration: 'PT1H', values: [value], unit: '%' })
const gridLimits = async (island: Territory) =>
  (await island.ask<{ data: { rung: string; maxKw: number | null }[] }>('GET', `${V1}/limits`)).body.data.filter(
    (limit) => limit.rung === 'grid',
  )

test('the island, from the first start to the last crash', async (t) => {
  // A heartbeat more often than its ten seconds: receipts come with it.
  // At night, when cars are plugged in and batteries have room.
  const island = await startTerritory(t, { env: { CARIFLEX_EMS__HEARTBEAT: 'PT4S' }, hour: 3 })

  await t.test('40 assets stand on the island, with the sensors of the product documents', async () => {
    const { body } = await island.ask<{ latitude: number | null }[]>('GET', '/api/v3_0/assets?all_accessible=true')
    assert.ok(body.filter((asset) => asset.latitude !== null && asset.latitude > 14.3 && asset.latitude < 14.95).length >= 40)
    const units = await Promise.all(
      [41, 51, 61, 71, 81, 84, 86, 87, 151].map(
        async (id) => (await island.ask<{ unit: string }>('GET', `/api/v3_0/sensors/${id}`)).body.unit,
      ),
    )
    assert.deepEqual(units, ['kW', 'kWh', 'kW', 'kWh', 'W/m²', 'EUR/MWh', '%', '', 'kW'])
  })

  await t.test('every battery and every plugged car has an order with a reason and a receipt', async () => {
    // A new order has no receipt yet, and ten cars get new ones all the time: each must have had one.
    const told = new Set<string>()
    const seen = await until(
      'a receipt for each',
      async () => ({
        given: (await orders(island)).map((order) => {
          if (order.because !== '' && order.receipt !== null) told.add(order.device)
          return order
        }),
        chargers: (await stations(island))
          .filter((station) => station.evses.some((evse) => evse.transaction))
          .map((station) => station.identity),
      }),
      ({ chargers }) =>
        chargers.length > 0 &&
        [...Array.from({ length: 10 }, (_, index) => `BAT${String(index + 1).padStart(3, '0')}`), ...chargers].every((device) =>
          told.has(device),
        ),
      180_000,
      500,
    )
    const batteries = seen.given.filter((order) => order.device.startsWith('BAT'))
    assert.ok(batteries.filter((order) => order.receipt?.outcome === 'obeyed').length >= 8, JSON.stringify(batteries))
  })

  await t.test(
    '0 % on the load control sensor stops all consumption within 5 s and is listed as a grid limit; 100 % lifts it',
    async () => {
      assert.equal((await signal(island, 0)).status, 200)
      await until(
        'no order that consumes',
        async () => ({ limits: await gridLimits(island), given: await orders(island) }),
        ({ limits, given }) => limits.length > 0 && given.length > 0 && given.every((order) => order.powerKw <= 0.05),
        5000,
      )
      assert.equal((await signal(island, 100)).status, 200)
      await until(
        'the limit being lifted',
        () => gridLimits(island),
        (limits) => limits.length === 0,
        10_000,
      )
    },
  )

  await t.test('a percentage leaves at most that much of the flexible power, and each order that it bent says so', async () => {
    // This hour is by far the cheapest: every battery with room charges now. Were the next hours as cheap, it might as well charge slowly.
    const start = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000).toISOString()
    await island.ask('POST', '/api/v3_0/sensors/84/data', { start, duration: 'PT3H', values: [1, 60, 120], unit: 'EUR/MWh' })
    const consumed = (given: Order[]) => given.reduce((sum, order) => sum + Math.max(0, order.powerKw), 0)
    const before = await until(
      'batteries that charge',
      () => orders(island),
      (given) => consumed(given) > 100 && given.filter((order) => order.device.startsWith('BAT') && order.powerKw > 10).length >= 3,
      30_000,
    )
    // 50 is half of the flexible power, whether that much is consumed now or not.
    await signal(island, 50)
    await until(
      'half of it',
      async () => ({ limits: await gridLimits(island), given: await orders(island) }),
      ({ limits, given }) =>
        limits.some(({ maxKw }) => Math.abs(maxKw! - FLEXIBLE_KW / 2) < 0.1) && consumed(given) <= FLEXIBLE_KW / 2 + 0.1,
      5000,
    )
    // How much they take depends on how full the batteries of this day are: where 50 bends nothing, about half of what they take is left.
    const share = consumed(before) > FLEXIBLE_KW / 2 + 20 ? 50 : Math.floor((consumed(before) / FLEXIBLE_KW) * 55)
    const left = (FLEXIBLE_KW * share) / 100
    await signal(island, share)
    const given = await until(
      'no more than that',
      () => orders(island),
      (all) => consumed(all) <= left + 0.1 && all.some((order) => order.rung === 'grid'),
      8000,
    )
    const wanted = new Map(before.map((order) => [order.device, order.powerKw]))
    const bent = given.filter((order) => order.device.startsWith('BAT') && order.powerKw < wanted.get(order.device)! - 1)
    assert.ok(bent.length > 0 && bent.every((order) => order.rung === 'grid' && order.because.includes(`${share} %`)), JSON.stringify(bent))
    await signal(island, 100)
    await until(
      'the plan being back',
      () => orders(island),
      (all) => consumed(all) > left + 10,
      20_000,
    )
  })

  await t.test('a posted limit holds, is audited under its author, and ends when it is taken back', async () => {
    const posted = await island.ask<{ data: { id: string; asset: number } }>('POST', `${V1}/limits`, { maxKw: 120, duration: 'PT10M' })
    assert.equal(posted.status, 201)
    await until(
      'orders within the limit',
      () => orders(island),
      (all) => all.length > 0 && all.reduce((sum, order) => sum + Math.max(0, order.powerKw), 0) <= 120.1,
      5000,
    )
    const { body } = await island.ask<{ data: { event: string; active_user_name: string }[] }>(
      'GET',
      `/api/v3_0/assets/${posted.body.data.asset}/auditlog?page=1`,
    )
    assert.ok(body.data.some(({ event, active_user_name }) => event.includes(posted.body.data.id) && active_user_name.length > 0))
    assert.equal((await island.ask('DELETE', `${V1}/limits/${posted.body.data.id}`)).status, 204)
    assert.deepEqual(await gridLimits(island), [])
  })

  await t.test('unplugging a car takes it out of the plan, plugging it brings it back', async () => {
    const world = (await island.ask<{ data: World }>('GET', `${V1}/world`)).body.data
    const car = world.vehicles.find((vehicle) => vehicle.plugged !== null)!
    const before = (await plan(island)).id
    assert.equal((await island.ask('POST', `${V1}/world/unplug`, { vehicle: car.id })).status, 200)
    await until(
      'a plan without the car',
      () => plan(island),
      (made) => made.id !== before && !made.devices.some((device) => device.device === car.plugged),
      60_000,
    )
    assert.equal((await island.ask('POST', `${V1}/world/plug`, { vehicle: car.id, station: car.plugged })).status, 200)
    await until(
      'a plan with the car',
      () => plan(island),
      (made) => made.devices.some((device) => device.device === car.plugged),
      60_000,
    )
  })

  await t.test('a station answers a command by hand, and the conversation shows both', async () => {
    const one = (await stations(island)).find((station) => station.online)!
    const { status, body } = await island.ask<{ data: { status: string } }>('POST', `${V1}/stations/${one.identity}/commands`, {
      action: 'GetCompositeSchedule',
      payload: { duration: 600, evseId: 1 },
    })
    assert.deepEqual([status, body.data.status], [200, 'Accepted'])
    const said = await until(
      'the conversation being written',
      async () =>
        (
          await island.ask<{ data: { kind: string; direction: string }[] }>(
            'GET',
            `${V1}/stations/${one.identity}/conversation?search=GetCompositeSchedule`,
          )
        ).body.data,
      (entries) => entries.some((entry) => entry.direction === 'out') && entries.some((entry) => entry.direction === 'in'),
    )
    assert.ok(said.length >= 2)
  })

  await t.test(
    'the site shows what its days used themselves, did not buy, cost and saved, told by reports of the past two weeks',
    async () => {
      const site = (await island.ask<{ data: { asset: number } }>('GET', `${V1}/site`)).body.data.asset
      const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString()
      const { body } = await until(
        'the figures of the site',
        () =>
          island.ask<{ data: { unit: string; downsample_value: number }[] }>(
            'GET',
            `/api/v3_0/assets/${site}/kpis?start=${day(8)}&end=${day(1)}`,
          ),
        ({ body }) => body.data?.length === 4 && body.data.every((one) => one.downsample_value !== 0),
        90_000,
        500,
      )
      const [own, enough, cost, saved] = body.data.map((one) => one.downsample_value)
      assert.ok(own! > 0 && own! <= 100 && enough! > 0 && enough! <= 100, `${own} % ${enough} %`)
      assert.ok(Number.isFinite(cost) && saved! > 0, `${cost} ${saved}`)
    },
  )

  await t.test('a second start on the same folder is refused, naming who holds it', () => {
    const env = { ...process.env, CARIFLEX_DATA: join(island.folder, 'data'), CARIFLEX_PORT: '0' }
    assert.throws(
      () =>
        execFileSync(process.execPath, [join(import.meta.dirname, '..', '..', 'bin', 'cariflex.js'), 'start'], {
          env,
          cwd: island.folder,
          stdio: 'pipe',
          timeout: 60_000,
        }),
      (error: { stderr: Buffer }) => /in use|process \d+/i.test(error.stderr.toString()),
    )
  })

  await t.test('a database that dies under load refuses writes with 503 and loses nothing acknowledged', async () => {
    const kept: { start: string; value: number }[] = []
    const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 400 * 3_600_000
    const answers = new Map<number, number>()
    let retryAfter: string | null = null
    let killed = false
    // As a client does that is told to try again: the same value, until it is taken. How long the database needs to be back is the machine's affair.
    const end = performance.now() + 60_000
    for (let index = 0; index < 120 && performance.now() < end; ) {
      if (index === 30 && !killed) {
        killed = true
        process.kill(Number(readFileSync(clusterFile(island.folder), 'utf8').split('\n')[0]), 'SIGKILL')
      }
      const start = new Date(hour + index * 3_600_000).toISOString()
      const { status, headers } = await island.ask('POST', '/api/v3_0/sensors/85/data', {
        start,
        duration: 'PT1H',
        values: [1000 + index],
        unit: 'EUR/MWh',
      })
      answers.set(status, (answers.get(status) ?? 0) + 1)
      if (status === 200) kept.push({ start, value: 1000 + index++ })
      if (status === 503) retryAfter = headers.get('retry-after')
      if (status === 503) await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.deepEqual(
      [...answers.keys()].filter((status) => status !== 200 && status !== 503),
      [],
      'only 200 and 503',
    )
    if (answers.has(503)) assert.ok(retryAfter !== null, 'a refusal says when to try again')
    assert.equal(kept.length, 120, `writes were taken again afterwards (${JSON.stringify([...answers])})`)
    await assertKept(island, kept)
  })

  const kills = Number(process.env['CARIFLEX_KILLS'] ?? 3)
  await t.test(`${kills} kills under load lose no acknowledged belief and no transaction, and do nothing twice`, async () => {
    const kept: { start: string; value: number }[] = []
    const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 900 * 3_600_000
    let index = 0
    const transactions = new Set((await stations(island)).flatMap((station) => station.evses.flatMap((evse) => evse.transaction?.id ?? [])))
    for (let kill = 0; kill < kills; kill++) {
      let dead = false
      const writing = (async () => {
        while (!dead) {
          const start = new Date(hour + (index % 800) * 3_600_000).toISOString()
          const value = 2000 + index
          index++
          try {
            const { status } = await island.ask('POST', '/api/v3_0/sensors/85/data', {
              start,
              duration: 'PT1H',
              values: [value],
              unit: 'EUR/MWh',
            })
            if (status === 200) kept.push({ start, value })
          } catch {
            return
          }
        }
      })()
      await new Promise((resolve) => setTimeout(resolve, 300 + 100 * (kill % 5)))
      await island.stop('SIGKILL')
      dead = true
      await writing
      await island.start()
    }
    const newest = new Map(kept.map((one) => [one.start, one]))
    await assertKept(island, [...newest.values()])
    await until(
      'stations being back with their transactions',
      () => stations(island),
      (all) =>
        all.filter((station) => station.online).length === 10 &&
        [...transactions].some((id) => all.some((station) => station.evses.some((evse) => evse.transaction?.id === id))),
      60_000,
      500,
    )
    await until(
      'orders being obeyed again',
      () => orders(island),
      (all) => all.filter((order) => order.device.startsWith('BAT') && order.receipt?.outcome === 'obeyed').length >= 8,
      60_000,
      500,
    )
  })

  await t.test('Ctrl-C and a new start keep history, plan and transactions', async () => {
    const before = await plan(island)
    await island.stop('SIGINT')
    await island.start()
    const day = new Date(Math.floor(Date.now() / 86_400_000 - 10) * 86_400_000).toISOString()
    const { status, body } = await island.ask<{ values: (number | null)[] }>(
      'GET',
      `/api/v3_0/sensors/41/data?start=${day}&duration=PT24H&unit=kW`,
    )
    assert.equal(status, 200, JSON.stringify(body))
    assert.ok(body.values.filter((value) => value !== null && value > 0).length > 10, 'the sun of last week is there')
    const newest = await island.ask('GET', `${V1}/plans/latest`)
    assert.equal(newest.status, 200, JSON.stringify(newest.body))
    assert.ok(before.id.length > 0)
  })
})

/** The file in which the embedded database names its process. */
function clusterFile(folder: string): string {
  const found = execFileSync('sh', ['-c', `ls ${folder}/data/pg/postmaster.pid 2>/dev/null || true`])
    .toString()
    .trim()
  assert.notEqual(found, '', 'the embedded database runs in the data folder')
  return found
}

async function assertKept(island: Territory, kept: { start: string; value: number }[]): Promise<void> {
  const starts = kept.map((one) => one.start).sort()
  const [from, last] = [starts[0]!, starts.at(-1)!]
  const hours = (Date.parse(last) - Date.parse(from)) / 3_600_000 + 1
  const { body } = await until(
    'reading what was kept',
    () => island.ask<{ values: (number | null)[] }>('GET', `/api/v3_0/sensors/85/data?start=${from}&duration=PT${hours}H&unit=EUR/MWh`),
    ({ status }) => status === 200,
  )
  const lost = kept.filter((one) => body.values[(Date.parse(one.start) - Date.parse(from)) / 3_600_000] !== one.value)
  assert.deepEqual(lost, [], `${lost.length} of ${kept.length} acknowledged values were lost`)
}
