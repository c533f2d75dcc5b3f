/** The list of what works in the background once the port is open, and how each of it is stopped. */
import {
  openAlarms,
  policiesOf,
  recountFigures,
  SAYING,
  startAutomations,
  startForecasting,
  startHeartbeat,
  startMonitor,
  startNamedForecasts,
  startNotices,
  startPlanner,
  thinBeliefs,
} from '#ems'
import { DAY, millis, say } from '#kernel'
import { automationWork, forgetIdempotencyKeys, IDEMPOTENCY_KEPT } from '#server'
import { forgetOutbox } from '#store'
import type { House, OpenHouse } from './house.ts'
import type { Undo } from './undo.ts'

/** What is forgotten after how long; every line is one retention policy. */
export function addRetention({ retention, settings, store, clock, log, queue, account, steered }: House): void {
  retention.policy('jobs', millis(settings.retention.jobs), (before) => queue.forget(before))
  retention.policy('outbox', millis(settings.retention.outbox), forgetOutbox(store))
  retention.policy('idempotency keys', millis(IDEMPOTENCY_KEPT), forgetIdempotencyKeys(store))
  const policies = policiesOf(settings.retention.beliefs, settings.platformName)
  retention.policy('beliefs', millis(0), async () => {
    const told = await thinBeliefs({ store, clock, policies, account, log })
    return told.reduce((sum, { removed }) => sum + removed, 0)
  })
  retention.policy('belief figures', millis(DAY), (before) => recountFigures(store, clock, before))
  if (steered)
    retention.policy('station events', millis(settings.retention.conversations), (before) => steered.charging.forgetBefore(before))
  if (steered)
    retention.policy('conversations', millis(settings.retention.conversations), async (before) => {
      await steered.conversation.forgetBefore(before)
      return 0
    })
}

/** Workers of every platform, with or without a territory; every line is one, noted with its stop: `undo.add('name', () => worker.stop())`. */
export function startWorkers({ server, settings, store, clock, log, bus, beliefs, sensors, steered }: OpenHouse, undo: Undo): void {
  const { assets, forecasts } = server
  const named = startNamedForecasts(
    { store, clock, log, beliefs, sensors, assets, forecasts, zone: settings.timezone },
    settings.server.forecasts ?? [],
  )
  undo.add('named forecasts', () => named.stop())
  const automations = startAutomations({ clock, log }, server.automations, automationWork(server))
  undo.add('automations', () => automations.stop())
  const alarms = steered?.line.alarms ?? openAlarms({ store, clock, bus })
  const monitor = startMonitor({
    ...{ store, clock, log, mails: server.mails, alarms },
    ...(steered && { asset: steered.site.asset }),
    ...(settings.monitoring ?? { tasks: {}, users: {} }),
    ...{ recipients: settings.mail.monitoring, platform: settings.platformName },
    ...{ language: settings.server.language ?? 'fr', zone: settings.timezone },
  })
  undo.add('monitoring', () => monitor.stop())
  const notices = startNotices({
    ...{
      store,
      clock,
      log,
      alarms,
      mails: server.mails,
      users: server.users,
      platform: settings.platformName,
      url: () => server.mails.url,
    },
    ...{ language: settings.server.language ?? 'fr', zone: steered?.site.zone ?? settings.timezone },
  })
  undo.add('notices', () => notices.stop())
}

/** Workers of a platform that steers a territory. The first look and the first plan take seconds: nobody waits for them. */
export function startSteering({ steered, settings, log, firstStart }: OpenHouse, undo: Undo): void {
  if (!steered) return
  const { line, plugged } = steered
  const forecasting = startForecasting(line, { period: settings.forecast, firstStart })
  undo.add('forecasting', async () => (await forecasting).stop())
  const planner = startPlanner(line, { period: settings.replan, deadlineMs: settings.solverDeadline, plugged })
  undo.add('planner', () => planner.stop())
  const heartbeat = startHeartbeat(line)
  undo.add('heartbeat', () => heartbeat.stop())
  void Promise.all([heartbeat.beat(), forecasting])
    .then(() => planner.plan(say(SAYING.start)))
    .catch((error: unknown) => log.error({ error }, 'the first plan failed'))
}
