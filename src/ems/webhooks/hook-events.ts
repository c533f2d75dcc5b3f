/** Which news of the program other programs are told, and by what names. */

import type { Bus, Clock } from '#kernel'
import type { News } from '../news.ts'
import type { HookEvent, Webhooks } from './webhooks.ts'

/** Every type that is told, for those who choose. */
export const HOOK_EVENTS = [
  'alarm.raised',
  'alarm.cleared',
  'device.online',
  'device.offline',
  'device.plugged',
  'device.unplugged',
  'device.changed',
  'device.faulted',
  'forecast.made',
  'limits.changed',
  'order.given',
  'order.receipt',
  'plan.made',
  'station.connected',
  'station.closed',
  'station.message',
  'station.sent',
  'webhook.test',
] as const

/** The news as an event; undefined for what is too frequent or too small to be told. */
function eventOf(news: News): Omit<HookEvent, 'at'> | undefined {
  switch (news.kind) {
    case 'alarm':
      return { type: news.active ? 'alarm.raised' : 'alarm.cleared', data: { asset: news.asset, code: news.code, message: news.message } }
    case 'device':
      return { type: `device.${news.what}`, about: news.device, data: { device: news.device, asset: news.asset } }
    case 'forecast':
      return { type: 'forecast.made', data: { sensors: news.sensors, moved: news.moved } }
    case 'limits':
      return { type: 'limits.changed', data: { site: news.site } }
    case 'setpoint':
      return { type: 'order.given', about: news.device, data: { device: news.device, asset: news.asset } }
    case 'receipt':
      return { type: 'order.receipt', about: news.device, data: { device: news.device, asset: news.asset, outcome: news.outcome } }
    case 'plan':
      return { type: 'plan.made', data: { site: news.site, plan: news.plan } }
    default:
      return undefined
  }
}

/** Tells the webhooks what the bus tells; returns how to stop. */
export const forwardNews = (bus: Bus<News>, clock: Clock, webhooks: Webhooks): (() => void) =>
  bus.any((news) => {
    const event = eventOf(news)
    if (event && webhooks.wants(event.type, event.about)) void webhooks.tell({ ...event, at: clock.now() })
  })
