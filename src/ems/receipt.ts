/** Receipts of the orders in force: judged again at every heartbeat, written when they say something new, told to people. */
import { asSentence, type Instant, say } from '#kernel'
import type { Device } from './device.ts'
import { judge } from './judge.ts'
import type { Line } from './line.ts'
import { SAYING } from './saying.ts'
import type { Receipt } from './setpoint.ts'
import type { Entry } from './setpoints.ts'

/** A receipt is written again when the measure moved by so many watts, or after so many milliseconds. */
const MOVED = 100
const OLD = 60_000

/** Judges the orders that were in force before this heartbeat and commits the receipts that changed. */
export async function giveReceipts(line: Line, current: readonly Entry[], at: Instant): Promise<void> {
  const news = current.flatMap((entry) => {
    const device = line.devices.get(entry.device)
    const receipt = device ? judgeEntry(line, entry, device, at) : gone(at)
    return receipt && isNews(entry.receipt, receipt) ? [{ id: entry.id, entry, receipt }] : []
  })
  await line.setpoints.judged(news)
  for (const { entry, receipt } of news) {
    if (entry.receipt?.outcome === receipt.outcome) continue
    const { device, asset } = entry
    line.bus.tell({ kind: 'receipt', device, asset, outcome: receipt.outcome })
    if (receipt.outcome === 'silent')
      await line.alarms.raise(asset, 'order-unanswered', say(SAYING.orderUnanswered, { device, why: receipt.why ?? say(SAYING.noReason) }))
    else await line.alarms.clear(asset, 'order-unanswered')
    if (receipt.outcome === 'refused')
      await line.alarms.raise(asset, 'order-refused', say(SAYING.orderRefused, { device, why: receipt.why ?? say(SAYING.noReason) }))
    else await line.alarms.clear(asset, 'order-refused')
  }
}

function judgeEntry(line: Line, entry: Entry, device: Device, at: Instant): Receipt | undefined {
  const capability = device.capability()
  const unheard = line.watch.silence(device.id) ?? (capability.lack === 'connection' ? capability.why : undefined)
  const silence = unheard === undefined ? undefined : asSentence(unheard)
  if (silence !== undefined && (entry.answer === undefined || entry.answer.answer !== 'taken'))
    return { outcome: 'silent', at, why: silence }
  if (entry.toldAt === undefined || entry.answer === undefined) return undefined
  const every = device.every?.() ?? line.period
  const evidence = { toldAt: entry.toldAt, answer: entry.answer, measured: device.measured(), capability, every }
  const receipt = judge(entry, evidence, at)
  return receipt?.outcome === 'silent' && silence !== undefined ? { ...receipt, why: silence } : receipt
}

const gone = (at: Instant): Receipt => ({ outcome: 'silent', at, why: say(SAYING.gone) })

function isNews(before: Receipt | undefined, now: Receipt): boolean {
  if (before === undefined || before.outcome !== now.outcome) return true
  return Math.abs((before.power ?? 0) - (now.power ?? 0)) > MOVED || now.at - before.at >= OLD
}
