/** Questions on the terminal, or to whatever is piped in; where nothing answers, the verb is given up. */
import { createInterface } from 'node:readline'
import { Problem } from '#kernel'

type Input = NodeJS.ReadableStream & { isTTY?: boolean }

const aborted = (): Problem =>
  new Problem('aborted', 'Aborted!', { hint: 'Nothing was changed. Programs say --force, or pipe an answer in.' })

/** One line from standard input; undefined at its end. */
function readLine(question: string, input: Input, { echo }: { echo: boolean }): Promise<string | undefined> {
  process.stderr.write(question)
  const lines = createInterface({
    input,
    ...(input.isTTY && echo && { output: process.stderr }),
    terminal: input.isTTY === true && !echo,
  })
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(line)
      lines.close()
    })
    lines.once('close', () => resolve(undefined))
  })
}

/** @throws Problem `aborted` unless the answer is yes */
export async function askYes(question: string, input: Input = process.stdin): Promise<void> {
  const answer = await readLine(`${question} [y/N]: `, input, { echo: true })
  if (!/^y(es)?$/i.test(answer?.trim() ?? '')) throw aborted()
}

/** @throws Problem `aborted` without an answer */
export async function askSecret(question: string, input: Input = process.stdin): Promise<string> {
  const answer = await readLine(`${question}: `, input, { echo: false })
  if (input.isTTY) process.stderr.write('\n')
  if (!answer) throw aborted()
  return answer
}
