import { readFileSync } from 'node:fs'
import type { ImportedLine } from '#community'
import { describeError, isProblem, Problem } from '#kernel'
import { connectInstance } from '../instance.ts'
import { EXIT, type Verb } from '../verb.ts'

export const devicesImport: Verb = {
  name: 'devices import',
  summary:
    'Registers the devices of an inventory and the appliances they belong to. Good lines are kept; exit code 1 when one was refused, 2 when the file is no inventory.',
  usage: 'HARDWARE.csv [--dry-run] [--url http://127.0.0.1:5000]',
  example: 'cariflex devices import hardware.csv --dry-run',
  options: { 'dry-run': { type: 'boolean' }, url: { type: 'string' } },
  explain: {
    'dry-run': 'reports everything and writes nothing',
    url: 'the running instance; CARIFLEX_URL, else what is configured here, when not given',
  },
  async run({ words: [file, ...more], options: { 'dry-run': dryRun = false, url }, env, show }) {
    if (file === undefined || more.length > 0) throw new Problem('usage', 'Say which inventory: one file.')
    const csv = textOf(file)
    const instance = connectInstance(url === undefined ? env : { ...env, CARIFLEX_URL: String(url) })
    const { data } = await imported(() =>
      instance.send<{ data: ImportedLine[] }>('POST', '/api/cariflex/v1/community/devices/import', { csv, dryRun }),
    )
    const count = (outcome: ImportedLine['outcome']) => data.filter((one) => one.outcome === outcome).length
    const would = dryRun === true ? 'would be ' : ''
    show({ data }, () =>
      [
        ...data.flatMap(({ line, id, faults }) => faults.map((fault) => `${file}:${line}: ${id === '' ? '' : `${id}: `}${fault}`)),
        `${count('made')} ${would}registered, ${count('updated')} ${would}updated, ${count('known')} as they were, ${count('refused')} refused.`,
      ].join('\n'),
    )
    return count('refused') > 0 ? EXIT.failed : EXIT.ok
  },
}

/** @throws Problem `usage` when it cannot be read or is not UTF-8 */
function textOf(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    if (error instanceof TypeError) throw new Problem('usage', `'${file}' is not UTF-8.`, { hint: 'Save it as UTF-8.' })
    throw new Problem('usage', `'${file}' cannot be read. ${describeError(error)}`)
  }
}

/** A file that is no inventory is the caller's mistake: exit code 2. */
async function imported<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!isProblem(error) || error.code !== 'invalid-inventory') throw error
    throw new Problem('usage', error.message, error.hint === undefined ? {} : { hint: error.hint })
  }
}
