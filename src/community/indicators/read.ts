import { parseDurationLength } from '#kernel'
import { FieldReader, type Fields } from '../fields.ts'
import type { Decision, IndicatorInput, Source } from './indicators.ts'

const read = new FieldReader('The input', 'community-indicators.md')

/**
 * Reads what indicators are computed from; see docs/reference/community-indicators.md.
 * @throws Problem `usage` that names what is missing or malformed
 */
export function readIndicatorInput(document: unknown): IndicatorInput {
  const root = read.object(document, '')
  const slots = read.integer(root, 'slots', '', 0)
  const curve = (fields: Fields, key: string, path = ''): number[] => {
    const values = read.numbers(fields, key, path)
    if (values.length !== slots)
      read.bad(path === '' ? key : `${path}.${key}`, `must have ${slots} values, one a slot; it has ${values.length}`)
    return values
  }
  const production = read.object(root.production, 'production')
  const plant = (source: Source): number[] => curve(production, source, 'production')
  const means = read.object(root.meanCycleWh, 'meanCycleWh')
  const start = read.moment(root, 'start')
  return {
    start,
    projectStart: root.projectStart === undefined ? start : read.moment(root, 'projectStart'),
    step: read.parsed(root, 'step', '', parseDurationLength, 'a duration such as PT15M'),
    timezone: read.text(root, 'timezone'),
    panelConsumptionW: curve(root, 'panelConsumptionW'),
    production: { solar: plant('solar'), wind: plant('wind'), biogas: plant('biogas') },
    balanceForecastWithoutFlexW: curve(root, 'balanceForecastWithoutFlexW'),
    balanceForecastWithFlexW: curve(root, 'balanceForecastWithFlexW'),
    appliances: read.list(root, 'appliances').map((entry, index) => {
      const path = `appliances[${index}]`
      const it = read.object(entry, path)
      return { id: read.integer(it, 'id', path, 0), type: read.integer(it, 'type', path, 0) }
    }),
    meanCycleWh: Object.fromEntries(Object.keys(means).map((code) => [code, read.amount(means, code, 'meanCycleWh')])),
    decisions: read.list(root, 'decisions').map((entry, index) => decisionAt(entry, `decisions[${index}]`)),
  }
}

function decisionAt(entry: unknown, path: string): Decision {
  const it = read.object(entry, path)
  return {
    firstValid: read.moment(it, 'firstValid', path),
    machineId: read.integer(it, 'machineId', path, 0),
    machineType: read.integer(it, 'machineType', path, 0),
    decision0: read.integer(it, 'decision0', path, 0),
  }
}
