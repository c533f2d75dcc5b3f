/** The webhooks of this platform: opened on what it keeps, fed by its news. */
import { forwardNews, openWebhooks, type Webhooks } from '#ems'
import { CITRINEOS_FORM, citrineBody } from '#server'
import { openOutbox } from '#store'
import type { House } from './house.ts'
import { secretsOf } from './territory.ts'
import type { Undo } from './undo.ts'

export async function startWebhooks(
  { store, clock, log, bus, settings, outward }: Omit<House, 'webhooks' | 'account'>,
  undo: Undo,
): Promise<Webhooks> {
  const webhooks = await openWebhooks({
    ...{ store, clock, log, outward },
    outbox: openOutbox({ store, clock, log }),
    secrets: await secretsOf(store, settings, clock),
    forms: { [CITRINEOS_FORM]: citrineBody },
  })
  undo.add('webhooks', () => webhooks.close())
  const stop = forwardNews(bus, clock, webhooks)
  undo.add('news for webhooks', () => stop())
  return webhooks
}
