/** `Le réseau demande …`: the limits in force on the site or on one asset, and what they do. */
import { useCell } from '../cell.ts'
import { assets, limits, platformNow } from '../live.ts'
import type { Limit } from '../wire.ts'
import { useWords } from '../words.ts'
import { Icon } from './icon.tsx'
import { RungMark } from './marks.tsx'
import { useTick } from './tick.ts'

/** Clocks agree to about so much: a limit that begins within it is in force. */
const AGREE = 2_000

/** In force now, tightest first; announced ones after them. */
export function inForce(all: Limit[], at: number): { now: Limit[]; soon: Limit[] } {
  const now = at + AGREE
  const alive = all.filter((limit) => Date.parse(limit.until) > at)
  const tightest = (a: Limit, b: Limit) => (a.maxKw ?? Number.POSITIVE_INFINITY) - (b.maxKw ?? Number.POSITIVE_INFINITY)
  return {
    now: alive.filter((limit) => Date.parse(limit.from) <= now).sort(tightest),
    soon: alive.filter((limit) => Date.parse(limit.from) > now).sort((a, b) => Date.parse(a.from) - Date.parse(b.from)),
  }
}

export function LimitLine({ limit }: { limit: Limit }) {
  const { t, f, said } = useWords()
  const now = platformNow()
  const announced = Date.parse(limit.from) > now + AGREE
  const who = limit.rung === 'grid' ? t('limit.grid') : limit.rung === 'contract' ? t('limit.contract') : t('limit.other')
  const amount = (kw: number) => f.amount(Math.abs(kw), 'kW')
  const what =
    limit.maxKw !== null && limit.maxKw !== undefined
      ? limit.maxKw < 0
        ? t('limit.give', { power: amount(limit.maxKw) })
        : limit.scope === 'flexible-consumption'
          ? t('limit.max.flexible', { power: amount(limit.maxKw) })
          : t('limit.max', { power: amount(limit.maxKw) })
      : limit.minKw !== null && limit.minKw !== undefined
        ? t('limit.min', { power: amount(Math.min(0, limit.minKw)) })
        : ''
  const when = announced
    ? t('limit.from', { from: f.near(Date.parse(limit.from), now), until: f.near(Date.parse(limit.until), now) })
    : t('limit.until', { time: f.near(Date.parse(limit.until), now) })
  return (
    <span>
      <b>
        {who} {what} {when}
      </b>{' '}
      <span class="limit-because">{said(limit.because)}</span>
    </span>
  )
}

export function LimitBanner({ asset }: { asset?: number }) {
  const { t } = useWords()
  const all = useCell(limits)
  const devices = useCell(assets)
  useTick(5_000)
  if (!all) return null
  const mine = asset === undefined ? all : all.filter((limit) => limit.asset === asset)
  const { now, soon } = inForce(mine, platformNow())
  const shown = [...now, ...soon].slice(0, 3)
  if (shown.length === 0) return null
  const bent = (devices ?? []).filter((device) => device.order && device.order.rung !== 'plan').length
  return (
    <section class={`banner ${now.length > 0 ? 'banner-now' : 'banner-soon'}`} aria-label={t('limit.title')}>
      <Icon name={now.length > 0 ? 'alert' : 'waiting'} />
      <ul class="plain">
        {shown.map((limit) => (
          <li key={limit.id}>
            <RungMark rung={limit.rung} /> <LimitLine limit={limit} />
          </li>
        ))}
        {asset === undefined && now.length > 0 && <li class="small">{t.count('limit.bent', bent)}</li>}
      </ul>
    </section>
  )
}
