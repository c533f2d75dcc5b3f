import { isProblem, Problem } from '#kernel'
import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'

const need = (value: string | undefined, what: string): string => {
  if (!value) throw new Problem('usage', `Say ${what}.`, { hint: 'cariflex world --help shows examples.' })
  return value
}
const between = (text: string, low: number, high: number, what: string): number => {
  const value = Number(text)
  if (!(value >= low && value <= high)) throw new Problem('usage', `${what} must be a number from ${low} to ${high}, not '${text}'.`)
  return value
}
const onOff = (text = 'on'): boolean => {
  if (text !== 'on' && text !== 'off') throw new Problem('usage', `'${text}' is neither on nor off.`)
  return text === 'on'
}

/** What each command sends, from its words. */
const BODIES: Record<string, (words: string[]) => unknown> = {
  plug: ([vehicle, station]) => ({ vehicle: need(vehicle, 'which vehicle, e.g. V2G003'), ...(station ? { station } : {}) }),
  unplug: ([vehicle]) => ({ vehicle: need(vehicle, 'which vehicle, e.g. V2G003') }),
  cloud: ([cover, minutes]) => ({
    cover: between(need(cover, 'how much cloud, 0 to 1'), 0, 1, 'Cloud cover'),
    minutes: between(minutes ?? '30', 1, 1440, 'Minutes'),
  }),
  fault: ([device, state]) => ({ device: need(device, 'which device, e.g. BAT001'), on: onOff(state) }),
  disconnect: ([device, seconds]) => ({
    device: need(device, 'which device, e.g. CP001'),
    seconds: between(seconds ?? '30', 1, 3600, 'Seconds'),
  }),
  station: ([identity, kilowatts, version, phases, password]) => ({
    identity: need(identity, 'its identity, as it was registered'),
    nominalKw: between(need(kilowatts, 'its power in kW'), 0.1, 100, 'Power'),
    ...(version ? { version } : {}),
    ...(phases ? { phases: Number(phases) } : {}),
    ...(password ? { password } : {}),
  }),
  remove: ([station]) => ({ station: need(station, 'which station') }),
  swipe: ([station, token]) => ({ station: need(station, 'which station'), token: need(token, 'which badge') }),
  freeze: ([state]) => ({ on: onOff(state) }),
}

export const world: Verb = {
  name: 'world',
  summary: 'Commands the simulated world of a demo: what cars, clouds and faults would do by themselves.',
  usage:
    '<plug VEHICLE [STATION] | unplug VEHICLE | cloud COVER [MINUTES] | fault DEVICE [on|off] | disconnect DEVICE [SECONDS] | freeze [on|off] | station IDENTITY KW [VERSION [PHASES [PASSWORD]]] | remove STATION | swipe STATION BADGE>',
  example: 'cariflex world cloud 0.9 30',
  async run({ words, env, show }) {
    const [command = '', ...rest] = words
    const body = BODIES[command]
    if (!body)
      throw new Problem('usage', `'${command}' is not something the world can do.`, {
        hint: `Choose one of: ${Object.keys(BODIES).join(', ')}.`,
      })
    const answer = await connectInstance(env)
      .send<{ data?: unknown }>('POST', `/api/cariflex/v1/world/${command}`, body(rest))
      .catch((error: unknown) => {
        if (!isProblem(error) || error.code !== 'unknown-path') throw error
        throw new Problem('no-world', 'This instance has no simulated world: its devices are real.', {
          status: 404,
          hint: 'Only the demo has one: an empty data folder, no territory in the configuration.',
        })
      })
    show(answer, () => `Done: ${words.join(' ')}`)
    return undefined
  },
}
