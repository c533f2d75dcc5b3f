/** The three reporters of FlexMeasures (reference 4.2): what they make of their inputs. */
import { converter, currencyOf, HOUR, type Instant, instant, measures } from '#kernel'
import type { Beliefs } from '../belief.ts'
import type { Sensor, Sensors } from '../sensors.ts'
import type { Sources } from '../sources.ts'
import { aggregateNamed } from './aggregate.ts'
import { readGiven } from './arguments.ts'
import { acrossColumns } from './columns.ts'
import { alignedIndex, alignRows, type Frame, isFrame, mapValues, onlyEvents, refuseReport, type Value, withColumns } from './frame.ts'
import { aggregateGroups, resample } from './grouping.ts'
import { type InputWindow, inUnit, readInput, sensorOf } from './input.ts'
import { type ReportOrder, type ReportOutput, readPandasConfig } from './order.ts'
import { checkChain, followChain } from './transform.ts'

export interface ReporterParts {
  beliefs: Pick<Beliefs, 'search'>
  sensors: Sensors
  sources: Pick<Sources, 'get'>
  /** Attributes of a sensor with those of its asset; default its own. */
  attributesOf?: (sensor: Sensor) => Promise<Readonly<Record<string, unknown>>>
}

export interface ReportTable {
  name: string
  sensor: Sensor
  /** One column in the unit of the sensor. */
  frame: Frame
  /** For all rows, unless the frame tells it row by row. */
  beliefTime?: Instant
  /** Before the end of each event, ms. */
  horizon?: number
}

/** The version of these reporters, as FlexMeasures has it. */
export const REPORTER_VERSION = '1'

/** Sensors that an order reads and writes, by the field that names them. */
export interface ReportSensors {
  reads: { field: string; sensor: number }[]
  writes: { field: string; sensor: number }[]
}

export function sensorsOfReport({ reporter, config, inputs, outputs }: ReportOrder): ReportSensors {
  const reads = inputs.map(({ sensor }, k) => ({ field: `input.${k}.sensor`, sensor }))
  if (reporter === 'ProfitOrLossReporter')
    for (const field of PRICES) if (typeof config[field] === 'number') reads.push({ field: `config.${field}`, sensor: config[field] })
  return { reads, writes: outputs.map(({ sensor }, k) => ({ field: `output.${k}.sensor`, sensor })) }
}

const PRICES = ['consumption_price_sensor', 'production_price_sensor'] as const

/** Looks whether the config fits the reporter, before anything is read. @throws Problem `invalid-report` (422) */
export async function checkReport({ sensors }: Pick<ReporterParts, 'sensors'>, order: ReportOrder): Promise<void> {
  for (const { field, sensor } of [...sensorsOfReport(order).reads, ...sensorsOfReport(order).writes])
    await sensorOf(sensors, sensor, field)
  if (order.reporter === 'AggregatorReporter') aggregatorConfig(order)
  else if (order.reporter === 'ProfitOrLossReporter') await profitParts(sensors, order)
  else pandasChain(order)
}

/** What the report says. @throws Problem `invalid-report` (422) */
export async function computeReport(parts: ReporterParts, order: ReportOrder, now: Instant): Promise<ReportTable[]> {
  if (order.reporter === 'AggregatorReporter') return aggregator(parts, order, now)
  if (order.reporter === 'ProfitOrLossReporter') return profitOrLoss(parts, order, now)
  return pandas(parts, order, now)
}

function aggregatorConfig({ config, outputs }: ReportOrder) {
  const { method = 'sum', weights = {}, ...others } = config
  for (const name of Object.keys(others)) throw refuseReport(`config.${name}: Unknown field.`, 'The config has method and weights.')
  if (typeof weights !== 'object' || weights === null || Object.values(weights).some((weight) => typeof weight !== 'number'))
    throw refuseReport('config.weights: Not a valid mapping of names and numbers.')
  if (outputs.length !== 1) throw refuseReport(`output: An AggregatorReporter has exactly one output, not ${outputs.length}.`)
  return { method: aggregateNamed(method), weights: weights as Record<string, number> }
}

async function aggregator({ beliefs, sensors, sources }: ReporterParts, order: ReportOrder, now: Instant): Promise<ReportTable[]> {
  const { method, weights } = aggregatorConfig(order)
  const { inputs, outputs, beliefHorizon, beliefTime } = order
  const output = await sensorOf(sensors, outputs[0]!.sensor, 'output.0.sensor')
  const known = await Promise.all(inputs.map(({ sensor }, k) => sensorOf(sensors, sensor, `input.${k}.sensor`)))
  const differ = known.some(({ resolution }) => resolution !== known[0]!.resolution)
  const resolution = order.resolution ?? (differ ? output.resolution || undefined : undefined)
  const at = beliefTime ?? (beliefHorizon === undefined ? now : undefined)
  const window: InputWindow = {
    ...{ from: order.start!, until: order.end!, one: 'per-event' },
    ...(at !== undefined && { at }),
    ...(beliefHorizon !== undefined && { horizonAtMost: beliefHorizon }),
    ...(resolution !== undefined && { resolution }),
  }
  let table: Frame | undefined
  for (const [k, input] of inputs.entries()) {
    const found = await readInput(beliefs, known[k]!, input, window)
    if (!input.sources || input.sources.length === 0) await demandOneSource(sources, found, known[k]!)
    const weight = weights[input.name] ?? 1
    const column = withColumns(onlyEvents(found), [{ name: String(k), values: found.columns[0]!.values.map((value) => value * weight) }])
    table = table ? beside(table, column) : column
  }
  const sum = acrossColumns(table!, method)
  const frame = { ...sum, step: resolution ?? output.resolution }
  return [
    {
      name: outputs[0]!.name ?? 'aggregate',
      sensor: output,
      frame,
      ...(at !== undefined ? { beliefTime: at } : { horizon: beliefHorizon! }),
    },
  ]
}

function beside(one: Frame, other: Frame): Frame {
  const { rows, like } = alignRows(one, other)
  const column = (from: Frame, side: 0 | 1) =>
    from.columns.map(({ name, values }) => ({ name, values: rows.map((pair) => (pair[side] < 0 ? Number.NaN : values[pair[side]]!)) }))
  return { ...withColumns(one, [...column(one, 0), ...column(other, 1)]), ...alignedIndex(one, other, rows, like) }
}

/** Versions of one source count as one. @throws Problem `invalid-report` when several others speak and none was named */
async function demandOneSource(sources: Pick<Sources, 'get'>, { levels }: Frame, sensor: Sensor): Promise<void> {
  const ids = [...new Set(levels.source)]
  if (ids.length < 2) return
  const known = await Promise.all(ids.map((id) => sources.get(id)))
  const names = new Set(known.map((source) => JSON.stringify([source?.name, source?.type, source?.model])))
  if (names.size > 1)
    throw refuseReport(
      `Missing attribute 'sources' for input sensor ${sensor.id}: ${sensor.name}. There is data of the sources ${ids.join(', ')}.`,
      `Name the one that counts, such as sources: [${ids[0]}].`,
    )
}

async function profitParts(sensors: Sensors, { config, inputs, outputs }: ReportOrder) {
  const { consumption_price_sensor: consumption, production_price_sensor: production, loss_is_positive: turned = false, ...others } = config
  for (const name of Object.keys(others))
    throw refuseReport(`config.${name}: Unknown field.`, `The config has ${PRICES.join(', ')} and loss_is_positive.`)
  if (typeof turned !== 'boolean') throw refuseReport('config.loss_is_positive: Not a valid boolean.')
  if (consumption === undefined && production === undefined)
    throw refuseReport('At least one of the two price sensors, consumption or production, is required.')
  const priceOf = async (field: (typeof PRICES)[number], id: unknown): Promise<Sensor> => {
    if (!Number.isSafeInteger(id)) throw refuseReport(`config.${field}: Not a valid integer.`)
    const sensor = await sensorOf(sensors, id as number, `config.${field}`)
    if (measures(sensor.unit, 'energy price')) return sensor
    throw refuseReport(`config.${field}: It has wrong units. Expected a price of energy, such as EUR/MWh, but got '${sensor.unit}'.`)
  }
  const [buys, sells] = [
    await priceOf(PRICES[0], consumption ?? production),
    await priceOf(consumption === undefined ? PRICES[1] : production === undefined ? PRICES[0] : PRICES[1], production ?? consumption),
  ]
  if (inputs.length !== 1) throw refuseReport(`input: A ProfitOrLossReporter has exactly one input, not ${inputs.length}.`)
  const flow = await sensorOf(sensors, inputs[0]!.sensor, 'input.0.sensor')
  if (!measures(flow.unit, 'power') && !measures(flow.unit, 'energy'))
    throw refuseReport(`input.0.sensor: Input sensor can only contain power or energy values, not '${flow.unit}'.`)
  if (flow.resolution === 0) throw refuseReport('input.0.sensor: Moments have no energy. Take a sensor with a resolution.')
  const [currency, other] = [currencyOf(buys.unit)!, currencyOf(sells.unit)!]
  if (currency !== other)
    throw refuseReport(`The prices are in ${currency} and ${other}.`, 'Currencies are never exchanged: take prices in one.')
  const kept: Sensor[] = []
  for (const [k, { sensor: id }] of outputs.entries()) {
    const sensor = await sensorOf(sensors, id, `output.${k}.sensor`)
    if (currencyOf(sensor.unit) !== currency || measures(sensor.unit, 'energy price') || !convertible(currency, sensor.unit))
      throw refuseReport(
        `output.${k}.sensor: Output sensor unit can only be the currency of the prices, ${currency}, not '${sensor.unit}'.`,
      )
    if (sensor.resolution < flow.resolution)
      throw refuseReport(
        `output.${k}.sensor: Its resolution is finer than that of the input.`,
        'Save on a sensor of the same or a coarser resolution.',
      )
    kept.push(sensor)
  }
  return { buys, sells, flow, outputs: kept, currency, turned }
}

function convertible(from: string, to: string): boolean {
  try {
    converter(from, to)
    return true
  } catch {
    return false
  }
}

async function profitOrLoss({ beliefs, sensors }: ReporterParts, order: ReportOrder, now: Instant): Promise<ReportTable[]> {
  const { buys, sells, flow, outputs, currency, turned } = await profitParts(sensors, order)
  const beliefTime = order.beliefTime ?? now
  const window: InputWindow = { from: order.start!, until: order.end!, at: beliefTime, one: 'per-event', resolution: flow.resolution }
  const plain = (sensor: number) => ({ name: '', sensor, beliefs: 'recent', versions: 'latest' }) as const
  const price = async (sensor: Sensor) => {
    const { starts, columns } = await readInput(beliefs, sensor, plain(sensor.id), window)
    const perMWh = inUnit(columns[0]!.values, sensor.unit, `${currency}/MWh`, 0)
    return new Map(starts.map((start, row) => [start, perMWh[row]!]))
  }
  const [bought, sold] = [await price(buys), await price(sells)]
  const { resolution: _, ...input } = order.inputs[0]!
  const flows = await readInput(beliefs, flow, input, window)
  const energy = measures(flow.unit, 'power') ? converter(flow.unit, 'MW') : converter(flow.unit, 'MWh')
  const hours = measures(flow.unit, 'power') ? flow.resolution / HOUR : 1
  const produced = flow.attributes['consumption_is_positive'] === true ? -1 : 1
  const values = flows.columns[0]!.values.map((value, row) => {
    const mwh = energy(value) * hours * produced
    const start = flows.starts[row]!
    // Nothing flows: nothing is owed, whatever the price.
    if (mwh === 0) return 0
    const worth = (mwh > 0 ? sold : bought).get(start) ?? Number.NaN
    return (turned ? -1 : 1) * mwh * worth
  })
  const result = withColumns({ ...flows, levels: {} }, [{ name: 'event_value', values }])
  return outputs.map((sensor, k) => {
    const rule = `${sensor.resolution / 1000}s`
    const isDaily = sensor.resolution % 86_400_000 === 0 && sensor.resolution > 0
    const given = readGiven('resample', ['rule'], [isDaily ? `${sensor.resolution / 86_400_000}D` : rule], {})
    const summed = sensor.resolution === flow.resolution ? result : aggregateGroups(resample(result, given), 'sum', 1)
    const turn = converter(currency, sensor.unit)
    const name = order.outputs[k]!.name ?? (turned ? 'loss' : 'profit')
    return { name, sensor, frame: { ...mapValues(summed, turn), step: sensor.resolution }, beliefTime }
  })
}

function pandasChain(order: ReportOrder) {
  const chain = readPandasConfig(order.config)
  const names = chain.inputs.map(({ name }) => name)
  const given = order.inputs.map(({ name }) => name)
  const lacking = names.find((name) => !given.includes(name))
  if (lacking !== undefined) throw refuseReport(`The input '${lacking}' is required, but not given.`, `Given are: ${given.join(', ')}.`)
  const outputs = chain.outputs.map(({ name }) => name)
  for (const [k, output] of order.outputs.entries())
    if (output.name === undefined)
      throw refuseReport(`output.${k}.name: Missing data for required field.`, `Name a frame: ${outputs.join(', ')}.`)
  checkChain(given, [...outputs, ...order.outputs.map(({ name }) => name!)], chain.steps)
  return chain
}

async function pandas({ beliefs, sensors, attributesOf }: ReporterParts, order: ReportOrder, now: Instant): Promise<ReportTable[]> {
  const chain = pandasChain(order)
  const known = await Promise.all(order.inputs.map(({ sensor }, k) => sensorOf(sensors, sensor, `input.${k}.sensor`)))
  const resolution = order.resolution ?? Math.min(...known.map((sensor) => sensor.resolution))
  const frames = new Map<string, Value>()
  for (const [k, input] of order.inputs.entries()) {
    const sensor = known[k]!
    const window: InputWindow = {
      from: input.from ?? order.start!,
      until: input.until ?? order.end!,
      ...(resolution > 0 && { resolution }),
      ...(order.beliefTime !== undefined && { at: order.beliefTime }),
    }
    const found = await readInput(beliefs, sensor, input, window, await attributesOf?.(sensor))
    for (const id of new Set(found.levels.source)) frames.set(`source_${id}`, id)
    const unit = chain.inputs.find(({ name }) => name === input.name)?.unit
    const values = inUnit(found.columns[0]!.values, sensor.unit, unit, sensor.resolution)
    const frame = withColumns(found, [{ name: 'event_value', values }])
    frames.set(input.name, chain.droplevels ? onlyEvents(frame) : frame)
  }
  followChain(frames, chain.steps)
  const horizon = order.beliefHorizon
  return Promise.all(
    order.outputs.map(async (output, k) => {
      const sensor = await sensorOf(sensors, output.sensor, `output.${k}.sensor`)
      const unit = chain.outputs.find(({ name }) => name === output.name)?.unit
      const frame = finished(frames.get(output.name!), output)
      const values = inUnit(frame.columns[0]!.values, unit ?? sensor.unit, sensor.unit, sensor.resolution)
      return {
        ...{ name: output.name!, sensor, frame: withColumns(frame, [{ name: 'event_value', values }]) },
        ...(horizon !== undefined ? { horizon } : { beliefTime: order.beliefTime ?? now }),
      }
    }),
  )
}

/** One column of events. @throws Problem `invalid-report` when it is something else */
function finished(value: Value | undefined, { name, column }: ReportOutput): Frame {
  if (value === undefined || !isFrame(value)) {
    const what = typeof value === 'number' ? `a single number (${value})` : 'no table of events'
    throw refuseReport(`The output '${name}' is ${what}.`, 'Let the chain end with values per event, such as resample and sum.')
  }
  const chosen = column === undefined ? value.columns[0] : value.columns.find((one) => one.name === column)
  if (!chosen)
    throw refuseReport(`The output '${name}' has no column '${column}'.`, `There are: ${value.columns.map((one) => one.name).join(', ')}.`)
  return withColumns(value, [chosen])
}

/** A moment for the beliefs of a row. */
export const beliefTimeOf = ({ frame, beliefTime }: ReportTable, row: number): Instant | undefined => {
  const own = frame.levels.belief_time?.[row]
  return own === undefined || Number.isNaN(own) ? beliefTime : instant(own)
}
