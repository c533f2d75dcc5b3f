import { Problem } from '#kernel'
import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'

const pathOf = (identity: string | undefined, what: string): string => {
  if (!identity) throw new Problem('usage', 'Say which station, e.g. CP001.')
  return `/api/cariflex/v1/stations/${encodeURIComponent(identity)}/${what}`
}

export const chargingPassword: Verb = {
  name: 'charging password',
  summary: 'Sends a charging station a new password, invented unless given, and shows it once.',
  usage: 'STATION [PASSWORD]',
  example: 'cariflex charging password CP001',
  async run({ words: [identity, password], env, show }) {
    const { data } = await connectInstance(env).send<{ data: { status: string; password?: string } }>(
      'POST',
      pathOf(identity, 'password'),
      password === undefined ? {} : { password },
    )
    show(data, () =>
      data.password === undefined
        ? `${identity} says ${data.status}: its old password goes on.`
        : data.status === 'NoAnswer'
          ? `${identity} did not answer: both passwords open until it uses one of them. The new one: ${data.password}`
          : `${identity} says ${data.status}. Its password: ${data.password}`,
    )
    return undefined
  },
}

export const chargingProfile: Verb = {
  name: 'charging security-profile',
  summary: 'Brings a charging station to a higher security profile: 1 password, 2 encrypted, 3 certificate of its own.',
  usage: 'STATION <1|2|3> [--url URL] [--slot NUMBER]',
  example: 'cariflex charging security-profile CP001 2',
  options: { url: { type: 'string' }, slot: { type: 'string' } },
  explain: {
    url: 'where the station shall connect; our own port unless given',
    slot: 'its configuration slot; 1 or 2, whichever is not in use, unless given',
  },
  async run({ words: [identity, profile], options, env, show }) {
    const { url, slot } = options
    const { data } = await connectInstance(env).send<{ data: { status: string; url: string } }>(
      'POST',
      pathOf(identity, 'security-profile'),
      {
        profile: Number(profile),
        ...(typeof url === 'string' && { url }),
        ...(typeof slot === 'string' && { slot: Number(slot) }),
      },
    )
    show(data, () => `${identity} says ${data.status}; it comes back to ${data.url}.`)
    return undefined
  },
}
