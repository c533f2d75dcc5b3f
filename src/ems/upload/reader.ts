/**
 * Reads uploaded files without holding up anybody else: small CSV at once, everything else in a thread of its own, one upload after the
 * other, with bounds on memory and time.
 */
import { Worker } from 'node:worker_threads'
import { type Clock, moduleToRun, nodeFlagsFor, Problem, say, type Timer } from '#kernel'
import { isWorkbook, type ReadFiles, readFiles } from './read-file.ts'
import type { ReadingReply, ReadingRequest } from './reading-message.ts'
import { SAYING } from './saying.ts'
import type { ReadFile, UploadedFile, UploadReading, UploadTarget } from './target.ts'

export interface UploadReader {
  /**
   * The files as events of the sensor.
   * @throws Problem `invalid-upload` (422) with what is wrong with each file in `details.failed`; `inconvertible-unit` (422);
   * `upload-closed` (503)
   */
  read(files: readonly UploadedFile[], target: UploadTarget, reading: UploadReading): Promise<ReadFile[]>
  close(): Promise<void>
}

export interface UploadReaderOptions {
  clock: Clock
  /** CSV files of so many bytes together are read at once, in a few milliseconds. */
  atOnce?: number
  /** A file that takes longer is given up, ms. */
  patience?: number
  /** The thread ends after so long without work, ms. */
  rest?: number
}

/** Memory of the thread: a million rows of a workbook fit. */
const MEGABYTES = 1024

const workerUrl = moduleToRun(new URL('./read.worker.ts', import.meta.url))

export function openUploadReader({ clock, atOnce = 100_000, patience = 60_000, rest = 60_000 }: UploadReaderOptions): UploadReader {
  let worker: Worker | undefined
  let resting: Timer | undefined
  let last: Promise<unknown> = Promise.resolve()
  let closed = false

  const end = () => {
    const gone = worker
    worker = undefined
    return gone?.terminate()
  }
  /** One request to the thread; the thread that fails or hangs is thrown away. */
  const ask = (request: ReadingRequest): Promise<ReadFiles> =>
    new Promise((resolve, reject) => {
      if (closed) return reject(closing())
      resting?.cancel()
      worker ??= startThread()
      const thread = worker
      const settle = (work: () => void) => {
        timer.cancel()
        thread.off('message', onMessage).off('error', onError).off('exit', onExit)
        thread.unref()
        resting = clock.in(rest, () => void end())
        work()
      }
      const giveUp = (error: Error) =>
        settle(() => {
          if (worker === thread) void end()
          reject(error)
        })
      const onMessage = (reply: ReadingReply) =>
        'answer' in reply ? settle(() => resolve(reply.answer)) : giveUp(new Error(`The reader of uploads failed: ${reply.error}`))
      const onError = (error: Error & { code?: string }) =>
        giveUp(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooLarge(say(SAYING.tooLargeInside, { count: MEGABYTES })) : error)
      const onExit = () => giveUp(closing())
      const timer = clock.in(patience, () => giveUp(tooLarge(say(SAYING.tooLong, { age: `${Math.round(patience / 1000)} s` }))))
      thread.on('message', onMessage).on('error', onError).on('exit', onExit)
      thread.ref()
      thread.postMessage(request)
    })

  return {
    async read(files, target, reading) {
      if (closed) throw closing()
      const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0)
      const isQuick = bytes <= atOnce && !files.some((file) => isWorkbook(file.name))
      const turn = isQuick ? readFiles(files, target, reading) : last.then(() => ask({ files, target, reading }))
      if (!isQuick) last = turn.catch(() => undefined)
      const { read, failed } = await turn
      const [first] = failed
      if (!first) return read
      throw new Problem(first.code === 'inconvertible-unit' ? 'inconvertible-unit' : 'invalid-upload', first.message, {
        status: 422,
        ...(first.hint !== undefined && { hint: first.hint }),
        details: { failed: failed.map(({ file, message, hint }) => ({ file, message, ...(hint !== undefined && { hint }) })) },
      })
    },
    async close() {
      closed = true
      resting?.cancel()
      await end()
    },
  }
}

function startThread(): Worker {
  return new Worker(workerUrl, {
    execArgv: nodeFlagsFor(workerUrl),
    resourceLimits: { maxOldGenerationSizeMb: MEGABYTES },
    stdout: false,
    stderr: false,
  })
}

const tooLarge = (message: string): Problem => new Problem('invalid-upload', message, { status: 422, hint: SAYING.inParts })

const closing = (): Problem =>
  new Problem('upload-closed', SAYING.stopping, {
    status: 503,
    retry: 'later',
    hint: SAYING.whenBack,
  })
