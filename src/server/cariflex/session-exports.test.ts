/** Sessions as files: the same filters and sums in all three. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import test from 'node:test'
import { inflateSync } from 'node:zlib'
import { read, utils } from '@e965/xlsx'
import { sessionExportRoutes } from './session-exports.ts'
import { yard } from './yard.fixture.ts'

/** Ended sessions of 8.5 and 2.1 percent, one that was given back to the grid and signed, and one without a tariff. */
async function archive(t: Parameters<typeof yard>[0], most = 3) {
  const one = await yard(t, (server, _, { charging, established }) =>
    server.register(sessionExportRoutes({ charging, established, rooms: server }), '/api/cariflex/v1'),
  )
  await one.charging.registerStation({ identity: 'CP001', asset: one.established.site, powerSensor: 1, nominalW: 11_000 })
  await one.charging.registerStation({ identity: '=CP002', asset: one.established.site, powerSensor: 1, nominalW: 11_000 })
  for (let nth = 1; nth <= most; nth++) {
    const station = nth === 2 ? '=CP002' : 'CP001'
    const at = `2026-11-${String(1 + (nth % 28)).padStart(2, '0')}T08:00:00Z`
    await one.store.query(
      `insert into cariflex.charging_transaction (station, transaction_id, evse_id, id_token, first_at, last_at, started_at, ended_at,
         import_begin, import_last, export_begin, export_last, import_begin_at, import_last_at, export_begin_at, export_last_at, events, max_seq)
       values ($1, $2, 1, 'CARIFLEX001', $3, $3::timestamptz + '2h', $3, $3::timestamptz + '2h', 0, $4, 0, $5, $3, $3, $3, $3, 2, 1)`,
      [station, `T${nth}`, at, 10_000 + nth * 500, nth === 1 ? 1_500 : 0],
    )
    if (nth === 3) continue
    const lines = [
      { dimension: 'ENERGY', vat: '8.5', excl_vat: '4.2', incl_vat: '4.56' },
      ...(nth === 1 ? [{ dimension: 'FLAT', vat: '2.1', excl_vat: '1', incl_vat: '1.02' }] : []),
    ]
    const sum = (key: 'excl_vat' | 'incl_vat') => lines.reduce((all, line) => all + Number(line[key]), 0)
    await one.store.query(
      `insert into cariflex.charging_bill (station, transaction_id, tariff, currency, total_excl, total_incl, bill, priced_at)
       values ($1, $2, '{"id":"DAY"}', 'EUR', $3, $4, $5, $6)`,
      [station, `T${nth}`, sum('excl_vat'), sum('incl_vat'), JSON.stringify({ lines }), at],
    )
  }
  await one.store.query(
    `insert into cariflex.transaction_event (station, transaction_id, seq_no, event_type, trigger_reason, at, received_at, payload, response)
     values ('CP001', 'T1', 0, 'Started', 'Authorized', now(), now(), $1, '{}')`,
    [JSON.stringify({ meterValue: [{ sampledValue: [{ value: 1, signedMeterValue: { signedMeterData: 'eA==' } }] }] })],
  )
  const get = async (path: string) => {
    const headers = { authorization: `Bearer ${one.token}` }
    return one.server.app.inject({ method: 'GET', url: `/api/cariflex/v1/charging/${path}`, headers })
  }
  return { ...one, get }
}

/** The text of a PDF whose fonts are the standard ones: its strings are hexadecimal. */
function textOf(pdf: Buffer): string {
  let text = ''
  for (let at = pdf.indexOf('stream\n'); at >= 0; at = pdf.indexOf('stream\n', at + 1)) {
    const end = pdf.indexOf('endstream', at)
    try {
      const content = inflateSync(pdf.subarray(at + 7, end)).toString('latin1')
      for (const [, list = ''] of content.matchAll(/\[([^\]]*)\] TJ/g))
        text += `${[...list.matchAll(/<([0-9a-f]+)>/g)].map(([, hex]) => Buffer.from(hex!, 'hex').toString('latin1')).join('')}\n`
    } catch {
      // Not compressed: a font or a picture.
    }
  }
  return text
}

test('sessions leave as CSV and as a workbook with their VAT by rate, and nothing becomes a formula', async (t) => {
  const { get } = await archive(t)
  const csv = await get('sessions.csv?station=CP001')
  assert.deepEqual(csv.body.split('\r\n'), [
    'station,id,evse,token,startedAt,endedAt,energyKwh,exportedKwh,tariff,currency,totalExcl,totalIncl,signed,complete,stoppedReason,vat2.1_excl,vat2.1,vat8.5_excl,vat8.5',
    'CP001,T3,1,…X001,2026-11-04T04:00:00-04:00,2026-11-04T06:00:00-04:00,11.5,0,,,,,false,true,,,,,',
    'CP001,T1,1,…X001,2026-11-02T04:00:00-04:00,2026-11-02T06:00:00-04:00,10.5,1.5,DAY,EUR,5.2,5.58,true,true,,1,0.02,4.2,0.36',
    '',
  ])
  const comma = await get('sessions.csv?decimal=comma&before=2026-11-03T12:00:00Z&since=2026-11-03T00:00:00Z')
  assert.match(comma.body.split('\r\n')[1]!, /^'=CP002;T2;1;…X001;.*;11;0;DAY;EUR;4,2;4,56;false;/)
  const book = read((await get('sessions.xlsx')).rawPayload, { type: 'buffer' })
  const rows = utils.sheet_to_json<Record<string, unknown>>(book.Sheets['Sessions']!)
  assert.deepEqual(
    rows.map(({ station, totalIncl }) => [station, totalIncl]),
    [
      ['CP001', undefined],
      ['=CP002', 4.56],
      ['CP001', 5.58],
    ],
  )
  assert.equal(book.Sheets['Sessions']!['A3'].f, undefined)
  for (const path of ['sessions.csv?limit=0', 'sessions.pdf?since=soon', 'sessions.xlsx?open=perhaps'])
    assert.equal((await get(path)).statusCode, 422, path)
})

test('the PDF says in French and English what was sold, page by page, with the sums at its end', async (t) => {
  const { get } = await archive(t, 60)
  const pdf = (await get('sessions.pdf?since=2026-11-01T00:00:00Z')).rawPayload
  if (process.env['CARIFLEX_SHOW_PDF']) writeFileSync(process.env['CARIFLEX_SHOW_PDF'], pdf)
  assert.equal(pdf.subarray(0, 5).toString(), '%PDF-')
  const text = textOf(pdf)
  for (const said of ['Sessions de recharge · Charging sessions', 'Énergie kWh', 'Given back', 'oui · yes', '60 sessions', '3 / 3'])
    assert.ok(text.includes(said), `${said} is in the document`)
  // 59 with a tariff: 58 at 4.56 and one at 5.58.
  assert.ok(text.includes('Total : 248,80 HT · excl. VAT, 270,06 EUR TTC'), text.slice(-800))
  assert.ok(text.includes('TVA · VAT 2,1 % : 1,00 HT'), 'VAT by rate')
  assert.ok(textOf((await get('sessions.pdf?station=CP009')).rawPayload).includes('No session.'), 'an empty list is said so')
})
