/** The page behind the code on a charger: price first, what the car gets by when and why, and a wish. Nobody is signed in. */
import '../../style/driver.css'
import type { Judged } from '../../charging-wire.ts'
import { useHeading } from '../../heading.ts'
import { Empty, Failure, Loading, Stale } from '../../parts/state.tsx'
import { useTick } from '../../parts/tick.ts'
import { useResource } from '../../resource.ts'
import type { PageProps } from '../../route.ts'
import { useWords } from '../../words.ts'
import { Outcome } from './outcome.tsx'
import { clockOf } from './wish-draft.ts'
import { WishForm } from './wish-form.tsx'

interface DriverView {
  price: { text: { fr: string; en: string } | null; perKwh: number | null; currency: string; soFar: number | null }
  station: string
  name: string
  evse: number
  online: boolean
  plugged: boolean
  session: { startedAt: string; energyKwh: number; powerKw: number | null; socPercent: number | null; authorized: boolean } | null
  now: { kw: number; because: string; until: string } | null
  wish: Judged | null
}

/** Read so often, ms: an address may ask 60 times a minute. */
const EVERY = 10_000

export function DriverPage({ subject = '' }: PageProps) {
  const { t, f, said, language } = useWords()
  const tick = Math.floor(useTick(EVERY) / EVERY)
  const path = `/driver/${encodeURIComponent(subject)}`
  const { data, error, reload } = useResource<DriverView>(path, tick)
  useHeading(data?.name ?? t('driver.title'))
  if (!data)
    return (
      <div class="page driver">
        <h1>{t('driver.title')}</h1>
        {!error ? (
          <Loading />
        ) : error.status === 404 ? (
          <Empty title={t('driver.unknown')}>{t('driver.unknown.next')}</Empty>
        ) : (
          <Failure error={error} retry={reload} />
        )}
      </div>
    )
  const { price, session, now, wish } = data
  const money = (amount: number) => f.amount(amount, price.currency, 2)
  return (
    <div class="page driver">
      <h1>{data.name}</h1>
      <Stale error={error} />
      <section class="card driver-price" aria-labelledby="price">
        <h2 id="price">{t('driver.price')}</h2>
        {price.perKwh !== null ? (
          <p class="driver-big">
            {money(price.perKwh)} <span class="driver-unit">{t('driver.per-kwh')}</span>
          </p>
        ) : (
          <p class="driver-big">{price.text ? '' : t('driver.free')}</p>
        )}
        {price.text && (
          <p class="small" lang={language}>
            {price.text[language]}
          </p>
        )}
        {price.soFar !== null && session && (
          <p>
            {t('driver.so-far')} <b>{money(price.soFar)}</b>
          </p>
        )}
      </section>
      <section class="card" aria-labelledby="car">
        <h2 id="car">{t('driver.car')}</h2>
        {!data.online && <p class="notice">{t('driver.offline')}</p>}
        {session ? (
          <>
            <p class="driver-facts">
              {session.socPercent !== null && <b>{f.percent(session.socPercent / 100)}</b>}
              <b>{f.amount(session.energyKwh, 'kWh')}</b>
              {session.powerKw !== null && <b>{f.amount(Math.abs(session.powerKw), 'kW')}</b>}
            </p>
            {!session.authorized && <p class="notice">{t('driver.unauthorized')}</p>}
          </>
        ) : (
          <p>{t(data.plugged ? 'driver.plugged' : 'driver.plug')}</p>
        )}
        {now && (
          <p class="small">
            {now.kw > 0 ? t('driver.now', { power: f.amount(now.kw, 'kW') }) : t('driver.paused')}{' '}
            <span class="muted">{t('order.until', { time: clockOf(now.until) })}</span>
            <span class="block">
              <span class="muted">{t('order.because')}</span> {said(now.because)}
            </span>
          </p>
        )}
        {wish && <Outcome judged={wish} />}
      </section>
      {session && wish && <WishForm key={data.session?.startedAt} path={path} judged={wish} onKept={reload} />}
    </div>
  )
}
