/** What a new station is asked and told before its boot is accepted (OCPP 2.0.1 B02, B05, B07; charging reference 2.3). */
import { createHash } from 'node:crypto'
import { describeError, isProblem, type Log, SECOND } from '#kernel'
import {
  CallError,
  type GetBaseReportResponse,
  type Session,
  type SetVariableDataType,
  type SetVariableResultType,
  type SetVariablesResponse,
} from '#protocols/ocpp'
import { batchesOf, boundsOf } from './batch.ts'
import type { ChargingConfig } from './config.ts'
import { type DeviceModel, lookUp, type Variable } from './device-model.ts'
import type { Gatherer } from './gather.ts'

export interface Wanted {
  component: string
  variable: string
  value: string
}

const MEASURANDS = [
  'Energy.Active.Import.Register',
  'Energy.Active.Export.Register',
  'Power.Active.Import',
  'Power.Active.Export',
  'SoC',
  'Current.Import',
  'Voltage',
]
/** What every metering station knows; tried when the long list was refused. */
const FEWEST = ['Energy.Active.Import.Register', 'Power.Active.Import']

/** The variables that we set on every station. */
export function wantedVariables(config: ChargingConfig): Wanted[] {
  const list = MEASURANDS.join(',')
  return [
    { component: 'OCPPCommCtrlr', variable: 'HeartbeatInterval', value: String(config.heartbeat) },
    { component: 'SampledDataCtrlr', variable: 'TxUpdatedInterval', value: String(config.sampling) },
    { component: 'SampledDataCtrlr', variable: 'TxStartedMeasurands', value: list },
    { component: 'SampledDataCtrlr', variable: 'TxUpdatedMeasurands', value: list },
    { component: 'SampledDataCtrlr', variable: 'TxEndedMeasurands', value: list },
  ]
}

/** Changes when a station must be onboarded again: other wishes of ours, another firmware. */
export const onboardingMark = (config: ChargingConfig, firmware: string | undefined): string =>
  createHash('sha256')
    .update(JSON.stringify([wantedVariables(config), firmware]))
    .digest('hex')
    .slice(0, 16)

/**
 * Reads the device model and sets our variables. A station that refuses a part is taken as it is: what went wrong is in the log.
 * @throws Problem `connection-closed` when the station went away meanwhile
 */
export async function onboard(
  session: Session,
  { reports, config, log }: { reports: Gatherer<[string, Variable]>; config: ChargingConfig; log: Log },
): Promise<DeviceModel | undefined> {
  const model = await readModel(session, reports, config, log)
  const refused = await setVariables(session, pruned(wantedVariables(config), model), model, config)
  if (refused.length > 0)
    log.info({ station: session.identity, refused: refused.map(told) }, 'the station did not take all of its configuration')
  return model
}

let lastRequest = 0
/** One that does not begin with its report is taken as it is: what comes later counts all the same. */
const BEGINS_WITHIN = 6 * SECOND

/**
 * Asks for the device model. Undefined where the station gives no report.
 * @throws Problem `connection-closed` when the station went away meanwhile
 */
export async function readModel(
  session: Session,
  reports: Gatherer<[string, Variable]>,
  config: ChargingConfig,
  log: Log,
): Promise<DeviceModel | undefined> {
  for (const reportBase of ['FullInventory', 'ConfigurationInventory'] as const) {
    const requestId = ++lastRequest
    const report = reports.expect(session.identity, requestId, config.reportPatience, BEGINS_WITHIN)
    report.catch(() => undefined)
    try {
      const answer = (await session.call('GetBaseReport', { requestId, reportBase }, { timeout: config.patience })) as GetBaseReportResponse
      if (answer.status === 'Accepted') return new Map(await report)
      log.info({ station: session.identity, reportBase, status: answer.status }, 'the station gives no such report')
    } catch (error) {
      if (isGone(error)) throw error
      log.info({ station: session.identity, reportBase, error: describeError(error) }, 'the report of the station did not come')
      return undefined
    }
  }
  return undefined
}

/** What the station knows, may be written and is not so already; a list is cut to what the station can measure. */
function pruned(wanted: Wanted[], model: DeviceModel | undefined): Wanted[] {
  if (!model || model.size === 0) return wanted
  return wanted.flatMap((want) => {
    const known = lookUp(model, want.component, want.variable)
    if (!known || known.mutability === 'ReadOnly') return []
    const offered = known.characteristics?.valuesList?.split(',').map((name) => name.trim())
    const isList = want.variable.endsWith('Measurands')
    const value =
      isList && offered
        ? want.value
            .split(',')
            .filter((name) => offered.includes(name))
            .join(',')
        : want.value
    return value === '' || value === known.value ? [] : [{ ...want, value }]
  })
}

/** Sets variables in batches as large as the station takes. Returns what it did not take. */
async function setVariables(
  session: Session,
  wanted: Wanted[],
  model: DeviceModel | undefined,
  config: ChargingConfig,
): Promise<SetVariableResultType[]> {
  const results: SetVariableResultType[] = []
  const send = async (batch: Wanted[]): Promise<void> => {
    const setVariableData = batch.map(
      ({ component, variable, value }): SetVariableDataType => ({
        attributeValue: value,
        component: { name: component },
        variable: { name: variable },
      }),
    )
    try {
      const answer = (await session.call('SetVariables', { setVariableData }, { timeout: config.patience })) as SetVariablesResponse
      results.push(...answer.setVariableResult)
    } catch (error) {
      if (isGone(error)) throw error
      // Some stations refuse any batch; one by one they may take what they know.
      if (batch.length > 1 && error instanceof CallError) for (const one of batch) await send([one])
      else
        results.push(
          ...setVariableData.map(({ component, variable }) => ({
            component,
            variable,
            attributeStatus: 'Rejected' as const,
            attributeStatusInfo: { reasonCode: describeError(error).slice(0, 20) },
          })),
        )
    }
  }
  const bounds = boundsOf(model ?? new Map(), 'DeviceDataCtrlr', 'SetVariables')
  for (const batch of batchesOf(wanted, bounds)) await send(batch)
  const refusedLists = results.filter((result) => result.attributeStatus === 'Rejected' && result.variable.name.endsWith('Measurands'))
  const first = results.length
  for (const { component, variable } of refusedLists)
    await send([{ component: component.name, variable: variable.name, value: FEWEST.join(',') }])
  const mended = new Set(
    results
      .slice(first)
      .filter(isTaken)
      .map((result) => result.variable.name),
  )
  return results.slice(0, first).filter((result) => !isTaken(result) && !mended.has(result.variable.name))
}

const isTaken = (result: SetVariableResultType) => result.attributeStatus === 'Accepted' || result.attributeStatus === 'RebootRequired'
const told = (result: SetVariableResultType) => `${result.component.name}.${result.variable.name}: ${result.attributeStatus}`
const isGone = (error: unknown) => isProblem(error) && error.code === 'connection-closed'
