/** Fuzzed OCPP frames into sessions without a network: how many, how fast, and that memory stays flat. */
import { muteSession, oddFrame, seeded } from '../src/protocols/ocpp/fuzz.fixture.ts'

export const name = 'OCPP fuzz: mutated frames of every version, strict and lenient'

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const each = short ? 10_000 : 170_000
  const lines: string[] = []
  let total = 0
  let first: number | undefined
  let most = 0
  for (const version of ['ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'] as const)
    for (const strict of [true, false]) {
      const seed = 1 + Math.floor(Math.random() * 2 ** 31)
      const random = seeded(seed)
      const { say, isOpen } = muteSession(version, strict)
      const began = performance.now()
      let answered = 0
      for (let count = 0; count < each; count++) {
        const text = oddFrame(random)
        const answers = await say(text)
        if (answers.length > 1 || !isOpen()) throw new Error(`seed ${seed}, frame ${count}: ${text}`)
        answered += answers.length
        if (count % 1000 === 0) {
          await new Promise((resolve) => setImmediate(resolve))
          const { heapUsed } = process.memoryUsage()
          if (count === 5000) first ??= heapUsed
          most = Math.max(most, heapUsed)
        }
      }
      total += each
      const rate = Math.round((each / (performance.now() - began)) * 1000).toLocaleString('en-US')
      lines.push(
        `${version} ${strict ? 'strict' : 'lenient'}: ${each.toLocaleString('en-US')} frames (seed ${seed}), ${answered} answered, ${rate}/s`,
      )
    }
  lines.push(
    `${total.toLocaleString('en-US')} frames, no crash; heap ${((first ?? 0) / 1e6).toFixed(0)} MB after the first 5,000, at most ${(most / 1e6).toFixed(0)} MB`,
  )
  return lines
}
