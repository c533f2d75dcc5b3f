/** The webhooks of this platform: opened on what it keeps, fed by its news. */
import { forwardNews, openWebhooks, type Webhooks } from '#ems'
import { type Outward, openOutward } from '#kernel'
import { CITRINEOS_FORM, CITRINEOS_NEAR_FORM, citrineBody } from '#server'
import { openOutbox } from '#store'
import type { House } from './house.ts'
import { secretsOf } from './territory.ts'
import type { Undo } from './undo.ts'

/** How programs on this machine that may do without a token are called back: there too. */
export const nearby = (settings: House['settings']): Outward =>
  openOutward({ allow: [...(settings.outwardAllow ?? []), '127.0.0.0/8', '::1'] })

export async function startWebhooks(
  { store, clock, log, bus, settings, outward }: Omit<House, 'webhooks' | 'account'>,
  undo: Undo,
): Promise<Webhooks> {
  const webhooks = await openWebhooks({
    ...{ store, clock, log, outward },
    outbox: openOutbox({ store, clock, log }),
    secrets: await secretsOf(store, settings, clock),
    forms: { [CITRINEOS_FORM]: { write: citrineBody }, [CITRINEOS_NEAR_FORM]: { write: citrineBody, outward: nearby(settings) } },
  })
  undo.add('webhooks', () => webhooks.close())
  const stop = forwardNews(bus, clock, webhooks)
  undo.add('news for webhooks', () => stop())
  return webhooks
}
