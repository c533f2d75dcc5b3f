/** A higher security profile for a station (OCPP 2.0.1 A05): new connection data, before all others, restart; then the lower profile is over. */
import { Problem, say } from '#kernel'
import type { Store } from '#store'
import { type Station, saveAccess } from '../station.ts'
import type { Authority } from './authority.ts'
import { FACE, refusal, step } from './face.ts'
import { alone, connected } from './password-change.ts'
import { SAYING } from './saying.ts'
import { listCertificates } from './shelf.ts'

export interface ProfileWish {
  profile: 1 | 2 | 3
  /** Where the station shall connect, without its identity; our own port unless given. */
  url?: string
  /** Configuration slot; 1 or 2, whichever is not in use, unless given. */
  slot?: number
}

export interface ProfileSwitcher {
  /**
   * Tells the station to come back with a higher profile. Resolves when it said that it will restart; that it came is in the list of stations.
   * Profiles 2 and 3: our root is installed first. @throws Problem `station-offline`, `station-refused`, `already-there`, `profile-needs`, `under-way`
   */
  raise(station: Station, wish: ProfileWish): Promise<{ status: string; url: string }>
}

export interface SwitcherParts {
  store: Store
  authority: Authority
  timeout: number
  /** Our encrypted port as stations reach it, 'wss://host:port/ocpp'; undefined while it is closed. */
  secureUrl(): string | undefined
  /** Our port in the clear. */
  plainUrl(): string
}

const MESSAGE_TIMEOUT = 30

export function openProfileSwitcher({ store, authority, timeout, secureUrl, plainUrl }: SwitcherParts): ProfileSwitcher {
  const busy = new Set<string>()
  const need = async (station: Station, { profile, url }: ProfileWish): Promise<string> => {
    const { identity, passwordHash, securityProfile } = station.record
    if (profile <= securityProfile)
      throw new Problem('already-there', say(SAYING.onlyUp, { station: identity, profile: String(securityProfile) }), {
        status: 409,
        hint: say(SAYING.lowerAtStation),
      })
    const needs = (text: string, hint: string) => new Problem('profile-needs', text, { status: 409, hint })
    if (profile !== 3 && passwordHash === undefined)
      throw needs(say(SAYING.profileOne, { profile: String(profile) }), say(SAYING.passwordFirst))
    if (profile === 3) {
      const own = await listCertificates(store, { kind: 'station', station: identity })
      if (!own.some(({ state, revokedAt }) => state === 'current' && revokedAt === null))
        throw needs(say(SAYING.noStationCertificate, { station: identity }), say(SAYING.signFirst))
    }
    const address = url ?? (profile === 1 ? plainUrl() : secureUrl())
    if (address === undefined) throw needs(say(SAYING.noSecurePort), say(SAYING.openSecurePort))
    return address
  }
  return {
    async raise(station, wish) {
      const url = await need(station, wish)
      const session = connected(station)
      const { profile } = wish
      return alone(busy, station.record.identity, async () => {
        const face = FACE
        const must = async (action: string, ask: () => Promise<string>, accepted = ['Accepted']) => {
          const status = await step(session, action, ask)
          if (!accepted.includes(status)) throw refusal(session, action, status)
          return status
        }
        if (profile > 1)
          for (const root of await authority.roots())
            await must('InstallCertificate', () => face.install(session, 'CSMSRootCertificate', root, { timeout }))
        const slot = wish.slot ?? (await step(session, 'GetVariables', () => FACE.otherSlot(session, { timeout })))
        const wanted = { slot, url, profile, messageTimeout: MESSAGE_TIMEOUT }
        await must('SetNetworkProfile', () => face.setNetworkProfile(session, wanted, { timeout }))
        await must('NetworkConfigurationPriority', () => face.preferSlot(session, slot, { timeout }), ['Accepted', 'RebootRequired'])
        station.record = { ...station.record, nextProfile: profile }
        await saveAccess(store, station.record)
        const status = await must('Reset', () => face.restart(session, { timeout }), ['Accepted', 'Scheduled'])
        return { status, url }
      })
    },
  }
}
