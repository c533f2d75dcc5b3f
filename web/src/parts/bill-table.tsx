/** A bill line by line, with the sum and what could not be priced. */
import type { Bill } from '../charging-wire.ts'
import { useWords } from '../words.ts'

const UNITS: Record<string, string> = { ENERGY: 'kWh', TIME: 'h', PARKING_TIME: 'h' }

export function BillTable({ bill, tariff }: { bill: Bill; tariff?: string }) {
  const { t, f } = useWords()
  const money = (text: string) => f.amount(Number(text), bill.currency, 2)
  return (
    <>
      <table class="table">
        <caption class={tariff ? '' : 'unseen'}>{tariff ? t('bill.tariff', { id: tariff }) : t('bill.title')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('bill.what')}</th>
            <th scope="col" class="number">
              {t('bill.quantity')}
            </th>
            <th scope="col" class="number wide">
              {t('bill.vat')}
            </th>
            <th scope="col" class="number">
              {t('bill.amount')}
            </th>
          </tr>
        </thead>
        <tbody>
          {bill.lines.map((line, index) => (
            <tr key={`${line.dimension}${index}`}>
              <th scope="row">
                {t.code('bill.dimension', line.dimension)}
                {line.price !== null && (
                  <span class="block muted small">
                    {f.amount(Number(line.price), bill.currency, 2)}
                    {UNITS[line.dimension] ? ` / ${UNITS[line.dimension]}` : ''}
                  </span>
                )}
              </th>
              <td class="number">
                {UNITS[line.dimension] ? f.amount(Number(line.quantity), UNITS[line.dimension]!, 2) : f.number(Number(line.quantity), 0)}
              </td>
              <td class="number wide">{line.vat === null ? '–' : f.amount(Number(line.vat), '%', 1)}</td>
              <td class="number">{money(line.incl_vat)}</td>
            </tr>
          ))}
        </tbody>
        {bill.total && (
          <tfoot>
            <tr>
              <th scope="row">
                <b>{t('bill.total')}</b> <span class="block muted small">{t('bill.excl', { amount: money(bill.total.excl_vat) })}</span>
              </th>
              <td />
              <td class="wide" />
              <td class="number">
                <b>{money(bill.total.incl_vat)}</b>
              </td>
            </tr>
          </tfoot>
        )}
      </table>
      {bill.issues.map((issue) => (
        <p key={issue} class="field-error">
          {t.code('bill.issue', issue)}
        </p>
      ))}
    </>
  )
}
