import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { describeError } from '#kernel'
import { CONFIG_OPTIONS, CONFIG_WORDS, configOf } from '../configured.ts'
import { clock, logOf, settingsOf } from '../settings.ts'
import type { Verb } from '../verb.ts'

export const start: Verb = {
  name: 'start',
  summary: 'Runs the platform until Ctrl-C. Without configuration and with an empty database it brings the demo island of Martinique.',
  usage: '[--config FILE] [--data FOLDER] [--port N] [--host ADDRESS]',
  example: 'cariflex start --port 8080',
  options: CONFIG_OPTIONS,
  explain: CONFIG_WORDS,
  async run({ options, env, show, say }) {
    // The heap grows in small steps: ten thousand stations stay within 500 MiB, for somewhat more work of the collector.
    setFlagsFromString('--heap-growing-percent=25')
    const loaded = configOf({ options, env })
    const log = logOf(loaded.config, process.stdout.isTTY === true)
    for (const note of loaded.notes) log.info({}, note)
    process.on('unhandledRejection', (error) => log.error({ error }, 'a promise was left alone'))
    // From here on a signal is a wish to stop, also while things start: nothing half started stays behind.
    const wish = new AbortController()
    let asked = 0
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        if (++asked > 1) process.exit(130)
        say('Stopping ... (once more to stop at once)')
        wish.abort()
      })
    const { startPlatform } = await import('../../main.ts')
    const platform = await startPlatform(settingsOf(loaded.config), { clock, log, signal: wish.signal }).catch((error: unknown) => {
      if (wish.signal.aborted) process.exit(0)
      throw error
    })
    const { email, password, created } = platform.admin
    const how =
      password === undefined
        ? `sign in as ${email}${created ? ' with the password you gave' : ''}`
        : `sign in as ${email} with the password ${password} (shown only now)`
    show(
      { ready: true, url: platform.url, demo: platform.demo, admin: platform.admin },
      () => `Cariflex is ready at ${platform.url} — ${how}${platform.demo ? ' — demonstration, the world outside is simulated' : ''}`,
    )
    if (!wish.signal.aborted) await once(wish.signal, 'abort')
    await platform.stop().catch((error: unknown) => log.error({ error: describeError(error) }, 'stopping failed'))
    process.exit(0)
  },
}
