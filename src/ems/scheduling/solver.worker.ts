/** A thread that holds one HiGHS and solves what it is sent, one program at a time. It may be killed at any moment. */
import { parentPort } from 'node:worker_threads'
import highs, { type Highs } from 'highs'
import { runProgram } from './run-program.ts'
import type { SolveRequest, SolverReply } from './solver-message.ts'

const port = parentPort
if (port) {
  // The package's types describe its CommonJS face; its ES face exports the loader itself.
  const loaded = await (highs as unknown as () => Promise<Highs>)()
  // One tiny program first: the first solve of a fresh WASM instance costs ten times a later one.
  runProgram(
    loaded,
    {
      columns: 2,
      rows: 1,
      cost: Float64Array.of(1, 2),
      lower: Float64Array.of(0, 0),
      upper: Float64Array.of(1, 1),
      rowLower: Float64Array.of(1),
      rowUpper: Float64Array.of(2),
      starts: Int32Array.of(0, 2),
      indices: Int32Array.of(0, 1),
      values: Float64Array.of(1, 1),
      offset: 0,
    },
    { timeLimitMs: 1000 },
  )
  port.on('message', (request: SolveRequest) => {
    let reply: SolverReply
    try {
      reply = { id: request.id, answer: runProgram(loaded, request.program, request.options) }
    } catch (error) {
      reply = { id: request.id, error: error instanceof Error ? error.message : String(error) }
    }
    port.postMessage(reply)
  })
  port.postMessage({ ready: true } satisfies SolverReply)
}
