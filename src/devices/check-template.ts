/** Tries a template out: is the file sound, and, with a device on the line, what does it read there, in what unit and sign? */
import { describeError, formatInstant, isProblem, Problem, systemClock } from '#kernel'
import { type ModbusClient, modbusClient } from '#protocols/modbus'
import { bind, type Link, type Measure, measuresOf, numberOf } from './link.ts'
import { prepare, readBack, write } from './order.ts'
import { fetchSlots } from './slot.ts'
import type { Template } from './template.ts'
import { loadTemplate } from './template-file.ts'
import { powerOf, seconds } from './template-sense.ts'

export interface CheckLine {
  /** fault: it cannot work like this; doubt: look twice. */
  level: 'ok' | 'fault' | 'doubt'
  text: string
}

export interface CheckReport {
  ok: boolean
  lines: CheckLine[]
  /** What a live device measured: power in W and state of charge in Wh, consumption positive. */
  measures?: Measure[]
}

export interface CheckOptions {
  /** 'host' or 'host:port' of a device to read. */
  live?: string
  /** Modbus unit id, when it is not the template's. */
  unit?: number
  /** Gives this order (W, consumption positive), reads it back, then orders the safe default. Without it nothing is written. */
  order?: number
}

/** Checks a template file, and reads a live device through it when asked. Never throws for what is wrong with the file or the device. */
export async function checkTemplate(file: string, options: CheckOptions = {}): Promise<CheckReport> {
  const lines: CheckLine[] = []
  const say = (level: CheckLine['level'], text: string) => lines.push({ level, text })
  const report = (measures?: Measure[]): CheckReport => ({
    ok: lines.every(({ level }) => level !== 'fault'),
    lines,
    ...(measures ? { measures } : {}),
  })
  let template: Template
  try {
    template = loadTemplate(file)
  } catch (error) {
    if (!isProblem(error)) throw error
    for (const text of error.message.split('\n')) say('fault', text)
    if (error.hint) say('doubt', error.hint)
    return report()
  }
  say('ok', `${template.name}: a ${template.kind} with ${Object.keys(template.readings).join(', ')}; ${ordersOf(template)}.`)
  if (options.live === undefined) return report()

  let client: ModbusClient | undefined
  try {
    const { host, port } = address(options.live, template.bus?.port ?? 502)
    const unit = options.unit ?? template.bus?.unit ?? 1
    client = modbusClient({ host, port, unit, timeout: seconds(template.bus?.timeout ?? '1 s') * 1000 })
    const link = await bind(client, template)
    say('ok', `${host}:${port} unit ${unit} is the device this template is for${chainOf(link)}.`)
    const measures = await look(client, link)
    sayNominal(link, say)
    for (const measure of measures) sayMeasure(link, measure, say)
    if (options.order !== undefined) await tryOrder(client, link, options.order, say)
    return report(measures)
  } catch (error) {
    if (!isProblem(error)) throw error
    say('fault', describeError(error))
    return report()
  } finally {
    client?.close()
  }
}

const look = async (client: ModbusClient, link: Link): Promise<Measure[]> =>
  measuresOf(
    link,
    await fetchSlots(
      client,
      link.readings.map(({ slot }) => slot),
      link.template.bus?.gap ?? 0,
    ),
  )

function ordersOf({ orders }: Template): string {
  if (!orders) return 'it takes no orders'
  const watchdog = orders.watchdog === undefined ? 'without a watchdog' : `its watchdog runs ${orders.watchdog}`
  return `${orders.means === 'cap' ? 'orders cap its production' : 'orders set its power'}, ${watchdog}`
}

const chainOf = ({ chain }: Link): string =>
  chain ? ` (SunSpec at ${chain.base}: models ${chain.models.map(({ id }) => id).join(', ')})` : ''

/** @throws Problem `invalid-address` */
function address(live: string, defaultPort: number): { host: string; port: number } {
  const hit = /^(\[[0-9a-fA-F:]+\]|[^:\s]+)(?::(\d{1,5}))?$/.exec(live)
  const port = hit?.[2] === undefined ? defaultPort : Number(hit[2])
  if (!hit || port < 1 || port > 65_535)
    throw new Problem('invalid-address', `'${live}' is not an address.`, { status: 422, hint: "Write it like '192.168.1.7:502'." })
  return { host: hit[1]!.replace(/^\[|\]$/g, ''), port }
}

type Say = (level: CheckLine['level'], text: string) => void

function sayNominal({ nominal, template }: Link, say: Say): void {
  const { consumption, production, capacity, minSoc, maxSoc } = nominal
  const parts = [`consumes up to ${kilo(consumption, 'kW')}`, `produces up to ${kilo(production, 'kW')}`]
  if (capacity !== undefined)
    parts.push(`stores ${kilo(capacity, 'kWh')}, used between ${kilo(minSoc ?? 0, 'kWh')} and ${kilo(maxSoc ?? capacity, 'kWh')}`)
  say('ok', `It ${parts.join(', ')}.`)
  if (template.kind !== 'load' && production <= 0) say('doubt', 'It cannot produce anything: is nominal.production right?')
  if (template.kind === 'battery' && !(capacity! > 0)) say('fault', 'Its capacity is not known: without it no plan can be made.')
}

function sayMeasure({ nominal, readings }: Link, { name, value, unit, says }: Measure, say: Say): void {
  const where = readings.find((reading) => reading.name === name)!.slot.label
  const label = `${name} (${where})`
  if (value === undefined) say(name === 'power' || name === 'soc' ? 'fault' : 'doubt', `${label}: the device gives no value.`)
  else if (typeof value === 'string') say('ok', `${label}: '${value}'`)
  else if (name === 'power') {
    const direction = value > 0 ? 'consuming' : value < 0 ? 'producing' : 'idle'
    say('ok', `${label}: ${kilo(value, 'kW')}, ${direction}. If it is doing the opposite now, turn 'sign'.`)
    if (value > 1.2 * nominal.consumption + 100 || value < -1.2 * nominal.production - 100)
      say('doubt', `${label}: that is more than it can do; check 'scale', 'unit', 'type' and 'words'.`)
  } else if (name === 'soc') {
    const share = nominal.capacity ? `, ${Math.round((100 * value) / nominal.capacity)} %` : ''
    say('ok', `${label}: ${kilo(value, 'kWh')}${share}`)
    if (value < 0 || value > 1.02 * (nominal.capacity ?? Number.POSITIVE_INFINITY))
      say('doubt', `${label}: that does not fit into it; check 'scale' and 'unit'.`)
  } else say('ok', `${label}: ${says === undefined ? `${round(value)} ${unit}`.trim() : `${says} (${value})`}`)
}

async function tryOrder(client: ModbusClient, link: Link, power: number, say: Say): Promise<void> {
  if (link.writes.length === 0) {
    say('fault', 'No order was given: the template knows none.')
    return
  }
  const written = prepare(link, link.writes, power, 1)
  await write(client, written)
  const { power: held, differs } = await readBack(client, link, written)
  if (differs) say('fault', `Order of ${kilo(power, 'kW')}: ${differs} holds something else than was written.`)
  else
    say(
      'ok',
      `Order of ${kilo(power, 'kW')} at ${formatInstant(systemClock.now())}: the device holds ${held === undefined ? 'it' : kilo(held, 'kW')}.`,
    )
  const measured = numberOf(await look(client, link), 'power')
  if (measured !== undefined) say('ok', `It measures ${kilo(measured, 'kW')} just after.`)
  const { safe } = link.template.orders!
  const back = link.safeWrites.length > 0 ? link.safeWrites : link.writes
  await write(client, prepare(link, back, safe.power === undefined ? 0 : powerOf(safe.power), 2))
  say('ok', 'The safe default was ordered again.')
}

const round = (value: number): number => Math.round(value * 1000) / 1000
const kilo = (value: number, unit: string): string => `${round(value / 1000)} ${unit}`
