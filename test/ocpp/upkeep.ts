/** Blocks L, M, N and P: firmware, certificates of roots, logs, customers, data transfer. */
import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, MINUTE } from '#kernel'
import { openTrialPki, type TrialPki } from '#protocols/pki'
import { BADGE, type Bench, type Block, charge, command, stationOf, tidy } from './bench.ts'
import type { OcppHouse } from './house.ts'

type Words = readonly string[]

let made: Promise<TrialPki> | undefined
const trial = ({ clock }: OcppHouse) => {
  made ??= openTrialPki(clock)
  return made
}

const errand = async ({ house, one }: Bench, requestId: number) =>
  (await house.charging.blocks.errands.list({ station: one.identity }, 'UTC')).find((each) => each.requestId === requestId)!
const words = async (bench: Bench, requestId: number): Promise<Words> =>
  (await errand(bench, requestId)).history.map(({ status }) => status)

/** Keeps an image; its first line says its version. */
async function image({ house }: Bench, version = '2.0.0'): Promise<{ file: number; content: Buffer }> {
  const content = Buffer.from(version === '' ? 'not firmware' : `firmware ${version}\n${'x'.repeat(2000)}`)
  const { id } = await house.charging.blocks.files.add('station.bin', Readable.from([content]))
  return { file: id, content }
}

/** A certificate and a signature by its key. */
async function signer({ house }: Bench, content: Buffer) {
  const { certificate, key } = (await trial(house)).authority('maker')
  return { signingCertificate: certificate, signature: sign('sha256', content, key).toString('base64') }
}

interface Wish {
  version?: string
  isSigned?: boolean
  spoil?: boolean
  retrieveAt?: number
  installAt?: number
}
const update = async (bench: Bench, { version, isSigned = false, spoil = false, retrieveAt, installAt }: Wish = {}) => {
  const { file, content } = await image(bench, version)
  const now = bench.house.clock.now()
  return bench.house.charging.blocks.errands.updateFirmware(stationOf(bench), {
    location: { file },
    ...(retrieveAt === undefined ? {} : { retrieveAt: after(now, retrieveAt) }),
    ...(installAt === undefined ? {} : { installAt: after(now, installAt) }),
    ...(isSigned ? await signer(bench, spoil ? Buffer.from('another') : content) : {}),
  })
}
const becomes = (bench: Bench, requestId: number, outcome: string) =>
  bench.house.until(outcome, async () => (await errand(bench, requestId)).outcome === outcome, 200)
const back = ({ house, one }: Bench) => house.until('it is back', () => one.station.state().registration === 'Accepted')

export const blockL: Block = {
  TC_L_01: [
    'Firmware, signed: fetched from us, checked, installed, and the station says its new version',
    async (bench) => {
      const { requestId, status } = await update(bench, { isSigned: true, version: '2.1.0' })
      assert.equal(status, 'Accepted')
      await becomes(bench, requestId, 'done')
      assert.deepEqual(await words(bench, requestId), [
        'Downloading',
        'Downloaded',
        'SignatureVerified',
        'Installing',
        'InstallRebooting',
        'Installed',
      ])
      await back(bench)
      assert.equal(stationOf(bench).record.firmware, '2.1.0')
    },
  ],
  TC_L_02: [
    'Firmware, to be installed later',
    async (bench) => {
      const { requestId } = await update(bench, { isSigned: true, installAt: MINUTE, version: '2.2.0' })
      await bench.house.until('it waits', async () => (await errand(bench, requestId)).status === 'InstallScheduled')
      await becomes(bench, requestId, 'done')
      await back(bench)
    },
  ],
  TC_L_03: [
    'Firmware, to be fetched later',
    async (bench) => {
      const { requestId } = await update(bench, { isSigned: true, retrieveAt: MINUTE, version: '2.3.0' })
      await bench.house.until('it waits', async () => (await errand(bench, requestId)).status === 'DownloadScheduled')
      assert.equal((await errand(bench, requestId)).outcome, 'running')
      await becomes(bench, requestId, 'done')
      await back(bench)
    },
  ],
  TC_L_04: [
    'Firmware: its certificate was revoked',
    async (bench) => {
      bench.one.instead.UpdateFirmware = () => ({ status: 'RevokedCertificate' })
      const { requestId, status } = await update(bench, { isSigned: true })
      assert.equal(status, 'RevokedCertificate')
      const kept = await errand(bench, requestId)
      assert.deepEqual([kept.outcome, kept.status], ['refused', 'RevokedCertificate'])
    },
  ],
  TC_L_05: [
    'Firmware: its certificate is none',
    async (bench) => {
      const { file } = await image(bench)
      const answer = await bench.house.charging.blocks.errands.updateFirmware(stationOf(bench), {
        ...{ location: { file }, signingCertificate: 'no certificate', signature: 'none' },
      })
      assert.equal(answer.status, 'InvalidCertificate')
      assert.equal((await errand(bench, answer.requestId)).outcome, 'refused')
    },
  ],
  TC_L_06: [
    'Firmware: its signature is wrong; people are told',
    async (bench) => {
      const { requestId } = await update(bench, { isSigned: true, spoil: true })
      await becomes(bench, requestId, 'failed')
      assert.equal((await errand(bench, requestId)).status, 'InvalidSignature')
      await bench.house.until('people are told', () =>
        bench.house.news.some((news) => news.kind === 'alarm' && news.code === 'station-firmware' && news.active),
      )
    },
  ],
  TC_L_07: [
    'Firmware: it cannot be fetched',
    async (bench) => {
      const location = `${bench.house.url.replace('ws', 'http').replace('/ocpp', '')}/station-files/${'x'.repeat(32)}/none.bin`
      const { requestId } = await bench.house.charging.blocks.errands.updateFirmware(stationOf(bench), { location })
      await becomes(bench, requestId, 'failed')
      assert.deepEqual(await words(bench, requestId), ['Downloading', 'DownloadFailed'])
    },
  ],
  TC_L_08: [
    'Firmware: what was fetched is no firmware',
    async (bench) => {
      const { requestId } = await update(bench, { version: '' })
      await becomes(bench, requestId, 'failed')
      assert.equal((await errand(bench, requestId)).status, 'InstallVerificationFailed')
    },
  ],
  TC_L_09: [
    'Firmware: the installation fails',
    async (bench) => {
      const { one, house } = bench
      one.instead.UpdateFirmware = () => ({ status: 'Accepted' })
      const { requestId } = await update(bench)
      for (const status of ['Downloading', 'Downloaded', 'Installing', 'InstallationFailed'] as const)
        await one.station.say('FirmwareStatusNotification', { requestId, status })
      const kept = await errand(bench, requestId)
      assert.deepEqual([kept.outcome, kept.history.length], ['failed', 4])
      await one.station.say('FirmwareStatusNotification', { requestId, status: 'Installed' })
      assert.equal((await errand(bench, requestId)).outcome, 'failed', 'what ended stays ended')
      assert.equal(house.charging.stations().length > 0, true)
    },
  ],
  TC_L_10: [
    'Firmware: a second request takes the place of the first',
    async (bench) => {
      const first = await update(bench, { retrieveAt: 10 * MINUTE })
      await bench.house.pass(3)
      const second = await update(bench, { version: '2.4.0' })
      assert.equal(second.status, 'AcceptedCanceled')
      assert.notEqual(second.requestId, first.requestId)
      assert.equal((await errand(bench, first.requestId)).outcome, 'superseded')
      await becomes(bench, second.requestId, 'done')
      await back(bench)
    },
  ],
  TC_L_11: [
    'Firmware: what is being installed cannot be called off',
    async (bench) => {
      const first = await update(bench, { version: '2.5.0' })
      await bench.house.until('it installs', async () => (await errand(bench, first.requestId)).status === 'Installing')
      const second = await update(bench, { version: '2.6.0' })
      assert.equal(second.status, 'Rejected')
      assert.equal((await errand(bench, second.requestId)).outcome, 'refused')
      await becomes(bench, first.requestId, 'done')
      await back(bench)
    },
  ],
  TC_L_13: [
    'Firmware: nothing is installed while somebody charges',
    async (bench) => {
      await charge(bench)
      const { requestId } = await update(bench, { version: '2.7.0' })
      await bench.house.until('it waits', async () => (await errand(bench, requestId)).status === 'InstallScheduled')
      await bench.house.pass(20)
      assert.equal((await errand(bench, requestId)).status, 'InstallScheduled')
      bench.one.station.unplug()
      await becomes(bench, requestId, 'done')
      await back(bench)
    },
  ],
}

const HASH = (hashAlgorithm: 'SHA256' | 'SHA384' | 'SHA512', serialNumber: string) => {
  const length = { SHA256: 64, SHA384: 96, SHA512: 128 }[hashAlgorithm]
  return { hashAlgorithm, issuerNameHash: 'Ab'.repeat(length / 2), issuerKeyHash: 'cD'.repeat(length / 2), serialNumber }
}
const HELD = (['SHA256', 'SHA384', 'SHA512'] as const).map((algorithm, index) => HASH(algorithm, `0${index}aF`))
const uses = (...types: ('CSMSRootCertificate' | 'ManufacturerRootCertificate' | 'V2GRootCertificate')[]) =>
  types.map((certificateType, index) => ({ certificateType, certificateHashData: HELD[index]! }))
const installs =
  (use: 'CSMSRootCertificate' | 'ManufacturerRootCertificate', status: 'Accepted' | 'Failed') =>
  async (bench: Bench): Promise<void> => {
    const pem = (await trial(bench.house)).roots.maker
    bench.one.instead.InstallCertificate = () => ({ status })
    assert.equal(await bench.house.charging.security.installed.install(stationOf(bench), use, pem), status)
    const request = bench.one.heard('InstallCertificate')[0]
    assert.equal(request?.certificateType, use)
    assert.equal(request?.certificate.trim(), pem.trim())
  }
const lists =
  (...types: ('CSMSRootCertificate' | 'ManufacturerRootCertificate' | 'V2GRootCertificate')[]) =>
  async (bench: Bench): Promise<void> => {
    bench.one.instead.GetInstalledCertificateIds = () => ({ status: 'Accepted', certificateHashDataChain: uses(...types) })
    const held = await bench.house.charging.security.installed.ask(stationOf(bench), types)
    assert.deepEqual(
      held.map(({ type }) => type),
      types,
    )
  }

export const blockM: Block = {
  TC_M_01: ['Install a root: of the platform', installs('CSMSRootCertificate', 'Accepted')],
  TC_M_02: ['Install a root: of the manufacturer', installs('ManufacturerRootCertificate', 'Accepted')],
  TC_M_05: ['Install a root: it fails', installs('CSMSRootCertificate', 'Failed')],
  TC_M_13: ['List the roots of a station: of the platform', lists('CSMSRootCertificate')],
  TC_M_18: ['List the roots of a station: of the manufacturer', lists('ManufacturerRootCertificate')],
  TC_M_19: ['List the roots of a station: all', lists('CSMSRootCertificate', 'ManufacturerRootCertificate', 'V2GRootCertificate')],
  TC_M_20: [
    'Delete roots named by hashes of three kinds; the hash data goes back as it came',
    async (bench) => {
      await lists('CSMSRootCertificate', 'ManufacturerRootCertificate', 'V2GRootCertificate')(bench)
      bench.one.instead.DeleteCertificate = () => ({ status: 'Accepted' })
      for (const hash of HELD) assert.equal(await bench.house.charging.security.installed.remove(stationOf(bench), hash), 'Accepted')
      assert.deepEqual(
        bench.one.heard('DeleteCertificate').map(({ certificateHashData }) => certificateHashData),
        HELD,
      )
    },
  ],
  TC_M_21: [
    'Delete a root: it fails',
    async (bench) => {
      await lists('CSMSRootCertificate')(bench)
      bench.one.instead.DeleteCertificate = () => ({ status: 'Failed' })
      assert.equal(await bench.house.charging.security.installed.remove(stationOf(bench), HELD[0]!), 'Failed')
    },
  ],
}

const log = (bench: Bench, type: 'DiagnosticsLog' | 'SecurityLog') =>
  bench.house.charging.blocks.errands.fetchLog(stationOf(bench), { type })
const brings =
  (type: 'DiagnosticsLog' | 'SecurityLog') =>
  async (bench: Bench): Promise<void> => {
    const { requestId, status } = await log(bench, type)
    assert.equal(status, 'Accepted')
    await becomes(bench, requestId, 'done')
    const { file, size, history } = await errand(bench, requestId)
    assert.deepEqual(
      history.map(({ status: word }) => word),
      ['Uploading', 'Uploaded'],
    )
    assert.ok(size && size > 20)
    const { content } = await bench.house.charging.blocks.files.open(file!)
    const text = Buffer.concat(await content.toArray()).toString()
    assert.ok(text.includes(`${bench.one.identity} ${type}`))
  }
/** Asks what the station keeps of a customer, or has it erased. */
const asks =
  (question: { report: boolean; clear: boolean }, who: 'badge' | 'identifier' | 'nobody') =>
  async (bench: Bench): Promise<void> => {
    await charge(bench)
    bench.one.station.unplug()
    await bench.house.pass(3)
    const named =
      who === 'identifier' ? { identifier: 'Customer 7' } : { token: who === 'badge' ? BADGE : { idToken: 'NOBODY27', type: 'ISO14443' } }
    const answer = await bench.house.charging.blocks.customers.ask(stationOf(bench), { ...question, ...named })
    assert.equal(answer.status, 'Accepted')
    await bench.house.pass(1)
    if (question.report) assert.equal(answer.text, who === 'badge' ? `{"idToken":"${BADGE.idToken}","cached":true}` : '')
    if (!question.clear || who !== 'badge') return
    const again = await bench.house.charging.blocks.customers.ask(stationOf(bench), { report: true, clear: false, token: BADGE })
    assert.equal(again.text, '', 'nothing is left')
  }

export const blockN: Block = {
  TC_N_25: ['A log of diagnostics: the station brings it to us', brings('DiagnosticsLog')],
  TC_N_27: ['Customer: report and erase', asks({ report: true, clear: true }, 'badge')],
  TC_N_28: ['Customer: report', asks({ report: true, clear: false }, 'badge')],
  TC_N_29: ['Customer: erase without a report', asks({ report: false, clear: true }, 'badge')],
  TC_N_30: ['Customer: report, by identifier', asks({ report: true, clear: false }, 'identifier')],
  TC_N_31: ['Customer: report of somebody the station does not know', asks({ report: true, clear: false }, 'nobody')],
  TC_N_32: [
    'Customer: the station refuses',
    async (bench) => {
      bench.one.instead.CustomerInformation = () => ({ status: 'Rejected' })
      const answer = await bench.house.charging.blocks.customers.ask(stationOf(bench), { report: true, clear: true, token: BADGE })
      assert.deepEqual([answer.status, answer.text], ['Rejected', null])
    },
  ],
  TC_N_34: [
    'A log: rejected',
    async (bench) => {
      bench.one.instead.GetLog = () => ({ status: 'Rejected' })
      const { requestId, status } = await log(bench, 'DiagnosticsLog')
      assert.equal(status, 'Rejected')
      assert.equal((await errand(bench, requestId)).outcome, 'refused')
    },
  ],
  TC_N_35: ['A security log: the station brings it to us', brings('SecurityLog')],
  TC_N_36: [
    'A second log while the first is under way: the first is given up',
    async (bench) => {
      const first = await log(bench, 'DiagnosticsLog')
      const second = await log(bench, 'DiagnosticsLog')
      assert.equal(second.status, 'AcceptedCanceled')
      assert.equal((await errand(bench, first.requestId)).outcome, 'superseded')
      await becomes(bench, second.requestId, 'done')
      assert.equal((await errand(bench, first.requestId)).size, null)
    },
  ],
  TC_N_62: [
    'Customer: erase and report, then the cache is empty and the list is ours',
    async (bench) => {
      await asks({ report: true, clear: true }, 'badge')(bench)
      const kept = await bench.house.charging.blocks.customers.list(bench.one.identity, 'UTC')
      assert.ok(kept.some(({ cleared, completeAt, customer }) => cleared && completeAt !== null && customer === '…X001'))
    },
  ],
}

export const blockP: Block = {
  TC_P_02: [
    'Data transfer of a vendor that nobody knows',
    async (bench) => {
      const answer = await bench.one.station.say('DataTransfer', { vendorId: 'org.example.unknown', messageId: 'Anything' })
      assert.ok(['UnknownVendorId', 'UnknownMessageId', 'Rejected'].includes(answer.status))
      assert.equal((await command(bench, 'DataTransfer', { vendorId: 'org.example.unknown' })).status, 'UnknownVendorId')
    },
  ],
  TC_P_03: [
    'customData everywhere: taken, and of no effect',
    async (bench) => {
      const { one, house } = bench
      const customData = { vendorId: 'org.example', anything: { deep: [1, 2, 3] } }
      const timestamp = new Date(house.clock.now()).toISOString()
      await one.station.say('Heartbeat', { customData })
      await one.station.say('StatusNotification', { ...{ timestamp, connectorStatus: 'Available', evseId: 1, connectorId: 1 }, customData })
      const answer = await one.station.say('Authorize', { idToken: { ...BADGE, customData }, customData })
      assert.equal(answer.idTokenInfo.status, 'Accepted')
      await one.station.say('TransactionEvent', {
        ...{ eventType: 'Started', seqNo: 0, timestamp, triggerReason: 'Authorized', customData },
        transactionInfo: { transactionId: 'P03', customData },
        evse: { id: 1, connectorId: 1, customData },
        meterValue: [{ timestamp, customData, sampledValue: [{ value: 1, customData }] }],
      })
      await one.station.say('TransactionEvent', {
        ...{ eventType: 'Ended', seqNo: 1, timestamp, triggerReason: 'EVDeparted' },
        transactionInfo: { transactionId: 'P03' },
      })
      assert.equal((await house.charging.archive.session(one.identity, 'P03')).complete, true)
      await tidy(bench)
    },
  ],
}
