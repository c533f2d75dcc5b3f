import { VERSION } from '#kernel'
import type { Verb } from '../verb.ts'

export const version: Verb = {
  name: 'version',
  summary: 'Prints the version of Cariflex and of Node.js.',
  usage: '[--json]',
  example: 'cariflex version',
  async run({ show }) {
    show({ cariflex: VERSION, node: process.versions.node }, () => `cariflex ${VERSION} (Node.js ${process.versions.node})`)
    return undefined
  },
}
