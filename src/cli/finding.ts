/** What `cariflex doctor` finds: one line each, with what to do. */
import { describeError, isProblem } from '#kernel'

export interface Finding {
  check: string
  /** warn: it works, but look at it; fail: it will not work like this. */
  level: 'ok' | 'warn' | 'fail'
  text: string
  hint?: string
}

export const ok = (check: string, text: string): Finding => ({ check, level: 'ok', text })
export const warn = (check: string, text: string, hint: string): Finding => ({ check, level: 'warn', text, hint })
export const fail = (check: string, text: string, hint: string): Finding => ({ check, level: 'fail', text, hint })

/** A check that went wrong itself is a finding too: the others go on. */
export async function findingsOf(check: string, look: () => Finding | Finding[] | Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    return [await look()].flat()
  } catch (error) {
    if (!isProblem(error)) return [fail(check, describeError(error), 'Run again with CARIFLEX_LOG_LEVEL=debug and report this.')]
    return [fail(check, error.message, error.hint ?? 'See docs/reference/problems.md.')]
  }
}
