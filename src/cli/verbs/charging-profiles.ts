/** The charging profiles of a station of a running instance. */
import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'
import { need, path, type Row, table } from './charging.ts'

type Profile = Row & { schedules: { unit: string; periods: { startPeriod: number; limit?: number; setpoint?: number }[] }[] }
interface Profiles {
  laid: Profile[]
  told: { profiles: Profile[] } | null
  composite: Profile['schedules'][number] | null
}

export const chargingProfiles: Verb = {
  name: 'charging profiles',
  summary:
    'Shows the charging profiles that we laid on a station; with --ask also what the station says it holds, and the schedule it makes of that.',
  usage: 'STATION [--ask]',
  example: 'cariflex charging profiles CP001 --ask',
  options: { ask: { type: 'boolean' } },
  explain: { ask: 'ask the station now' },
  async run({ words: [station], options: { ask }, env, show }) {
    const at = path('stations', need(station, 'which station'), 'profiles')
    const instance = connectInstance(env)
    const { data } = await (ask ? instance.send<{ data: Profiles }>('POST', `${at}/ask`) : instance.get<{ data: Profiles }>(at))
    show({ data }, () =>
      [
        table(data.laid.map(withPeriods), ['evse', 'id', 'purpose', 'stack', 'status', 'heldKw', 'periods', 'deviation']),
        ...(data.told ? ['', 'Told by the station:', table(data.told.profiles.map(withPeriods), TOLD)] : []),
        ...(data.composite ? ['', `Its schedule: ${sayPeriods(data.composite)}`] : []),
      ].join('\n'),
    )
    return undefined
  },
}

const TOLD = ['evse', 'id', 'purpose', 'stack', 'source', 'ours', 'periods']
const withPeriods = (profile: Profile): Row => ({ ...profile, periods: profile.schedules.map(sayPeriods).join(' | ') })
/** `0:11000, 900:5000 W` */
const sayPeriods = ({ unit, periods }: Profile['schedules'][number]): string =>
  `${periods.map(({ startPeriod, limit, setpoint }) => `${startPeriod}:${setpoint ?? limit}`).join(', ')} ${unit}`
