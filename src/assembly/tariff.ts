import type { Established, Line } from '#ems'
import { keepTariff, recordTariff } from '#grid'
import { describeError, instant } from '#kernel'

/** Keeps the configured tariff in the database as prices; `past` ms of it at once. Resolves to its stop. */
export async function startTariff({ territory }: Established, { beliefs, clock, log, site }: Line, past: number): Promise<() => void> {
  const { tariff, gridTariff, roles } = territory.site
  const tariffs = [
    ...(tariff && roles.consumptionPrice !== undefined ? [{ sensor: roles.consumptionPrice, steps: tariff }] : []),
    ...(gridTariff && roles.gridPrice !== undefined ? [{ sensor: roles.gridPrice, steps: gridTariff }] : []),
  ]
  if (tariffs.length === 0) return () => {}
  const parts = { beliefs, clock, zone: site.zone, tariffs }
  if (past > 0) await recordTariff(parts, instant(clock.now() - past), clock.now())
  return keepTariff(parts, (error) => log.warn({ error: describeError(error) }, 'the tariff was not extended'))
}
