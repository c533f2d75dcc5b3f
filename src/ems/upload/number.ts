/** Numbers as files write them: decimal point or comma, thousands parted or not, and the words that mean 'no value'. */
import { SAYING } from './saying.ts'

export type Decimal = '.' | ','

const MISSING = new Set(['', 'nan', 'na', 'n/a', '#n/a', '#n/a n/a', '#na', '<na>', 'null', 'none', '-', '-nan', '1.#ind', '1.#qnan'])

/** Thousands may be parted by any space or an apostrophe, whatever the decimal sign. */
const SPACES = /(?<=\d)[   ' ](?=\d{3}(?:\D|$))/g
const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const GROUPED: Record<Decimal, RegExp> = {
  '.': /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$/,
  ',': /^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?$/,
}

/** The number; NaN where the text says that there is none; undefined when it is no number. */
export function readNumber(text: string, decimal: Decimal): number | undefined {
  const bare = text.trim()
  if (MISSING.has(bare.toLowerCase())) return Number.NaN
  let plain = SPACES.test(bare) ? bare.replace(SPACES, '') : bare
  SPACES.lastIndex = 0
  if (GROUPED[decimal].test(plain)) plain = plain.replaceAll(decimal === '.' ? ',' : '.', '')
  if (decimal === ',') {
    if (/\..*,|,.*[.,]/.test(plain)) return undefined
    plain = plain.replace(',', '.')
  }
  return PLAIN.test(plain) ? Number(plain) : undefined
}

/**
 * The decimal sign of a column of texts. Where both signs occur in one number, the last one is it; where only commas occur, they are decimal
 * commas unless every one parts three digits and columns are parted by commas, too (an English program's '1,234').
 */
export function decimalOf(texts: readonly string[], delimiter: string | undefined): { decimal: Decimal; note?: string } {
  let commas = false
  let points = false
  let grouping = true
  for (const text of texts) {
    const comma = text.lastIndexOf(',')
    const point = text.lastIndexOf('.')
    if (comma >= 0 && point >= 0) return comma > point ? { decimal: ',', note: SAYING.commaIsDecimal } : { decimal: '.' }
    commas ||= comma >= 0
    points ||= point >= 0
    if (comma >= 0 && !GROUPED['.'].test(text.trim())) grouping = false
  }
  if (!commas || points) return { decimal: '.' }
  return grouping && delimiter === ',' ? { decimal: '.', note: SAYING.commaIsThousands } : { decimal: ',', note: SAYING.commaIsDecimal }
}
