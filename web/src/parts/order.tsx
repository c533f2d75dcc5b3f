/** The order a device lives under: what, until when, why, which rung decided, and whether it was obeyed. */
import { platformNow } from '../live.ts'
import type { Kind, Order } from '../wire.ts'
import { useWords } from '../words.ts'
import { OutcomeMark, Power, RungMark } from './marks.tsx'

export function OrderSentence({ order, kind }: { order: Order; kind: Kind }) {
  const { t, f, said } = useWords()
  const receipt = order.receipt
  return (
    <div class="order">
      <p class="order-what">
        <Power kind={kind} powerKw={order.powerKw} />
        <span class="muted">{t('order.until', { time: f.near(Date.parse(order.until), platformNow()) })}</span>
        <RungMark rung={order.rung} />
      </p>
      <p class="order-why">
        <span class="muted">{t('order.because')}</span> {said(order.because)}
      </p>
      <p class="order-receipt">
        <OutcomeMark receipt={receipt} />
        {receipt && receipt.powerKw !== null && receipt.powerKw !== undefined && (
          <span class="muted">
            {t('order.measured', { power: f.amount(Math.abs(receipt.powerKw), 'kW'), time: f.clockSeconds(Date.parse(receipt.at)) })}
          </span>
        )}
        {receipt?.why && <span>{said(receipt.why)}</span>}
      </p>
    </div>
  )
}
