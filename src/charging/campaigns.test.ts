import assert from 'node:assert/strict'
import test from 'node:test'
import { after, HOUR, isProblem, MINUTE } from '#kernel'
import type { Payload } from '#protocols/ocpp'
import { wavesOf } from './campaigns.ts'
import { rig } from './rig.fixture.ts'

const is = (code: string) => (error: unknown) => isProblem(error) && error.code === code
const IMAGE = 'https://example.org/fw-2.bin'

test('waves rise by their shares, the first has one station, and nobody is left out', () => {
  const sizes = (count: number, shares: readonly number[]) => {
    const waves = wavesOf(count, shares)
    return [...new Set(waves)].map((wave) => waves.filter((one) => one === wave).length)
  }
  assert.deepEqual(sizes(100, [0, 10, 100]), [1, 9, 90])
  assert.deepEqual(sizes(10_000, [0, 1, 10]), [1, 99, 900, 9000])
  assert.deepEqual(sizes(3, [0, 10, 100]), [1, 1, 1])
  assert.deepEqual(sizes(1, [0, 10, 100]), [1])
  assert.deepEqual(sizes(5, []), [5])
})

test('the second wave waits for the word of the first; who failed stops the campaign, and tries again when told so', async (t) => {
  const house = await rig(t)
  const { campaigns } = house.charging.blocks
  const takes = { UpdateFirmware: () => ({ status: 'Accepted' }) }
  const first = await house.station('CP001', { on: takes })
  const second = await house.station('CP002', { on: takes, password: 'correct-horse-battery' })
  const view = () => campaigns.view(id, 'UTC')
  const states = async () => (await view()).stations.map(({ station, wave, state }) => `${station} ${wave} ${state}`)
  const tell = async (station: typeof first, { requestId }: Payload, status: string) => {
    await station.say('FirmwareStatusNotification', { status, requestId })
    await campaigns.advance()
  }

  await assert.rejects(campaigns.start({ name: 'x', stations: [], firmware: { location: IMAGE } }), is('no-stations'))
  await assert.rejects(campaigns.start({ name: 'x', stations: ['CP009'], firmware: { location: IMAGE } }), is('unknown-station'))
  await assert.rejects(campaigns.start({ name: 'x', stations: ['CP001'], firmware: { location: { file: 77 } } }), is('unknown-file'))
  await assert.rejects(campaigns.view(1, 'UTC'), is('unknown-campaign'))

  const startsAt = after(house.clock.now(), HOUR)
  const wish = { name: 'Two', stations: ['CP002', 'CP001', 'CP001'], firmware: { location: IMAGE }, startsAt }
  const id = await campaigns.start(wish, 'ann@example.org')
  await campaigns.advance()
  assert.deepEqual(await states(), ['CP001 0 waiting', 'CP002 1 waiting'])
  house.clock.set(after(house.clock.now(), HOUR + MINUTE))
  await campaigns.advance()
  assert.deepEqual(await states(), ['CP001 0 sent', 'CP002 1 waiting'])
  const asked = await first.called('UpdateFirmware')
  assert.equal((asked['firmware'] as Payload)['location'], IMAGE)
  await tell(first, asked, 'Downloading')
  assert.equal((await view()).stations[0]?.status, 'Downloading')
  await tell(first, asked, 'Installed')
  assert.deepEqual(await states(), ['CP001 0 done', 'CP002 1 sent'])
  await tell(second, await second.called('UpdateFirmware'), 'DownloadFailed')
  assert.deepEqual([(await view()).state, (await view()).stations[1]?.said], ['stopped', 'DownloadFailed'])

  await campaigns.retry(id, 'CP002')
  await assert.rejects(campaigns.retry(id), is('nothing-failed'))
  await campaigns.advance()
  await tell(second, await second.called('UpdateFirmware'), 'Installed')
  const [listed] = await campaigns.list('UTC')
  assert.deepEqual([listed?.state, listed?.counts], ['done', { waiting: 0, sent: 0, done: 2, failed: 0 }])
  assert.equal((await view()).stations[1]?.tries, 2)
  await assert.rejects(campaigns.stop(id), is('campaign-over'))
})

test('who is away is asked when it is back, whoever refuses has failed, and a stopped campaign sends nothing until it goes on', async (t) => {
  const house = await rig(t)
  const { campaigns } = house.charging.blocks
  const first = await house.station('CP001', { on: { UpdateFirmware: () => ({ status: 'Rejected' }) } })
  const wish = { stations: ['CP001', 'CP002'], firmware: { location: IMAGE }, mostFailures: 2, shares: [] }
  const id = await campaigns.start({ name: 'All at once', ...wish })
  await campaigns.advance()
  await first.called('UpdateFirmware')
  const view = () => campaigns.view(id, 'UTC')
  assert.deepEqual((await view()).counts, { waiting: 1, sent: 0, done: 0, failed: 1 })
  await campaigns.stop(id)
  const second = await house.station('CP002', { on: { UpdateFirmware: () => ({ status: 'Accepted' }) }, password: 'correct-horse-battery' })
  await campaigns.advance()
  assert.equal((await view()).counts.waiting, 1)
  await campaigns.resume(id)
  await second.called('UpdateFirmware')
  await campaigns.advance()
  assert.equal((await view()).counts.sent, 1)
  // It says nothing any more.
  house.clock.set(after(house.clock.now(), 13 * HOUR))
  await campaigns.advance()
  assert.deepEqual((await view()).counts, { waiting: 0, sent: 0, done: 0, failed: 2 })
  assert.equal((await view()).state, 'done')
})
