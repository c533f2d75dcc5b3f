import { checkTemplate } from '#devices'
import { Problem } from '#kernel'
import { EXIT, type Verb } from '../verb.ts'

export const checkTemplateVerb: Verb = {
  name: 'check template',
  summary: 'Checks a device template line by line; with --live reads a real device through it. Nothing is written unless --order says so.',
  usage: 'FILE [--live HOST[:PORT]] [--unit N] [--order KW]',
  example: 'cariflex check template my-battery.yaml --live 192.168.1.9:502',
  options: { live: { type: 'string' }, unit: { type: 'string' }, order: { type: 'string' } },
  explain: {
    live: 'a device to read, nothing is written to it',
    unit: "its Modbus unit id, default the template's",
    order: 'give this order in kW (consumption positive), read it back, then order the safe default',
  },
  async run({ words: [file, ...rest], options, show, say }) {
    if (file === undefined || rest.length > 0)
      throw new Problem('usage', 'Say which template.', {
        hint: "A file such as my-battery.yaml, or a shipped one such as 'battery/plain-battery'.",
      })
    const unit = number(options['unit'], 0, 255, 'Unit')
    const order = number(options['order'], -100_000, 100_000, 'Order')
    if (order !== undefined && options['live'] === undefined)
      throw new Problem('usage', 'An order needs a device.', { hint: 'Add --live HOST:PORT.' })
    const report = await checkTemplate(file, {
      ...(options['live'] !== undefined && { live: String(options['live']) }),
      ...(unit !== undefined && { unit }),
      ...(order !== undefined && { order: order * 1000 }),
    })
    show(report, () => report.lines.map(({ text }) => text).join('\n'))
    if (report.ok && options['live'] === undefined) say('The file is sound. With a device on the line: add --live HOST:PORT.')
    return report.ok ? EXIT.ok : EXIT.failed
  },
}

function number(text: unknown, least: number, most: number, what: string): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (String(text).trim() === '' || !(value >= least && value <= most))
    throw new Problem('usage', `${what} must be a number from ${least} to ${most}, not '${text}'.`)
  return value
}
