// TAP as Node writes it, with what failed told once more just before the runner's count: whoever sees only the end of a long run sees the reason.
import { tap } from 'node:test/reporters'
import { inspect } from 'node:util'

/** A failure that only says that something below it failed adds nothing. */
const isOwn = ({ details }) => details.error?.failureType !== 'subtestsFailed'

const told = ({ name, file, details }) =>
  [
    `FAILED ${name}`,
    file ?? '',
    ...inspect(details.error?.cause ?? details.error)
      .split('\n')
      .slice(0, 40),
  ]
    .map((line) => `# ${line}\n`)
    .join('')

/** @param {import('node:test').TestsStream} source events of the runner */
export default async function* tapReport(source) {
  const failures = []
  let isOver = false
  async function* watched() {
    for await (const event of source) {
      if (event.type === 'test:fail' && isOwn(event.data)) failures.push(event.data)
      if (event.type === 'test:diagnostic' && event.data.nesting === 0 && event.data.message.startsWith('tests ')) isOver = true
      yield event
    }
  }
  for await (const text of tap(watched())) {
    if (isOver) {
      yield failures.map(told).join('')
      failures.length = 0
    }
    yield text
  }
}
