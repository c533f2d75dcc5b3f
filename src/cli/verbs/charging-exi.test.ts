import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { chargingExi } from './charging-exi.ts'

async function run(words: string[], schema?: string): Promise<{ data: unknown; text: string; said: string[] }> {
  const out = { data: undefined as unknown, text: '', said: [] as string[] }
  await chargingExi.run({
    words,
    options: { schema },
    env: {},
    show(data, render) {
      out.data = data
      out.text = render()
    },
    say: (text) => void out.said.push(text),
    progress: () => undefined,
  })
  return out
}

const ANSWER = { supportedAppProtocolRes: { ResponseCode: 'OK_SuccessfulNegotiation', SchemaID: 1 } }

test('bytes of a capture are read with the schema they belong to, framed or not, from a word or a file', async () => {
  const bare = await run(['decode', '80 40 00 40'])
  assert.deepEqual(bare.data, { schema: 'sap', namespace: 'urn:iso:15118:2:2010:AppProtocol', message: ANSWER })
  assert.match(bare.text, /^urn:iso:15118:2:2010:AppProtocol\n\{/)
  const file = join(mkdtempSync(join(tmpdir(), 'exi-')), 'frame')
  writeFileSync(file, Buffer.from('01fe80020000001580 8c02050d961e8809ac39d06204050d961ea72f80'.replace(' ', ''), 'hex'))
  assert.equal(((await run(['decode', file])).data as { schema: string }).schema, 'iso20')
  await assert.rejects(run(['decode', 'ffff']), { code: 'exi-unreadable' })
  await assert.rejects(run(['decode', 'no such thing']), { code: 'usage' })
})

test('a message in JSON is written as bytes, and a field that does not belong there is named', async () => {
  assert.equal((await run(['encode', JSON.stringify(ANSWER)])).text, '80400040')
  const message = JSON.stringify({ V2G_Message: { Header: { SessionID: '00' }, Body: { SessionStopReq: { ChargingSession: 'Pause' } } } })
  await assert.rejects(run(['encode', message]), { code: 'usage', hint: 'Add --schema.' })
  const { text } = await run(['encode', message], 'iso2')
  assert.deepEqual(((await run(['decode', text])).data as { message: unknown }).message, JSON.parse(message))
  await assert.rejects(run(['encode', message], 'din'), { code: 'exi-invalid-message', message: /has no field ChargingSession/ })
})
