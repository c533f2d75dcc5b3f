import { readFileSync, writeFileSync } from 'node:fs'
import { priceSession, readPricingCase, writtenBill } from '#charging'
import { describeError, isProblem, Problem } from '#kernel'
import { EXIT, type Verb } from '../verb.ts'

export const tariffPrice: Verb = {
  name: 'tariff price',
  summary: 'Prices a charging session by an OCPI tariff, line by line and exact to the last digit. Needs no running instance.',
  usage: '--input CASE.json [--output BILL.json]',
  example: 'cariflex tariff price --input case.json',
  options: { input: { type: 'string' }, output: { type: 'string' } },
  explain: {
    input: 'a file {tariff | tariffs, session, options?}; see docs/reference/tariffs.md',
    output: 'where the bill is written as JSON; default: shown',
  },
  async run({ options: { input, output }, show, say }) {
    if (typeof input !== 'string') throw new Problem('usage', 'Say which case to price.', { hint: 'Add --input CASE.json.' })
    const bill = priced(input)
    if (typeof output === 'string') {
      writeFileSync(output, `${JSON.stringify(bill, null, 2)}\n`)
      say(`The bill is in ${output}.`)
      return EXIT.ok
    }
    show(bill, () => textOf(bill))
    return EXIT.ok
  },
}

/** Not readable, whatever the reason, is the caller's mistake: exit 2. */
function priced(file: string) {
  try {
    return writtenBill(priceSession(readPricingCase(JSON.parse(readFileSync(file, 'utf8')))))
  } catch (error) {
    const why = isProblem(error) ? error.message : describeError(error)
    throw new Problem('usage', `'${file}' cannot be priced. ${why}`, { hint: 'See docs/reference/tariffs.md for what it holds.' })
  }
}

/** A bill for people: its lines, its total, what was wrong. */
export function textOf({ currency, total, lines, issues }: ReturnType<typeof writtenBill>): string {
  const rows = lines.map(({ dimension, quantity, price, vat, excl_vat, incl_vat, why }) => {
    const times = price === null ? '' : `${quantity} × ${price}`
    return `${dimension.padEnd(16)} ${times.padEnd(24)} ${excl_vat.padStart(12)} ${incl_vat.padStart(12)} ${vat === null ? '' : `VAT ${vat} %`}  ${why}`
  })
  const last = total
    ? `${'total'.padEnd(41)} ${total.excl_vat.padStart(12)} ${total.incl_vat.padStart(12)} ${currency}`
    : 'It cannot be priced.'
  return [`${' '.repeat(45)}excl. VAT    incl. VAT`, ...rows, last, ...issues].join('\n')
}
