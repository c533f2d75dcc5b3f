/** Small marks that say kind, direction, freshness, outcome and rung: a shape, a colour and a word each. */
import { arrowOf, flowOf } from '../flow.ts'
import type { Asset, Freshness, Kind, Outcome, Receipt, Rung } from '../wire.ts'
import { useWords } from '../words.ts'
import { Icon } from './icon.tsx'

export function KindMark({ kind }: { kind: Kind }) {
  return (
    <span class={`kind kind-${kind}`}>
      <Icon name={kind} size={18} />
    </span>
  )
}

/** `charge ↓ 11 kW`: word, arrow and unit, never a bare sign. */
export function Power({ kind, powerKw }: { kind: Kind; powerKw: number | null | undefined }) {
  const { t, f } = useWords()
  const flow = flowOf(kind, powerKw)
  if (flow === 'unknown') return <span class="muted">{t('flow.unknown')}</span>
  if (flow === 'idle') return <span class="muted">{t('flow.idle')}</span>
  return (
    <span class="power">
      {t.code('flow', flow)} <span aria-hidden="true">{arrowOf(flow)}</span> <b>{f.amount(Math.abs(powerKw ?? 0), 'kW')}</b>
    </span>
  )
}

export function Fresh({ freshness }: { freshness: Freshness }) {
  const { t } = useWords()
  return (
    <span class={`fresh fresh-${freshness}`}>
      <span class="light" aria-hidden="true" />
      {t.code('fresh', freshness)}
    </span>
  )
}

export function OutcomeMark({ receipt }: { receipt: Receipt | null | undefined }) {
  const { t } = useWords()
  const outcome: Outcome | 'waiting' = receipt?.outcome ?? 'waiting'
  return (
    <span class={`outcome outcome-${outcome}`}>
      <Icon name={outcome} size={18} />
      {t.code('outcome', outcome)}
    </span>
  )
}

export function RungMark({ rung }: { rung: Rung }) {
  const { t } = useWords()
  return <span class={`rung rung-${rung}`}>{t.code('rung', rung)}</span>
}

export function Simulated({ on }: { on: boolean | undefined }) {
  const { t } = useWords()
  return on ? <span class="simulated">{t('mark.simulated')}</span> : null
}

/** State of charge as a bar and a number. */
export function Charge({ socKwh, capacityKwh }: { socKwh: number | null | undefined; capacityKwh: number | null | undefined }) {
  const { t, f } = useWords()
  if (socKwh === null || socKwh === undefined) return null
  const ratio = capacityKwh ? Math.min(1, Math.max(0, socKwh / capacityKwh)) : undefined
  return (
    <span class="charge">
      {ratio !== undefined && (
        <span class="charge-bar" aria-hidden="true">
          <span style={{ width: `${ratio * 100}%` }} />
        </span>
      )}
      <span title={t('charge.title')}>{ratio === undefined ? f.amount(socKwh, 'kWh') : f.percent(ratio)}</span>
    </span>
  )
}

/** Devices of a charger are shown by what is plugged in. */
export function Plugged({ asset }: { asset: Asset }) {
  const { t } = useWords()
  if (asset.kind !== 'evse' && asset.kind !== 'vehicle') return null
  const other = asset.live.plugged
  return <span class="muted">{other ? t('plugged.to', { other }) : asset.kind === 'evse' ? t('plugged.free') : t('plugged.away')}</span>
}
