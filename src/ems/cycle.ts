/**
 * One heartbeat of a site: look, decide, act, remember. Nothing is carried over from the last one but what the database holds,
 * so after kill -9 the next heartbeat is right. The first page to read; docs/explanation/the-straight-line.md tells the rest.
 */
import { after, type Instant, MINUTE, watts } from '#kernel'
import { changes, holdUntil } from './change.ts'
import type { Line } from './line.ts'
import { narrow } from './narrow.ts'
import { giveReceipts } from './receipt.ts'
import { wantsOf } from './want.ts'

/** The whole heartbeat, every ten seconds. */
export async function cycle(line: Line, at: Instant): Promise<void> {
  await line.watch.look(at)
  await steer(line, at)
}

/** A heartbeat without the look, at once on news: what was last measured will do. */
export async function steer(line: Line, at: Instant): Promise<void> {
  const { site, setpoints, lanes, watch } = line
  const [plan, overrides, limits, current] = await Promise.all([
    line.plans.latest(site.asset, at),
    line.overrides.within(at, after(at, 1)),
    line.limits.within(at, after(at, 10 * MINUTE)),
    setpoints.current(at),
  ])

  // Decide: what plan or owner want, narrowed by the ladder.
  const devices = line.devices.all()
  const wants = wantsOf({ devices, plan, overrides, limits, current, silence: watch.silence, at })
  const unsteered = devices.filter((device) => !wants.some((want) => want.device === device.id))
  const inflexible = watts(unsteered.reduce((sum, device) => sum + (device.measured()?.power ?? 0), 0))
  const orders = narrow(wants, limits, { at, inflexible })

  // Remember before acting: an order is in the journal before it is on the wire.
  const keeps = (device: string) => watch.silence(device) !== undefined || line.devices.get(device)?.capability().lack === 'connection'
  const due = changes(orders, { current, wants, at, told: lanes.told, keeps })
  const until = holdUntil(limits, at)
  const fresh = await setpoints.write(due.fresh, at, until)
  await setpoints.hold(due.renew, until)
  await setpoints.hold(due.over, at)
  for (const { id, because } of due.reworded) await setpoints.reason(id, because)

  // Act: only what changed or is about to end; a slow device never holds another up.
  for (const entry of [...fresh, ...due.renew.map((entry) => ({ ...entry, until })), ...due.repeat]) {
    const device = line.devices.get(entry.device)
    if (device) void lanes.tell(device, entry)
  }
  await giveReceipts(line, current, at)
}
