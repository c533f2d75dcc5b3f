/** A thread that holds one HiGHS and plans what it is sent, one problem at a time. It may be killed at any moment. */
import { parentPort } from 'node:worker_threads'
import highs, { type Highs } from 'highs'
import { formulate } from './formulate.ts'
import type { SchedulingProblem } from './problem.ts'
import { runProgram } from './run-program.ts'
import { searchPlan } from './search.ts'
import type { Solution } from './solution.ts'
import type { PlanRequest, SolverReply } from './solver-message.ts'

const warmUp: SchedulingProblem = {
  steps: 48,
  hours: 0.25,
  devices: [0, 1].map((stock) => ({ name: 'battery', min: -50, max: 50, stock, chargingEfficiency: 0.95, dischargingEfficiency: 0.95 })),
  stocks: [20, 40].map((start) => ({ name: 'battery', start, min: 10, max: 100 })),
  flows: [{ name: 'site', devices: [0, 1], max: 80 }],
  commitments: [
    {
      name: 'energy',
      on: { flow: 0 },
      grouping: 'each',
      quantity: 0,
      up: Array.from({ length: 48 }, (_, step) => 0.03 + 0.01 * Math.sin(step)),
      down: Array.from({ length: 48 }, (_, step) => 0.02 + 0.01 * Math.sin(step)),
    },
  ],
}

const port = parentPort
if (port) {
  // The package's types describe its CommonJS face; its ES face exports the loader itself.
  const loaded = await (highs as unknown as () => Promise<Highs>)()
  // Some real work first: a fresh WASM instance solves ten times slower than one whose code is warm.
  const { program } = formulate(warmUp)
  for (let round = 0; round < 3; round++) runProgram(loaded, program, { timeLimitMs: 2000, presolve: round === 0 ? 'on' : 'off' })
  port.on('message', ({ id, problem, options }: PlanRequest) => {
    let reply: SolverReply
    try {
      const found = (plan: Solution) => port.postMessage({ id, found: plan } satisfies SolverReply)
      reply = { id, outcome: searchPlan(loaded, problem, options, found) }
    } catch (error) {
      reply = { id, error: error instanceof Error ? error.message : String(error) }
    }
    port.postMessage(reply)
  })
  port.postMessage({ ready: true } satisfies SolverReply)
}
