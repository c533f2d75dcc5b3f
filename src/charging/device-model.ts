/** The device model of a station as it reported it (OCPP 2.0.1 B06–B08, charging reference 2.8). Names are compared without regard to case. */
import type { ReportDataType, VariableCharacteristicsType } from '#protocols/ocpp'
import { asJson, type Queryable } from '#store'

export interface Variable {
  component: string
  variable: string
  evse?: number
  value?: string
  /** ReadOnly, WriteOnly or ReadWrite; absent = ReadWrite. */
  mutability?: string
  characteristics?: VariableCharacteristicsType
}

/** Variables by key; see `keyOf`. */
export type DeviceModel = Map<string, Variable>

export interface Path {
  component: { name: string; instance?: string; evse?: { id: number; connectorId?: number } }
  variable: { name: string; instance?: string }
}

/** Whether the value must not be kept. */
const isSecret = (name: string) => /password/i.test(name)

/** `sampleddatactrlr/txupdatedinterval#actual`, `evse@1/power#actual`, `devicedatactrlr/itemspermessage[setvariables]#actual` */
export function keyOf({ component, variable }: Path, attribute = 'Actual'): string {
  const instance = (part: { instance?: string }) => (part.instance === undefined ? '' : `[${part.instance}]`)
  const evse = component.evse
    ? `@${component.evse.id}${component.evse.connectorId === undefined ? '' : `.${component.evse.connectorId}`}`
    : ''
  return `${component.name}${instance(component)}${evse}/${variable.name}${instance(variable)}#${attribute}`.toLowerCase()
}

/** The variables of one NotifyReport part, by key. */
export function readReport(data: readonly ReportDataType[]): DeviceModel {
  const model: DeviceModel = new Map()
  for (const entry of data)
    for (const attribute of entry.variableAttribute)
      model.set(keyOf(entry as Path, attribute.type ?? 'Actual'), {
        component: entry.component.name,
        variable: entry.variable.name,
        ...(entry.component.evse ? { evse: entry.component.evse.id } : {}),
        ...(attribute.value === undefined || isSecret(entry.variable.name) ? {} : { value: attribute.value }),
        ...(attribute.mutability === undefined ? {} : { mutability: attribute.mutability }),
        ...(entry.variableCharacteristics ? { characteristics: entry.variableCharacteristics } : {}),
      })
  return model
}

/** Takes the new value of a variable in; false when it is none to keep or no news. */
export function takeValue(model: DeviceModel, path: Path, value: string): boolean {
  const key = keyOf(path)
  const known = model.get(key)
  if (isSecret(path.variable.name) || known?.value === value) return false
  const evse = path.component.evse?.id
  model.set(key, { component: path.component.name, variable: path.variable.name, ...(evse === undefined ? {} : { evse }), ...known, value })
  return true
}

/** The variable without regard to the EVSE that its component hangs on: the one of `evse` first, then the station's own. */
export function lookUp(model: DeviceModel, component: string, variable: string, evse?: number): Variable | undefined {
  const own =
    evse === undefined ? undefined : model.get(keyOf({ component: { name: component, evse: { id: evse } }, variable: { name: variable } }))
  return own ?? model.get(keyOf({ component: { name: component }, variable: { name: variable } }))
}

/**
 * Units that profiles may be given in, best first: W is exact, A is rounded to a tenth. Undefined when the station does not say.
 * Field stations write 'Current', 'Power', 'A,W', 'W' (charging reference 2.13).
 */
export function rateUnits(model: DeviceModel): ('A' | 'W')[] | undefined {
  const said = lookUp(model, 'SmartChargingCtrlr', 'RateUnit')?.value
  if (said === undefined) return undefined
  const units: ('A' | 'W')[] = []
  if (/\bw\b|power|watt/i.test(said)) units.push('W')
  if (/\ba\b|current|amp/i.test(said)) units.push('A')
  return units.length > 0 ? units : undefined
}

/** Where a station declares that it gives power back; the names are those of OCPP 2.1. */
export const V2X = { component: 'V2XChargingCtrlr', variables: ['Enabled', 'Available'] } as const

/**
 * Watts that the EVSE can give back now, 0 unless the station declares it: Enabled and Available of component V2XChargingCtrlr, as far as it
 * has them, are true; DischargePower bounds it. A negative limit sent to a station that did not declare it means "no limit" to some.
 */
export function dischargePower(model: DeviceModel, evse: number, nominal: number): number {
  const flags = V2X.variables.map((variable) => lookUp(model, V2X.component, variable, evse)).filter((flag) => flag !== undefined)
  if (flags.length === 0 || flags.some(({ value }) => value?.trim().toLowerCase() !== 'true')) return 0
  const said = lookUp(model, V2X.component, 'DischargePower', evse)
  const bound = Number(said?.value) * scaleOf(said)
  return Number.isFinite(bound) && bound > 0 ? Math.min(bound, nominal) : nominal
}

/** Largest power that an EVSE reports for itself, W: the upper limit of its variable Power, whose value is what flows now. */
export function reportedPower(model: DeviceModel, evse: number): number | undefined {
  const power = lookUp(model, 'EVSE', 'Power', evse)
  const most = power?.characteristics?.maxLimit
  return most !== undefined && Number.isFinite(most) && most > 0 ? most * scaleOf(power) : undefined
}

const scaleOf = (variable: Variable | undefined) => (variable?.characteristics?.unit?.toLowerCase() === 'kw' ? 1000 : 1)

/** Keeps the new value of one variable. */
export async function saveValue(
  store: Queryable,
  station: string,
  key: string,
  { component, variable, evse, value }: Variable,
): Promise<void> {
  await store.query(
    `insert into cariflex.charging_variable (station, key, component, variable, evse_id, value) values ($1, $2, $3, $4, $5, $6)
     on conflict (station, key) do update set value = excluded.value`,
    [station, key, component, variable, evse ?? null, value ?? null],
  )
}

/** Replaces what is kept of the station's model. */
export async function saveModel(store: Queryable, station: string, model: DeviceModel): Promise<void> {
  const rows = [...model].map(([key, variable]) => ({
    key,
    component: variable.component,
    variable: variable.variable,
    evse_id: variable.evse ?? null,
    value: variable.value ?? null,
    mutability: variable.mutability ?? null,
    characteristics: variable.characteristics ?? null,
  }))
  await store.query('delete from cariflex.charging_variable where station = $1', [station])
  await store.query(
    `insert into cariflex.charging_variable (station, key, component, variable, evse_id, value, mutability, characteristics)
     select $1, r.key, r.component, r.variable, r.evse_id, r.value, r.mutability, r.characteristics
     from jsonb_to_recordset($2::jsonb) as r(key text, component text, variable text, evse_id integer, value text, mutability text, characteristics jsonb)`,
    [station, asJson(rows)],
  )
}

export async function loadModels(store: Queryable, station: string | null = null): Promise<Map<string, DeviceModel>> {
  const rows = await store.query<{
    station: string
    key: string
    component: string
    variable: string
    evse_id: number | null
    value: string | null
    mutability: string | null
    characteristics: VariableCharacteristicsType | null
  }>('select * from cariflex.charging_variable where $1::text is null or station = $1', [station])
  const models = new Map<string, DeviceModel>()
  for (const row of rows) {
    const model = models.get(row.station) ?? new Map()
    models.set(row.station, model)
    model.set(row.key, {
      component: row.component,
      variable: row.variable,
      ...(row.evse_id === null ? {} : { evse: row.evse_id }),
      ...(row.value === null ? {} : { value: row.value }),
      ...(row.mutability === null ? {} : { mutability: row.mutability }),
      ...(row.characteristics === null ? {} : { characteristics: row.characteristics }),
    })
  }
  return models
}
