// The 135 test cases for a CSMS of OCPP 2.0.1 (Part 6, ids TC_<x>_CSMS), driven by our own strict station on real sockets and a real
// PostgreSQL, with a clock moved by hand. Cases of one block share a station; each leaves it as it was found.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { blockC } from './authorization.ts'
import { type Block, registerBadges, tidy } from './bench.ts'
import { ocppHouse } from './house.ts'
import { blockA, blockB } from './provisioning.ts'
import { blockF, blockG, blockJ } from './remote.ts'
import { blockE } from './transactions.ts'
import { blockL, blockM, blockN, blockP } from './upkeep.ts'

const BLOCKS: Record<string, Block> = {
  ...{ A: blockA, B: blockB, C: blockC, E: blockE, F: blockF, G: blockG, J: blockJ },
  ...{ L: blockL, M: blockM, N: blockN, P: blockP },
}
const EXPECTED = 135

test('a CSMS of OCPP 2.0.1 passes the cases of Part 6', { timeout: 900_000 }, async (t) => {
  const wanted = process.env['CARIFLEX_OCPP_CASES']
  const house = await ocppHouse(t)
  await registerBadges(house)
  let passed = 0
  const elsewhere: string[] = []
  for (const [name, block] of Object.entries(BLOCKS)) {
    if (wanted !== undefined && !Object.keys(block).some((id) => id.includes(wanted))) continue
    const one = await house.come(`BLOCK-${name}`)
    await tidy({ house, one })
    for (const [id, [title, run]] of Object.entries(block)) {
      if (wanted !== undefined && !id.includes(wanted)) continue
      if (typeof run === 'string') {
        elsewhere.push(id)
        assert.ok(readFileSync(join(import.meta.dirname, run), 'utf8').includes(`'${id}_CSMS `), `${run} has ${id}`)
      } else
        await t.test(`${id}_CSMS ${title}`, async () => {
          try {
            await run({ house, one })
            passed++
          } finally {
            await tidy({ house, one })
          }
        })
    }
    await one.station.stop()
  }
  const cases = Object.values(BLOCKS).flatMap((block) => Object.keys(block))
  t.diagnostic(
    `${passed} of ${EXPECTED} passed; ${elsewhere.length} more, which need TLS, are in security.test.ts: ${elsewhere.join(', ')}`,
  )
  assert.equal(new Set(cases).size, EXPECTED)
})
