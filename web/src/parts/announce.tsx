/** One polite voice for screen readers. State changes are said at once, moving numbers at most every 30 s. */
import { cell, useCell } from '../cell.ts'

const spoken = cell('')
const EVERY = 30_000
let lastNumber = Number.NEGATIVE_INFINITY

export const announce = (text: string): void => spoken.set(text)

export function announceNumber(text: string): void {
  const now = Date.now()
  if (now - lastNumber < EVERY) return
  lastNumber = now
  spoken.set(text)
}

export function Announcer() {
  return (
    <div class="unseen" aria-live="polite" role="status">
      {useCell(spoken)}
    </div>
  )
}
