/** The process in which the simulated world lives. It is told what to do over its channel, and ends with the platform that started it. */
import { describeError, isProblem, systemClock } from '#kernel'
import { openWorld, type World } from './world.ts'
import type { FromWorld, ToWorld } from './world-spec.ts'

let world: World | undefined

const say = (message: FromWorld) => process.send?.(message)

async function hear(message: ToWorld): Promise<void> {
  if (message.kind === 'open') {
    world = await openWorld(message.spec, systemClock)
    // In pieces: one message of a year would block the channel.
    for (const series of world.past) say({ kind: 'past', series: [series] })
    say({ kind: 'ready', ports: world.ports })
  } else if (message.kind === 'go') world?.go(message.platform)
  else if (world) {
    const { question } = message
    try {
      const value = message.kind === 'state' ? world.state() : world.command(message.name, message.body)
      say({ kind: 'answer', question, value })
    } catch (error) {
      if (!isProblem(error)) throw error
      const { code, message: text, hint, status } = error
      say({ kind: 'answer', question, problem: { code, message: text, status, ...(hint !== undefined && { hint }) } })
    }
  }
}

async function end(): Promise<void> {
  await Promise.race([world?.close(), new Promise((resolve) => setTimeout(resolve, 2000))])
  process.exit(0)
}

process.on('message', (message: ToWorld) => {
  hear(message).catch((error: unknown) => {
    process.stderr.write(`simulated world: ${describeError(error)}\n${error instanceof Error ? error.stack : ''}\n`)
    if (message.kind === 'open') process.exit(1)
  })
})
process.on('disconnect', () => void end())
process.on('SIGTERM', () => void end())
// Ctrl-C reaches the whole group: the platform decides when the world ends.
process.on('SIGINT', () => {})
