/** Marks of an axis at round numbers: 1, 2 or 5 times a power of ten, three to six of them. */

/** The axis reaches from the mark at or below `low` to the one at or above `high`; never empty. */
export function ticks(low: number, high: number): { low: number; high: number; marks: number[] } {
  const span = high - low > 0 ? high - low : 1
  const rough = span / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((times) => times * power).find((each) => each >= rough * 0.999) ?? 10 * power
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil((high - low > 0 ? high : low + 1) / step - 1e-9)]
  // Counted, not added up: sums of tenths drift.
  const digits = Math.max(0, -Math.floor(Math.log10(step)))
  const marks = Array.from({ length: last - first + 1 }, (_, n) => Number(((first + n) * step).toFixed(digits)) + 0)
  return { low: marks[0]!, high: marks.at(-1)!, marks }
}
