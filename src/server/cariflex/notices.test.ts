// Who asked for what cannot be kept, or watches the asset, gets one mail of it, in their language, through a real SMTP server; and when it is over.
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { openAlarms, startNotices } from '#ems'
import { after, DAY, HOUR, inProcessBus, MINUTE, silentLog } from '#kernel'
import { smtpPostman } from '#protocols/smtp'
import { type Door, openDoor } from '../door.fixture.ts'

interface Letter {
  to: string[]
  text: string
}

async function mailbox(t: TestContext): Promise<{ port: number; letters: Letter[] }> {
  const letters: Letter[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        letters.push({ to: session.envelope.rcptTo.map(({ address }) => address), text: decoded(Buffer.concat(chunks)) })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return { port: (server.server.address() as { port: number }).port, letters }
}

/** The letter as people read it: header, then the body without quoted-printable or base64. */
function decoded(raw: Buffer): string {
  const [header = '', ...rest] = raw.toString('latin1').split('\r\n\r\n')
  const body = rest.join('\r\n\r\n')
  const bytes = /base64/i.test(header.slice(header.search(/content-transfer-encoding/i)))
    ? Buffer.from(body, 'base64')
    : Buffer.from(
        body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      )
  return `${header}\n\n${bytes.toString('utf8')}`.replaceAll('\r\n', '\n')
}

async function watched(t: TestContext) {
  const { port, letters } = await mailbox(t)
  const carrier = smtpPostman({ host: '127.0.0.1', port, ssl: false, tls: false })
  const door = await openDoor(t, { mail: { carrier, from: 'Cariflex <flex@example.org>' } })
  const { server, store, clock } = door
  const alarms = openAlarms({ store, clock, bus: inProcessBus(() => {}) })
  const notices = startNotices({
    ...{
      store,
      clock,
      log: silentLog,
      alarms,
      mails: server.mails,
      users: server.users,
      platform: 'Cariflex',
      language: 'en',
      zone: 'UTC',
    },
    url: () => 'https://flex.example.org',
  })
  t.after(() => notices.stop())
  /** Letters of a look after so long. */
  const later = async (ms: number): Promise<Letter[]> => {
    clock.set(after(clock.now(), ms))
    await notices.look()
    await server.mails.settled()
    return letters.splice(0)
  }
  const prefer = (as: 'ann' | 'mel' | 'bob', body: unknown, path = '/notices') => door.ask('PUT', `/api/cariflex/v1${path}`, { as, body })
  return { door, alarms, later, prefer }
}

const wish = (door: Door, cause: string, energy = '16 kWh') => ({
  asset: door.asset,
  cause: `soc-minima 2026-11-25T07:00:00+00:00 ${cause}`,
  message: `V2G003: ${energy} will be missing at 07:00: the charger gives 11 kW.`,
  until: after(door.clock.now(), DAY),
})

test('who watches an asset gets one mail for a wish and its cause, in their language, and one when it is settled', async (t) => {
  const { door, alarms, later, prefer } = await watched(t)
  assert.equal((await prefer('mel', { assets: [door.asset], language: 'fr' })).status, 200)
  const settle = (...causes: string[]) =>
    alarms.settle(
      [door.asset],
      'wish-broken',
      causes.map((cause) => wish(door, cause)),
    )
  await settle('power')
  assert.deepEqual(await later(MINUTE), [], 'a wish that fits again with the next plan is not worth a letter')
  const [letter, ...others] = await later(2 * MINUTE)
  assert.deepEqual([others.length, letter?.to], [0, ['mel@example.com']])
  assert.match(letter!.text, /V2G003\s: il manquera 16\skWh à 07:00, car la borne donne 11\skW\./)
  assert.match(letter!.text, /Que faire : Branchez plus tôt/)
  assert.match(letter!.text, new RegExp(`house, depuis 2026-11-24 12:0\\d: https://flex.example.org/assets/${door.asset}/status`))
  assert.match(letter!.text, /flex\.example\.org\/me/)

  await settle('power')
  assert.deepEqual(await later(HOUR), [], 'the same wish and cause is told once')
  await settle('power', 'site-limit')
  assert.match((await later(HOUR))[0]!.text, /Déplacez d’autres consommations/, 'another cause is another letter')
  await settle('power')
  await later(0)
  await settle('power', 'site-limit')
  const both = await later(HOUR)
  assert.equal(both.length, 0, 'what comes and goes within hours is not told again')

  await settle()
  const [over] = await later(HOUR)
  assert.match(over!.text, /Ceci est réglé, ou ne compte plus :/)
  assert.match(over!.text, /Subject: .*r=C3=A9gl=C3=A9|Subject: .*réglé/i)
  assert.deepEqual(await later(DAY), [])
})

test('letters to one user are seldom: what happens meanwhile stands together in the next, what ended by then does not', async (t) => {
  const { door, alarms, later, prefer } = await watched(t)
  await prefer('mel', { assets: [door.asset] })
  await alarms.settle([door.asset], 'wish-broken', [wish(door, 'power')])
  assert.equal((await later(3 * MINUTE)).length, 1)
  await alarms.settle([door.asset], 'wish-broken', [wish(door, 'power'), wish(door, 'absent', '7 kWh'), wish(door, 'capacity', '9 kWh')])
  await alarms.raise(door.asset, 'order-refused', 'BAT001 does not follow its order: The battery is full.')
  assert.equal((await later(6 * MINUTE)).length, 0)
  await alarms.clear(door.asset, 'order-refused')
  const [letter, ...others] = await later(10 * MINUTE)
  assert.equal(others.length, 0)
  assert.match(letter!.text, /Subject: Cariflex: 2 wishes are not kept \(house\)/)
  assert.match(letter!.text, /7 kWh[\s\S]*Plug it in before then[\s\S]*9 kWh[\s\S]*Ask for no more than the storage holds/)
  assert.doesNotMatch(letter!.text, /BAT001|16 kWh/)

  // A wish whose moment came is over without a word: nothing was settled.
  assert.deepEqual(await later(2 * DAY), [])
  assert.equal((await door.ask('GET', '/api/cariflex/v1/alarms', { as: 'mel' })).status, 200)
})

test('a schedule that cannot keep a target tells the one who asked for it, until a schedule keeps it', async (t) => {
  const { door, later, prefer } = await watched(t)
  const { server } = door
  const battery = await server.assets.create({
    name: 'battery',
    type: 6,
    account: (await server.assets.get(door.asset))!.account,
    parent: door.asset,
  })
  const power = await server.sensors.create({ name: 'power', unit: 'kW', resolution: 900_000, asset: battery.id, timezone: 'UTC' })
  const ask = async (kwh: number) => {
    const entry = {
      sensor: power.id,
      ...{ 'soc-at-start': '0 kWh', 'soc-min': '0 kWh', 'soc-max': '100 kWh', 'power-capacity': '5 kW', 'roundtrip-efficiency': 1 },
      'soc-minima': [{ value: `${kwh} kWh`, datetime: '2026-11-24T14:00:00+00:00' }],
    }
    const answer = await door.ask('POST', `/api/v3_0/assets/${door.asset}/schedules/trigger`, {
      as: 'mel',
      body: {
        start: '2026-11-24T12:00:00+00:00',
        duration: 'PT4H',
        'flex-model': [entry],
        'flex-context': { 'consumption-price': '1 EUR/MWh', 'soc-minima-breach-price': '100 EUR/kWh', 'site-power-capacity': '100 kW' },
      },
    })
    assert.equal(answer.status, 202, JSON.stringify(answer.body))
    await new Promise<void>((resolve, reject) => {
      const uuid = String(answer.body['schedule'])
      const look = async () => {
        const job = await server.queue.get(uuid)
        if (job?.status === 'FINISHED') return resolve()
        if (job?.status === 'FAILED') return reject(new Error(job.exc ?? 'failed'))
        setTimeout(look, 10)
      }
      void look()
    })
  }
  await prefer('ann', { mail: 'account' })
  await prefer('mel', { mail: 'account' }, `/accounts/${(await server.assets.get(door.asset))!.account}/notices`)
  await ask(16)
  const letters = await later(MINUTE)
  assert.deepEqual(letters.map(({ to }) => to[0]).sort(), ['ann@example.com', 'mel@example.com'])
  assert.match(letters[0]!.text, /battery: 6 kWh will be missing on 2026-11-24 14:00 for the lowest state of charge that was asked for\./)
  assert.match(letters[0]!.text, /What to do: Ask for less or for a later moment/)
  const seen = async (as: 'mel' | 'bob') =>
    ((await door.ask('GET', '/api/cariflex/v1/alarms', { as })).body['data'] as { code: string; active: boolean }[]).map(
      ({ code, active }) => [code, active],
    )
  assert.deepEqual(await seen('mel'), [['schedule-wish', true]])
  assert.deepEqual(await seen('bob'), [], 'another account sees nothing of it')
  await ask(8)
  assert.match((await later(16 * MINUTE))[0]!.text, /This is settled, or counts no more:\n\n- battery: 6 kWh/)
  assert.deepEqual(await seen('mel'), [['schedule-wish', false]])
})

test('what a user chose goes before what the account chose, and nobody is told of what they may not read', async (t) => {
  const { door, alarms, later, prefer } = await watched(t)
  const { account } = (await door.server.assets.get(door.asset))!
  const shown = async (as: 'ann' | 'mel' | 'bob') =>
    (await door.ask('GET', '/api/cariflex/v1/notices', { as })).body['data'] as Record<string, unknown>
  assert.deepEqual(await shown('mel'), { mail: 'asked', chosenBy: 'platform', language: null, assets: [] })
  assert.equal((await prefer('mel', { mail: 'account' }, `/accounts/${account}/notices`)).status, 403, 'members choose for themselves only')
  assert.equal((await prefer('bob', { mail: 'off' }, `/accounts/${account}/notices`)).status, 403)
  assert.equal((await prefer('ann', { mail: 'account' }, `/accounts/${account}/notices`)).status, 200)
  assert.equal((await prefer('ann', { mail: 'off' }, '/accounts/999999/notices')).status, 404)
  const ofAccount = (as: 'mel' | 'bob') => door.ask('GET', `/api/cariflex/v1/accounts/${account}/notices`, { as })
  assert.deepEqual((await ofAccount('mel')).body['data'], { mail: 'account' })
  assert.equal((await ofAccount('bob')).status, 403)
  assert.deepEqual(await shown('mel'), { mail: 'account', chosenBy: 'account', language: null, assets: [] })
  assert.equal((await prefer('ann', { mail: 'off' })).status, 200)
  for (const body of [{ mail: 'loud' }, { assets: ['x'] }, { assets: [0] }, { language: 'de' }, { other: 1 }, []])
    assert.equal((await prefer('mel', body)).status, 422, JSON.stringify(body))
  const foreign = await prefer('bob', { assets: [door.asset] })
  assert.deepEqual([foreign.status, foreign.body['code']], [422, 'unknown-asset'])
  assert.equal((await door.ask('GET', '/api/cariflex/v1/notices')).status, 401)

  // Bob watched before the asset was taken from his account.
  await door.store.query(
    `insert into cariflex.user_setting (user_id, name, value) select id, 'notices', $1::jsonb from fm_user where email = 'bob@example.com'`,
    [JSON.stringify({ assets: [door.asset] })],
  )
  await alarms.raise(door.asset, 'order-unanswered', 'BAT001 says nothing of its order: No answer in time.')
  const letters = await later(6 * MINUTE)
  assert.deepEqual(
    letters.map(({ to }) => to),
    [['mel@example.com']],
  )
  assert.match(letters[0]!.text, /until it answers, nobody knows what it does/)
  assert.equal((await prefer('ann', { mail: null }, `/accounts/${account}/notices`)).status, 200)
  assert.equal((await shown('mel'))['chosenBy'], 'platform')
})
