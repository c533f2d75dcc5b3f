/** What a session would cost by a tariff, kept or not: so much energy, so long, then parked. */
import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import type { Bill, Tariff } from '../../charging-wire.ts'
import { dayIn, momentOf } from '../../days.ts'
import { platformNow } from '../../live.ts'
import { BillTable } from '../../parts/bill-table.tsx'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { useWords } from '../../words.ts'
import { priceOf, sessionOf } from './simple-tariff.ts'

export function Preview({ tariff, open = false }: { tariff: Tariff; open?: boolean }) {
  const { t, zone } = useWords()
  const sending = useSending()
  const [bill, setBill] = useState<Bill | null>(null)
  const [start, setStart] = useState('20:00')
  const [kwh, setKwh] = useState('20')
  const [charging, setCharging] = useState('120')
  const [parked, setParked] = useState('30')
  const submit = (event: Event) => {
    event.preventDefault()
    const begin = momentOf(`${dayIn(platformNow(), zone)}T${start}`, zone)
    const numbers = [kwh, charging, parked].map(priceOf) as [number, number, number]
    if (Number.isNaN(begin) || numbers.some(Number.isNaN)) return
    void sending.send(async () => {
      const { data } = (await post('/tariffs/preview', {
        tariff,
        session: sessionOf(begin, ...numbers, zone),
        options: { rounding: 'cent' },
      })) as {
        data: { bill: Bill }
      }
      setBill(data.bill)
    }, t('preview.done'))
  }
  const field = (label: string, value: string, set: (text: string) => void) => (
    <Field label={label}>
      {(input) => <input {...input} inputMode="decimal" required value={value} onInput={(event) => set(event.currentTarget.value)} />}
    </Field>
  )
  return (
    <details class="fold" open={open}>
      <summary>{t('preview.title')}</summary>
      <form class="form" onSubmit={submit}>
        <div class="tariff-fields">
          <Field label={t('preview.start')}>
            {(input) => <input {...input} type="time" required value={start} onInput={(event) => setStart(event.currentTarget.value)} />}
          </Field>
          {field(t('preview.energy'), kwh, setKwh)}
          {field(t('preview.charging'), charging, setCharging)}
          {field(t('preview.parked'), parked, setParked)}
        </div>
        <Submit sending={sending} label={t('preview.go')} />
      </form>
      {bill && (
        <div role="status">
          <BillTable bill={bill} />
        </div>
      )}
    </details>
  )
}
