// The preview of an upload: what would be stored, said without storing it.
import assert from 'node:assert/strict'
import test from 'node:test'
import { openDoor } from '../door.fixture.ts'

test('a preview says what an upload would do and writes nothing', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor({ timezone: 'America/Martinique' })
  const send = async (path: string, text: string, fields: Record<string, string> = {}, as: 'mel' | 'bob' = 'mel') => {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    form.append('uploaded-files', new Blob([text], { type: 'text/csv' }), 'd.csv')
    const answer = await fetch(`${door.url}${path}`, { method: 'POST', headers: { authorization: door.tokens[as] }, body: form })
    return { status: answer.status, body: (await answer.json()) as { data: Record<string, unknown>; code?: string; detail?: string } }
  }
  const preview = `/api/cariflex/v1/sensors/${sensor}/upload/preview`
  const instantly = { 'belief-time-measured-instantly': 'on', unit: 'W' }
  const file = 'début;valeur\n24/11/2026 06:00;1500,5\n24/11/2026 06:15;2000\n24/11/2026 06:30;\n'
  const first = await send(preview, file, instantly)
  assert.equal(first.status, 200)
  assert.deepEqual(first.body.data, {
    files: ['d.csv'],
    rows: 2,
    events: 2,
    firstRows: [
      { start: '2026-11-24T06:00:00-04:00', value: 1.5005 },
      { start: '2026-11-24T06:15:00-04:00', value: 2 },
    ],
    start: '2026-11-24T06:00:00-04:00',
    end: '2026-11-24T06:30:00-04:00',
    resolution: 'PT15M',
    unit: 'W',
    warnings: [
      'Dates are read day first.',
      'Commas are read as decimal commas.',
      'Rows without a value are left out: 1.',
      'Values are converted from W to kW.',
    ],
    alreadyKnown: 0,
    replacements: 0,
  })
  const count = async () => (await door.store.first<{ n: number }>('select count(*)::int as n from timed_belief'))!.n
  const sources = async () => (await door.store.first<{ n: number }>('select count(*)::int as n from data_source'))!.n
  assert.deepEqual([await count(), await sources()], [0, 0])
  assert.equal((await send(`/api/v3_0/sensors/${sensor}/data/upload`, file, instantly)).status, 200)
  const { data } = (await send(preview, `${file.replace('2000', '2100')}24/11/2026 06:45;1\n`, instantly)).body
  assert.deepEqual([data['events'], data['alreadyKnown'], data['replacements']], [3, 1, 1])
  assert.equal(await count(), 2)
  const wrong = await send(preview, 'not,a\ncsv,at all\n')
  assert.deepEqual([wrong.status, wrong.body.code, wrong.body.detail], [422, 'invalid-upload', "Row 2: 'csv' is no date and time."])
  assert.equal((await send(preview, file, {}, 'bob')).status, 403)
  assert.equal((await send('/api/cariflex/v1/sensors/999999/upload/preview', file)).status, 404)
})
