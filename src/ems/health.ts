/** Which devices do not answer or cannot be steered, told as alarms when it begins and when it ends. */
import { asSentence, type Instant, SECOND, say } from '#kernel'
import type { Line } from './line.ts'
import { SAYING } from './saying.ts'

export interface Health {
  /** Compares with the last check; writes only what changed. */
  check(at: Instant): Promise<void>
}

/** A device that missed a look or two is not worth an alarm. */
const PATIENCE = 30 * SECOND
const CODES = ['device-silent', 'device-out'] as const
type Code = (typeof CODES)[number]

/** Watches the health of all devices of a line. The first check also ends what an earlier process left active and is over. */
export function watchHealth({ devices, watch, alarms, site }: Line): Health {
  const silentSince = new Map<string, Instant>()
  const said = new Map<string, string>()

  const ills = (device: ReturnType<typeof devices.all>[number], at: Instant): Partial<Record<Code, string>> => {
    const { controllable, lack, why } = device.capability()
    const silence = watch.silence(device.id) ?? (lack === 'connection' ? why : undefined)
    if (silence !== undefined) {
      const since = silentSince.get(device.id) ?? at
      silentSince.set(device.id, since)
      return at - since >= PATIENCE ? { 'device-silent': say(SAYING.deviceSilent, { device: device.id, why: asSentence(silence) }) } : {}
    }
    silentSince.delete(device.id)
    // A charger without a car is at rest, not ill.
    if (controllable || lack !== undefined) return {}
    return { 'device-out': say(SAYING.deviceOut, { device: device.id, why: why === undefined ? say(SAYING.noReason) : asSentence(why) }) }
  }
  return {
    async check(at) {
      for (const device of devices.all()) {
        const now = ills(device, at)
        for (const code of CODES) {
          const key = `${device.id} ${code}`
          const text = now[code] ?? ''
          if (said.get(key) === text) continue
          if (text !== '') await alarms.raise(device.asset || site.asset, code, text)
          else await alarms.clear(device.asset || site.asset, code)
          said.set(key, text)
        }
      }
    },
  }
}
