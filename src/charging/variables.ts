/** Variables of a station read and written in messages as large as it takes, with what they were before (OCPP 2.0.1 B05–B08). */
import { type Clock, formatInstant, type Instant } from '#kernel'
import type {
  GetVariableDataType,
  GetVariableResultType,
  GetVariablesResponse,
  Payload,
  SetVariableDataType,
  SetVariableResultType,
  SetVariablesResponse,
} from '#protocols/ocpp'
import { asTimestamp, type Store } from '#store'
import { batchesOf, boundsOf } from './batch.ts'
import type { Commands } from './commands.ts'
import { keyOf, type Path, saveValue, takeValue, type Variable } from './device-model.ts'
import { type Gatherer, nextRequest } from './gather.ts'
import type { Station } from './station.ts'

/** Where a new value came from. */
export type Origin = 'report' | 'set' | 'event' | 'get'

export interface ListedVariable {
  key: string
  component: string
  variable: string
  evse: number | null
  value: string | null
  mutability: string | null
  dataType: string | null
  unit: string | null
  valuesList: string | null
}

export interface Variables {
  /** Reads variables in as many messages as it takes; what comes back brings the model up to date. */
  get(station: Station, data: readonly GetVariableDataType[], by?: string): Promise<GetVariableResultType[]>
  set(station: Station, data: readonly SetVariableDataType[], by?: string): Promise<SetVariableResultType[]>
  /** Asks for a whole report, waits for its last part, and keeps it. @throws Problem `report-incomplete` */
  report(
    station: Station,
    base: 'FullInventory' | 'ConfigurationInventory' | 'SummaryInventory',
    by?: string,
  ): Promise<{ status: string; variables: number }>
  /** The answer to a Get- or SetVariables that went another way, such as by hand. */
  answered(station: Station, action: string, request: Payload, answer: Payload): Promise<void>
  /** One variable has another value now. False: it had it already, or it is not kept. */
  note(station: Station, path: Path, value: string, origin: Origin): Promise<boolean>
  list(station: Station, search?: string): ListedVariable[]
  history(identity: string, key: string, zone: string): Promise<{ at: string; value: string; origin: Origin }[]>
  forgetBefore(at: Instant): Promise<number>
}

export function openVariableDesk(parts: {
  store: Store
  clock: Clock
  commands: Commands
  reports: Gatherer<[string, Variable]>
  reportPatience: number
}): Variables {
  const { store, clock, commands, reports } = parts

  const note: Variables['note'] = async (station, path, value, origin) => {
    if (!takeValue(station.model, path, value)) return false
    const key = keyOf(path)
    const { identity } = station.record
    await saveValue(store, identity, key, station.model.get(key)!)
    await store.query('insert into cariflex.variable_history (station, key, at, value, origin) values ($1, $2, $3, $4, $5)', [
      identity,
      key,
      asTimestamp(clock.now()),
      value,
      origin,
    ])
    return true
  }
  const answered: Variables['answered'] = async (station, action, request, answer) => {
    if (action === 'GetVariables')
      for (const { component, variable, attributeType = 'Actual', attributeStatus, attributeValue } of (
        answer as unknown as GetVariablesResponse
      ).getVariableResult)
        if (attributeStatus === 'Accepted' && attributeValue !== undefined && attributeType === 'Actual')
          await note(station, { component, variable } as Path, attributeValue, 'get')
    if (action !== 'SetVariables') return
    const asked = (request as { setVariableData: SetVariableDataType[] }).setVariableData
    for (const { component, variable, attributeType = 'Actual', attributeStatus } of (answer as unknown as SetVariablesResponse)
      .setVariableResult) {
      if (attributeStatus !== 'Accepted' || attributeType !== 'Actual') continue
      const key = keyOf({ component, variable } as Path)
      const value = asked.find((one) => keyOf({ component: one.component, variable: one.variable } as Path) === key)?.attributeValue
      if (value !== undefined) await note(station, { component, variable } as Path, value, 'set')
    }
  }

  return {
    note,
    answered,
    async get(station, data, by) {
      const results: GetVariableResultType[] = []
      for (const getVariableData of batchesOf(data, boundsOf(station.model, 'DeviceDataCtrlr', 'GetVariables'))) {
        const { payload } = await commands.send(station, 'GetVariables', { getVariableData }, by)
        await answered(station, 'GetVariables', { getVariableData }, payload)
        results.push(...(payload as unknown as GetVariablesResponse).getVariableResult)
      }
      return results
    },
    async set(station, data, by) {
      const results: SetVariableResultType[] = []
      for (const setVariableData of batchesOf(data, boundsOf(station.model, 'DeviceDataCtrlr', 'SetVariables'))) {
        const { payload } = await commands.byHand(station, 'SetVariables', { setVariableData }, by)
        await answered(station, 'SetVariables', { setVariableData }, payload)
        results.push(...(payload as unknown as SetVariablesResponse).setVariableResult)
      }
      return results
    },
    async report(station, reportBase, by) {
      const requestId = await nextRequest(store)
      const { identity } = station.record
      const report = reports.expect(identity, requestId, parts.reportPatience)
      report.catch(() => undefined)
      try {
        const { status } = await commands.send(station, 'GetBaseReport', { requestId, reportBase }, by)
        if (status !== 'Accepted') return { status, variables: 0 }
        const all = await report
        for (const [key, variable] of all) {
          const known = station.model.get(key)
          station.model.set(key, { ...known, ...variable })
          if (variable.value === undefined || variable.value === known?.value) continue
          await saveValue(store, identity, key, station.model.get(key)!)
        }
        return { status, variables: all.length }
      } finally {
        reports.forget(identity, requestId)
      }
    },
    list(station, search = '') {
      const wanted = search.toLowerCase()
      return [...station.model]
        .filter(([key]) => key.includes(wanted))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { component, variable, evse, value, mutability, characteristics }]) => ({
          ...{ key, component, variable, evse: evse ?? null, value: value ?? null, mutability: mutability ?? null },
          dataType: characteristics?.dataType ?? null,
          unit: characteristics?.unit ?? null,
          valuesList: characteristics?.valuesList ?? null,
        }))
    },
    async history(identity, key, zone) {
      const rows = await store.query<{ at: Instant; value: string; origin: Origin }>(
        'select at, value, origin from cariflex.variable_history where station = $1 and key = $2 order by at desc limit 500',
        [identity, key.toLowerCase()],
      )
      return rows.map(({ at, ...row }) => ({ ...row, at: formatInstant(at, zone) }))
    },
    async forgetBefore(at) {
      const gone = await store.query('delete from cariflex.variable_history where at < $1 returning 1', [asTimestamp(at)])
      return gone.length
    },
  }
}
