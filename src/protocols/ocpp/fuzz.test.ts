import assert from 'node:assert/strict'
import test from 'node:test'
import { DIALECTS } from './dialects.ts'
import { muteSession, oddFrame, seeded } from './fuzz.fixture.ts'

const SEED = 20_261_125
const FRAMES = 800

for (const { version, name } of DIALECTS)
  for (const strict of [true, false])
    test(`${name}, ${strict ? 'strict' : 'lenient'}: no frame crashes us, and each gets at most one answer (seed ${SEED})`, async () => {
      const random = seeded(SEED)
      const { say, faults, isOpen } = muteSession(version, strict)
      let answered = 0
      for (let count = 0; count < FRAMES; count++) {
        const text = oddFrame(random)
        const answers = await say(text)
        assert.ok(answers.length <= 1, text)
        for (const [type, id] of answers) {
          answered++
          assert.ok(type === 3 || type === 4, text)
          assert.ok(typeof id === 'string' && (id === '-1' || text.includes(JSON.stringify(id).slice(1, -1))), `${text} → ${String(id)}`)
        }
      }
      assert.ok(answered > FRAMES / 3, `${answered} answers`)
      assert.ok(isOpen())
      // Our own handler is never at fault; what stations of 2.1 send in vain (SENDs, CALLRESULTERRORs) is only told.
      for (const fault of faults) assert.equal((fault as Error).name, 'CallError')
      assert.deepEqual(await say('[2,"last","Heartbeat",{}]'), [[3, 'last', { currentTime: '2026-03-01T08:00:00Z' }]])
    })
