import { readFileSync } from 'node:fs'
import { describeError, isProblem, isZone, Problem, parseInstant } from '#kernel'
import {
  type CompositeInput,
  type CompositePeriod,
  checkVectors,
  compositeSchedule,
  type Installed,
  type Profile,
  type Profile16,
  profileFrom16,
  sayPeriods,
  type VectorFile,
} from '#protocols/ocpp'
import { EXIT, type Verb } from '../verb.ts'

export const chargingComposite: Verb = {
  name: 'charging composite',
  summary:
    'Folds charging profiles into the schedule that an EVSE keeps (OCPP 1.6, 2.0.1, 2.1), or checks a file of such schedules. Needs no running instance.',
  usage: '--vectors FILE | --profiles FILE --from TIME (--until TIME | --seconds N) [--unit A|W]',
  example: 'cariflex charging composite --profiles profiles.json --from 2026-01-01T12:00:00Z --seconds 3600 --unit W',
  options: {
    vectors: { type: 'string' },
    profiles: { type: 'string' },
    from: { type: 'string' },
    until: { type: 'string' },
    seconds: { type: 'string' },
    unit: { type: 'string' },
    evse: { type: 'string' },
    transaction: { type: 'string' },
    ocpp: { type: 'string' },
    voltage: { type: 'string' },
    phases: { type: 'string' },
    discharge: { type: 'boolean' },
    timezone: { type: 'string' },
  },
  explain: {
    vectors: 'a file {cases: [{id, window, unit, profiles, expected, …}]}: each is worked out and compared; exit 1 when one fails',
    profiles: 'a list of profiles in JSON, or of {evseId, profile}; - reads the standard input',
    from: 'begin of the window, with an offset or Z',
    until: 'its end',
    seconds: 'or its length',
    unit: 'A (per phase, default) or W (in total)',
    evse: 'which EVSE, default 1; 0 is the station',
    transaction: 'when the running session became ready for energy; without one, Tx and TxDefault profiles do not count',
    ocpp: 'rules and form of this version: 1.6, 2.0.1 (default) or 2.1',
    voltage: 'between phase and neutral, default 230',
    phases: 'of the supply, default 3',
    discharge: 'negative limits order discharge; otherwise they are ignored',
    timezone: 'where useLocalTime counts (2.1), default UTC',
  },
  async run({ options, show }) {
    if ((options['vectors'] === undefined) === (options['profiles'] === undefined))
      throw new Problem('usage', 'Give either --vectors or --profiles.', { hint: 'See cariflex charging composite --help.' })
    if (options['vectors'] !== undefined) {
      const checked = checkVectors(vectorsIn(String(options['vectors'])))
      const lines = checked.failed.map(({ id, title, why }) => `${id} ${title}: ${why}`.trim())
      show(checked, () => [...lines, `${checked.passed} passed, ${checked.failed.length} failed`].join('\n'))
      return checked.failed.length === 0 ? EXIT.ok : EXIT.failed
    }
    const input = inputFrom(options)
    const periods = worked(input)
    show({ unit: input.unit, periods }, () => tableOf(periods, input.unit))
    return EXIT.ok
  },
}

const VERSIONS = ['1.6', '2.0.1', '2.1'] as const

function vectorsIn(file: string): VectorFile {
  const found = json(file)
  const cases = Array.isArray(found) ? found : (found as { cases?: unknown } | null)?.cases
  if (!Array.isArray(cases) || cases.length === 0)
    throw new Problem('usage', `'${file}' holds no cases.`, { hint: 'It must be an object with a list `cases`.' })
  return Array.isArray(found) ? { cases } : (found as VectorFile)
}

function json(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'))
  } catch (error) {
    throw new Problem('usage', `'${file}' cannot be read as JSON. ${describeError(error)}`)
  }
}

function inputFrom(options: Record<string, unknown>): CompositeInput {
  const version = VERSIONS.find((one) => one === String(options['ocpp'] ?? '2.0.1'))
  if (!version) throw new Problem('usage', `There is no OCPP '${String(options['ocpp'])}'.`, { hint: 'There are 1.6, 2.0.1 and 2.1.' })
  const unit = String(options['unit'] ?? 'A').toUpperCase()
  if (unit !== 'A' && unit !== 'W') throw new Problem('usage', `The unit is A or W, not '${unit}'.`)
  if (options['from'] === undefined)
    throw new Problem('usage', 'Say where the window begins.', { hint: 'Add --from 2026-01-01T12:00:00Z.' })
  const zone = String(options['timezone'] ?? 'UTC')
  if (!isZone(zone)) throw new Problem('usage', `There is no time zone '${zone}'.`)
  const from = parseInstant(String(options['from']))
  if ((options['until'] === undefined) === (options['seconds'] === undefined))
    throw new Problem('usage', 'Give either --until or --seconds.', { hint: 'As in --seconds 3600.' })
  const seconds = numberOf(options['seconds'], 'seconds')
  const until = options['until'] === undefined ? ((from + (seconds ?? 0) * 1000) as typeof from) : parseInstant(String(options['until']))
  if (until <= from) throw new Problem('usage', 'The window ends before it begins.')
  const [voltage, phases, evse] = ['voltage', 'phases', 'evse'].map((name) => numberOf(options[name], name))
  return {
    profiles: profilesIn(String(options['profiles']), version),
    evseId: evse ?? 1,
    from,
    until,
    unit,
    version,
    zone,
    allowNegative: options['discharge'] === true,
    ...(options['transaction'] === undefined ? {} : { transactionStart: parseInstant(String(options['transaction'])) }),
    ...(voltage === undefined ? {} : { nominalVoltage: voltage }),
    ...(phases === undefined ? {} : { phases }),
  }
}

function numberOf(text: unknown, name: string): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new Problem('usage', `--${name} must be a number, not '${String(text)}'.`)
  return value
}

/** Profiles alone are put where their purpose belongs: the station's on 0, the others on EVSE 1. */
function profilesIn(file: string, version: (typeof VERSIONS)[number]): Installed[] {
  const found = json(file)
  if (!Array.isArray(found)) throw new Problem('usage', `'${file}' holds no list of profiles.`)
  return found.map((entry: unknown) => {
    const one = entry as { evseId?: number; connectorId?: number; profile?: unknown; csChargingProfiles?: unknown }
    const bare = one.profile ?? one.csChargingProfiles ?? entry
    const profile = version === '1.6' ? profileFrom16(bare as Profile16) : (bare as Profile)
    if (
      typeof profile.chargingProfilePurpose !== 'string' ||
      !Array.isArray(profile.chargingSchedule) ||
      profile.chargingSchedule.length === 0
    )
      throw new Problem('usage', 'The profiles cannot be folded. One of them has no purpose or no schedule.', {
        hint: 'They must have the form of OCPP; see --ocpp.',
      })
    const place = one.evseId ?? one.connectorId ?? (/^ChargingStation/.test(String(profile.chargingProfilePurpose)) ? 0 : 1)
    return { evseId: place, profile }
  })
}

function worked(input: CompositeInput): CompositePeriod[] {
  try {
    return compositeSchedule(input)
  } catch (error) {
    const why = isProblem(error) ? error.message : describeError(error)
    throw new Problem('usage', `The profiles cannot be folded. ${why}`, { hint: 'They must have the form of OCPP; see --ocpp.' })
  }
}

function tableOf(periods: readonly CompositePeriod[], unit: string): string {
  const rows = periods.map((period) => {
    const extras = [
      period.numberPhases === undefined ? '' : `${period.numberPhases} ph`,
      period.operationMode ?? '',
      period.setpoint === undefined ? '' : `set-point ${period.setpoint} ${unit}`,
      period.dischargeLimit === undefined ? '' : `discharge ${period.dischargeLimit} ${unit}`,
    ]
    return [
      String(period.startPeriod).padStart(8),
      `${Number(period.limit.toFixed(3))} ${unit}`.padStart(14),
      ...extras.filter(Boolean),
    ].join('  ')
  })
  return [' seconds           limit', ...rows, `in short: ${sayPeriods(periods)}`].join('\n')
}
