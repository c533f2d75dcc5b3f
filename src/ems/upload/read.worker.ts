/** A thread that reads uploaded files, one request at a time. It may be killed at any moment. */
import { parentPort } from 'node:worker_threads'
import { readFiles } from './read-file.ts'
import type { ReadingReply, ReadingRequest } from './reading-message.ts'

const port = parentPort
port?.on('message', ({ files, target, reading }: ReadingRequest) => {
  void readFiles(files, target, reading).then(
    (answer) =>
      port.postMessage(
        { answer } satisfies ReadingReply,
        answer.read.flatMap(({ starts, values, beliefTimes }) =>
          [starts, values, ...(beliefTimes ? [beliefTimes] : [])].map((one) => one.buffer),
        ),
      ),
    (error: unknown) => port.postMessage({ error: error instanceof Error ? error.message : String(error) } satisfies ReadingReply),
  )
})
