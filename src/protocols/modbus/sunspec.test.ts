import assert from 'node:assert/strict'
import test from 'node:test'
import { isProblem } from '#kernel'
import { modbusClient } from './client.ts'
import { ModbusException } from './pdu.ts'
import { memoryUnit, serveModbus, type Unit } from './server.ts'
import { findModel, readModel, scanSunSpec, sunSpecImage, sunSpecUnit } from './sunspec.ts'
import { lengthOf, pointsOf, SUNSPEC_MODELS } from './sunspec-model.ts'

/** Model lengths as the SunSpec Alliance publishes them (the L register). */
const LENGTH: Record<number, number> = {
  1: 66,
  101: 50,
  102: 50,
  103: 50,
  111: 60,
  112: 60,
  113: 60,
  120: 26,
  121: 30,
  123: 24,
  124: 24,
  802: 62,
}

async function talk<T>(unit: Unit, work: (client: ReturnType<typeof modbusClient>) => Promise<T>): Promise<T> {
  const server = await serveModbus({ unit: () => unit })
  const client = modbusClient({ host: '127.0.0.1', port: server.port })
  try {
    return await work(client)
  } finally {
    client.close()
    await server.close()
  }
}

test('the known models are as long as the SunSpec Alliance publishes them, and their scale factors exist', () => {
  assert.deepEqual(Object.fromEntries(SUNSPEC_MODELS.map((id) => [id, lengthOf(id)])), LENGTH)
  for (const id of SUNSPEC_MODELS)
    for (const point of pointsOf(id)!.values())
      if (point.scale) assert.equal(pointsOf(id)!.get(point.scale)?.isScale, true, `${id}.${point.name}`)
  // Places that a wrong layout would move (register addresses as vendors print them, counted from the model's id).
  assert.equal(pointsOf(103)!.get('W')!.offset, 14)
  assert.equal(pointsOf(103)!.get('St')!.offset, 38)
  assert.equal(pointsOf(123)!.get('WMaxLimPct')!.offset, 5)
  assert.equal(pointsOf(124)!.get('InWRte')!.offset, 13)
  assert.equal(pointsOf(802)!.get('SoC')!.offset, 11)
})

test('a chain is found at each usual base, its models read by name with scale factors applied', async () => {
  for (const base of [40_000, 50_000, 0]) {
    const image = sunSpecImage([{ id: 1 }, { id: 103, scales: { W_SF: -1, WH_SF: 1, Tmp_SF: 0 } }, { id: 113 }], base)
    image.set(1, 'Mn', 'Soleil')
    image.set(103, 'W', 3123.4)
    image.set(103, 'WH', 123_450)
    image.set(103, 'TmpCab', -3)
    image.set(113, 'W', 4123.5)
    const unit = sunSpecUnit(image)
    await talk(unit, async (client) => {
      const chain = await scanSunSpec(client)
      assert.equal(chain.base, base)
      assert.deepEqual(
        chain.models.map(({ id }) => id),
        [1, 103, 113],
      )
      const inverter = await readModel(client, findModel(chain, 101, 102, 103)!)
      assert.deepEqual(
        [inverter['W'], inverter['WH'], inverter['TmpCab'], inverter['DCW'], inverter['Hz']],
        [3123.4, 123_450, -3, undefined, undefined],
      )
      assert.equal((await readModel(client, findModel(chain, 1)!))['Mn'], 'Soleil')
      assert.equal((await readModel(client, findModel(chain, 113)!))['W'], 4123.5)
    })
  }
})

test('a device without SunSpec, with an empty chain or an endless one is told apart', async () => {
  const fails = (unit: Unit, code: string) =>
    talk(unit, (client) => assert.rejects(scanSunSpec(client), (error) => isProblem(error) && error.code === code))
  await fails(memoryUnit({ holding: new Uint16Array(100) }), 'sunspec-not-found')
  await fails(memoryUnit({ holding: Uint16Array.of(0x5375, 0x6e53, 0xffff, 0) }), 'sunspec-broken')
  const endless: Unit = { read: (_table, address) => (address === 40_000 ? [0x5375, 0x6e53] : [7, 0]) }
  await fails(endless, 'sunspec-broken')
})

test('a chain that just stops instead of ending is read to there', async () => {
  const words = sunSpecImage([{ id: 1 }], 0).words.slice(0, 70)
  await talk(memoryUnit({ holding: words }), async (client) =>
    assert.deepEqual(
      (await scanSunSpec(client)).models.map(({ id }) => id),
      [1],
    ),
  )
})

test('a model shorter than the standard leaves the rest of its points out', async () => {
  const image = sunSpecImage([{ id: 124, scales: { WChaMax_SF: 0 } }], 0)
  image.set(124, 'WChaMax', 5000)
  image.words[3] = 18
  image.words.set([0xffff, 0], 22)
  await talk(memoryUnit({ holding: image.words }), async (client) => {
    const values = await readModel(client, (await scanSunSpec(client)).models[0]!)
    assert.deepEqual([values['WChaMax'], values['InOutWRte_SF']], [5000, undefined])
  })
})

test('a server of an image tells which points were written and refuses the others', async () => {
  const told: string[][] = []
  const image = sunSpecImage([{ id: 123, scales: { WMaxLimPct_SF: -1 } }])
  const unit = sunSpecUnit(image, {
    written(points) {
      if (image.get(123, 'WMaxLimPct') === 200) throw new ModbusException(3)
      told.push(points)
    },
  })
  await talk(unit, async (client) => {
    const at = 40_002
    await client.writeRegisters(at + 5, [455, 0, 60])
    assert.equal(image.get(123, 'WMaxLimPct'), 45.5)
    await assert.rejects(client.writeRegister(at + 5, 2000), /exception 3/)
    assert.equal(image.get(123, 'WMaxLimPct'), 45.5, 'a refused write leaves nothing behind')
    await assert.rejects(client.writeRegister(at + 23, 1), /exception 2/)
    await assert.rejects(client.readHolding(39_999, 2), /exception 2/)
  })
  assert.deepEqual(told, [['123.WMaxLimPct', '123.WMaxLimPct_WinTms', '123.WMaxLimPct_RvrtTms']])
})
