import { describeError, type Log } from '#kernel'

/** What was started, to be stopped in reverse. */
export type Undo = ReturnType<typeof undoList>

/** Undoes what was started, newest first; a step that fails is logged and the next one runs. */
export function undoList(log: Log, signal?: AbortSignal) {
  const steps: [string, () => unknown][] = []
  return {
    /** Notes how to stop what was just started; ends the start here when it was asked to stop meanwhile. */
    add(name: string, step: () => unknown) {
      steps.push([name, step])
      signal?.throwIfAborted()
    },
    async run() {
      for (const [name, step] of steps.splice(0).reverse())
        try {
          await step()
        } catch (error) {
          log.warn({ step: name, error: describeError(error) }, 'a step of stopping failed')
        }
    },
  }
}
