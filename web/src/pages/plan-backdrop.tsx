/** What the devices act against: price and sun, exchange with the grid, the hours. Pictures of `slots` × 100, a sentence beside. */
import type { Plan } from '../wire.ts'
import { useWords } from '../words.ts'
import { outline } from './plan-blocks.ts'

const HOUR = 3_600_000

export function Backdrop({ plan, slots, start, step }: { plan: Plan; slots: number; start: number; step: number }) {
  const { t, f } = useWords()
  const price = plan.consumptionPrice.slice(0, slots)
  const sun = plan.inflexibleKw.slice(0, slots).map((kw) => Math.max(0, -kw))
  const net = Array.from({ length: slots }, (_, slot) =>
    plan.devices.reduce((sum, device) => sum + (device.powerKw[slot] ?? 0), plan.inflexibleKw[slot] ?? 0),
  )
  const low = Math.min(...price)
  const high = Math.max(...price)
  const brightest = Math.max(...sun, 0.001)
  const furthest = Math.max(...net.map(Math.abs), 0.001)
  const priceLine = price
    .map((value, slot) => `${slot === 0 ? 'M0 ' : 'V'}${92 - ((value - low) / Math.max(high - low, 0.001)) * 80}H${slot + 1}`)
    .join('')
  const when = (slot: number) => f.clock(start + slot * step)
  const sentence = t('plan.backdrop', {
    low: f.amount(low, `${plan.currency}/MWh`, 0),
    lowTime: when(price.indexOf(low)),
    high: f.amount(high, `${plan.currency}/MWh`, 0),
    highTime: when(price.indexOf(high)),
    sun: f.amount(brightest, 'kW'),
    sunTime: when(sun.indexOf(Math.max(...sun))),
  })
  return (
    <>
      <div class="band-row band-row-back">
        <span class="band-name">
          <span>{t('plan.price')}</span>
          <span class="muted small">
            {f.number(low, 0)}–{f.number(high, 0)}
          </span>
        </span>
        <div class="band-track" role="img" aria-label={sentence}>
          <svg class="band-profile" viewBox={`0 0 ${slots} 100`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <path class="band-sun" d={outline(sun, 96, brightest)} />
            <path class="band-price" d={priceLine} />
          </svg>
        </div>
      </div>
      <div class="band-row band-row-back">
        <span class="band-name">
          <span>{t('plan.net')}</span>
          <span class="muted small">±{f.amount(furthest, 'kW', 0)}</span>
        </span>
        <div
          class="band-track"
          role="img"
          aria-label={t('plan.net.sentence', {
            take: f.amount(Math.max(0, ...net), 'kW', 0),
            give: f.amount(Math.max(0, ...net.map((kw) => -kw)), 'kW', 0),
          })}
        >
          <svg class="band-profile kind-grid" viewBox={`0 0 ${slots} 100`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <path
              class="band-take"
              d={outline(
                net.map((kw) => Math.max(0, kw)),
                50,
                furthest,
              )}
            />
            <path
              class="band-give"
              d={outline(
                net.map((kw) => Math.min(0, kw)),
                50,
                furthest,
              )}
            />
            <path class="band-zero" d={`M0 50H${slots}`} />
          </svg>
        </div>
      </div>
      <p class="unseen">{sentence}</p>
    </>
  )
}

export function Hours({ start, step, slots }: { start: number; step: number; slots: number }) {
  const { f } = useWords()
  const hours = (slots * step) / HOUR
  const small = innerWidth < 560
  const every = (hours <= 12 ? 2 : hours <= 24 ? 4 : 8) * (small ? 1.5 : 1)
  const marks: { at: number; left: number }[] = []
  for (let slot = 0; slot < slots; slot++) {
    const at = start + slot * step
    const clock = f.clock(at)
    if (clock.endsWith('00') && Number(clock.slice(0, 2)) % every === 0 && slot / slots < (small ? 0.88 : 0.95))
      marks.push({ at, left: (slot / slots) * 100 })
  }
  return (
    <div class="band-row band-hours" aria-hidden="true">
      <span class="band-name" />
      <div class="band-track">
        {marks.map(({ at, left }) => (
          <span key={at} class="band-hour" style={{ left: `${left}%` }}>
            {f.clock(at) !== '00:00' ? f.clock(at) : small ? f.weekday(at) : f.day(at)}
          </span>
        ))}
      </div>
    </div>
  )
}
