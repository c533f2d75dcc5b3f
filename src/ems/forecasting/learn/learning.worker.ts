/** A thread that learns series and foretells them, one task at a time. It may be ended at any moment. */
import { parentPort } from 'node:worker_threads'
import { type LearningReply, type LearningTask, learn } from './task.ts'

/** Progress is told at most so often, ms. */
const EVERY = 100

const port = parentPort
port?.on('message', ({ id, task }: { id: number; task: LearningTask }) => {
  const tell = (reply: LearningReply) => port.postMessage(reply)
  let told = Number.NEGATIVE_INFINITY
  try {
    const learned = learn(task, (stage, share) => {
      if (performance.now() - told < EVERY) return
      told = performance.now()
      tell({ id, stage, share })
    })
    tell({ id, learned })
  } catch (error) {
    tell({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
})
