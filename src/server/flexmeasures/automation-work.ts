/** What automations do: the parameters of each kind checked when one is made, and carried out with the rights of whoever made it. */
import {
  type Asset,
  type Automation,
  type AutomationType,
  type AutomationWork,
  applyOffsets,
  demand,
  forbidden,
  isReady,
  offspring,
  type Principal,
  readReportOrder,
  readyOrderIn,
  type Sensor,
  sensorsOfReport,
} from '#ems'
import { floorTo, formatInstant, type Instant, isZone, MINUTE, Problem, say } from '#kernel'
import type { Rooms } from '../rooms.ts'
import { hasCode, invalid, rejected } from './envelope.ts'
import { forecastByItself } from './forecasts.ts'
import { canonical } from './query.ts'
import { SAYING } from './saying.ts'
import { scheduleByItself } from './schedules.ts'

/** Sensors an automation reads and writes. */
export interface Touched {
  inputs: number[]
  outputs: number[]
}

interface Ready extends Touched {
  run(): Promise<string>
}

interface Asked {
  asset: Asset
  type: AutomationType
  parameters: Record<string, unknown>
  timezone: string
}

/** Looks whether the parameters can be carried out, and by this user. @throws 422, 403 */
export async function checkAutomation(rooms: Rooms, who: Principal, asked: Asked): Promise<Touched> {
  const { inputs, outputs } = await prepare(rooms, who, asked, rooms.clock.now())
  return { inputs: unique(inputs), outputs: unique(outputs) }
}

const unique = (ids: number[]): number[] => [...new Set(ids)].sort((a, b) => a - b)

/** Carries automations out. */
export const automationWork =
  (rooms: Rooms): AutomationWork =>
  async (automation, due) => {
    const asset = await rooms.assets.get(automation.asset)
    if (!asset) throw new Problem('unknown-asset', `No asset found with ID ${automation.asset}.`, { status: 404 })
    const who = automation.madeBy === null ? undefined : await rooms.users.principal(automation.madeBy)
    if (!who)
      throw new Problem('automation-orphan', say(SAYING.orphan), {
        status: 403,
        hint: say(SAYING.makeAnew),
      })
    demand(who, 'create-children', { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
    const { type, parameters, timezone } = automation
    const { run, outputs } = await worded(() => prepare(rooms, who, { asset, type, parameters, timezone }, due, automation))
    const strange = outputs.find((id) => !automation.outputSensors.includes(id))
    if (strange !== undefined)
      throw new Problem('automation-output', say(SAYING.strangeOutput, { sensor: strange }), {
        status: 422,
        hint: say(SAYING.checkedThen),
      })
    return worded(run)
  }

/** Refusals of the API as sentences: nobody reads envelopes here. */
async function worded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const body = hasCode(error, 'flexmeasures-refusal') ? (error.details!['flexMeasures'] as { message?: unknown }) : undefined
    if (body?.message === undefined) throw error
    const said = typeof body.message === 'string' ? body.message : JSON.stringify(body.message)
    throw new Problem('automation-refused', said, { status: 422, cause: error })
  }
}

async function prepare(rooms: Rooms, who: Principal, asked: Asked, due: Instant, automation?: Automation): Promise<Ready> {
  if (asked.type === 'forecasting') return forecasting(rooms, who, asked, due)
  if (asked.type === 'scheduling') return scheduling(rooms, who, asked)
  return reporting(rooms, who, asked, due, automation)
}

async function forecasting(rooms: Rooms, who: Principal, { asset, parameters, timezone }: Asked, due: Instant): Promise<Ready> {
  const { sensor: id, 'start-offset': startOffset, 'end-offset': endOffset, ...body } = canonical(parameters)
  if (typeof id !== 'number') throw wrong('sensor', id === undefined ? 'Missing data for required field.' : 'Not a valid integer.')
  const sensor = await outputSensor(rooms, who, asset, id, 'sensor')
  const moment = (chain: unknown, field: string) =>
    chain === undefined ? {} : { [field]: formatInstant(offset(due, chain, timezone, `${field}-offset`)) }
  const { reads, trigger } = await forecastByItself(rooms, who, sensor, {
    ...body,
    ...moment(startOffset, 'start'),
    ...moment(endOffset, 'end'),
  })
  return { inputs: reads, outputs: [sensor.id], run: trigger }
}

async function scheduling(rooms: Rooms, who: Principal, { asset, parameters, timezone }: Asked): Promise<Ready> {
  const { 'start-offset': chain, 'end-offset': ends, ...given } = canonical(parameters)
  const now = rooms.clock.now()
  const body = { ...given }
  // A plan of the past helps nobody: windows count from now, whatever was missed.
  if (body['start'] === undefined)
    body['start'] = formatInstant(chain === undefined ? floorTo(now, 15 * MINUTE) : offset(now, chain, timezone, 'start-offset'))
  if (ends !== undefined && body['duration'] === undefined) {
    const length = offset(now, ends, timezone, 'end-offset') - Date.parse(String(body['start']))
    body['duration'] = `PT${Math.max(0, Math.round(length / MINUTE))}M`
  }
  const { check, trigger } = await scheduleByItself(rooms, who, asset, body)
  const outputs = await check()
  for (const id of outputs) await outputSensor(rooms, who, asset, id, 'flex-model')
  return { inputs: [], outputs, run: trigger }
}

async function reporting(
  rooms: Rooms,
  who: Principal,
  { asset, parameters, timezone }: Asked,
  due: Instant,
  automation?: Automation,
): Promise<Ready> {
  const order = readReport(parameters, due, timezone)
  const made = automation && { automation: automation.id }
  // A ready report reads the site of its asset.
  if (isReady(order)) {
    const writes = (order.outputs ?? []).map(({ sensor }) => ({ field: 'output', sensor }))
    await mayReport(rooms, who, { reads: [], writes })
    return { inputs: [], outputs: writes.map(({ sensor }) => sensor), run: () => rooms.reports.trigger(asset.id, order, made) }
  }
  const { reads, writes } = sensorsOfReport(order)
  await mayReport(rooms, who, { reads, writes })
  return {
    inputs: reads.map(({ sensor }) => sensor),
    outputs: writes.map(({ sensor }) => sensor),
    run: () => rooms.reports.trigger(asset.id, order, made),
  }
}

function readReport(parameters: Record<string, unknown>, now: Instant, zone: string) {
  try {
    return readyOrderIn(parameters, { now, zone }) ?? readReportOrder(parameters, { now, zone })
  } catch (error) {
    if (hasCode(error, 'invalid-report', 'invalid-offset', 'invalid-datetime')) throw invalid('json', { parameters: [error.message] })
    throw error
  }
}

/** Inputs must be readable, outputs must take data. @throws 422 for sensors there are not, 403 */
export async function mayReport(rooms: Rooms, who: Principal, { reads, writes }: ReturnType<typeof sensorsOfReport>): Promise<void> {
  for (const [list, action, words] of [
    [reads, 'read', 'it references a sensor you cannot read'],
    [writes, 'create-children', 'it references a sensor you cannot save data on'],
  ] as const)
    for (const { field, sensor: id } of list) {
      const sensor = await rooms.sensors.get(id)
      if (!sensor) throw wrong(field, `No sensor found with ID ${id}.`)
      try {
        demand(who, action, { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy })
      } catch {
        throw rejected(403, 'INVALID_SENDER', `You cannot be authorized for the '${field}' field because ${words}.`)
      }
    }
}

const wrong = (field: string, text: string) => invalid('json', { parameters: [`${field}: ${text}`] })

/** A sensor of the asset or of what lies below it, which may be written. @throws 422, 403 */
async function outputSensor(rooms: Rooms, who: Principal, asset: Asset, id: number, field: string): Promise<Sensor> {
  const sensor = await rooms.sensors.get(id)
  if (!sensor) throw wrong(field, `No sensor found with ID ${id}.`)
  if (!(await offspring(rooms.store, asset.id)).includes(sensor.asset))
    throw wrong(field, `Sensor ${id} does not belong to asset ${asset.id} (or to one of its offspring).`)
  try {
    demand(who, 'create-children', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy })
  } catch {
    throw forbidden()
  }
  return sensor
}

function offset(at: Instant, chain: unknown, zone: string, field: string): Instant {
  if (typeof chain !== 'string') throw wrong(field, 'Not a valid string.')
  try {
    return applyOffsets(at, chain, isZone(zone) ? zone : 'UTC')
  } catch (error) {
    throw wrong(field, error instanceof Error ? error.message : String(error))
  }
}
