/** Sessions as a document to print or to hand on: French over English, landscape A4, sums by currency and VAT rate at the end. */
import type { PricedSession } from '#charging'

export interface PdfOrder {
  platform: string
  site: string
  zone: string
  /** What was chosen, as text: 'CP001', '2026-11-01 – 2026-11-30'. */
  chosen: string[]
  /** When it was made. */
  madeAt: string
}

const MARGIN = 36
const ROW = 16
/** Between two columns. */
const GAP = 12
const INK = '#14232b'
const FAINT = '#5b6b73'
const RULE = '#c9d3d8'

interface Column {
  fr: string
  en: string
  width: number
  right?: boolean
  text(session: PricedSession): string
}

const money = (value: number | null): string => (value === null ? '–' : value.toFixed(2).replace('.', ','))
const moment = (text: string | null): string =>
  text === null ? '–' : `${text.slice(8, 10)}/${text.slice(5, 7)}/${text.slice(0, 4)} ${text.slice(11, 16)}`
const rateText = (rate: number | null): string => (rate === null ? '–' : `${String(rate).replace('.', ',')} %`)

const COLUMNS: readonly Column[] = [
  { fr: 'Borne', en: 'Station', width: 84, text: ({ station }) => station },
  { fr: 'Badge', en: 'Badge', width: 62, text: ({ token }) => token ?? '–' },
  { fr: 'Début', en: 'Began', width: 90, text: ({ startedAt }) => moment(startedAt) },
  { fr: 'Fin', en: 'Ended', width: 90, text: ({ endedAt }) => moment(endedAt) },
  { fr: 'Énergie kWh', en: 'Energy', width: 66, right: true, text: ({ energyKwh }) => energyKwh.toFixed(3).replace('.', ',') },
  {
    fr: 'Rendue kWh',
    en: 'Given back',
    width: 66,
    right: true,
    text: ({ exportedKwh }) => (exportedKwh === 0 ? '–' : exportedKwh.toFixed(3).replace('.', ',')),
  },
  { fr: 'Tarif', en: 'Tariff', width: 74, text: ({ tariff }) => tariff ?? '–' },
  { fr: 'TVA', en: 'VAT rate', width: 72, right: true, text: ({ vat }) => vat.map(({ rate }) => rateText(rate)).join(' + ') || '–' },
  { fr: 'HT', en: 'Excl. VAT', width: 56, right: true, text: ({ totalExcl }) => money(totalExcl) },
  {
    fr: 'TTC',
    en: 'Incl. VAT',
    width: 56,
    right: true,
    text: ({ totalIncl, currency }) => (totalIncl === null ? '–' : `${money(totalIncl)} ${currency === 'EUR' ? '€' : currency}`),
  },
  { fr: 'Signé', en: 'Signed', width: 52, right: true, text: ({ signed }) => (signed ? 'oui · yes' : '–') },
]

/** The file as bytes. Fonts are those that every reader has. */
export async function pdfOf(sessions: readonly PricedSession[], order: PdfOrder): Promise<Uint8Array> {
  const { default: PdfDocument } = await import('pdfkit')
  const title = 'Sessions de recharge · Charging sessions'
  const page = new PdfDocument({
    size: 'A4',
    layout: 'landscape',
    margin: MARGIN,
    bufferPages: true,
    info: { Title: title, Author: order.platform },
  })
  const parts: Uint8Array[] = []
  page.on('data', (part: Uint8Array) => void parts.push(part))
  const ended = new Promise<void>((resolve) => void page.on('end', () => resolve()))
  const bottom = page.page.height - MARGIN - 20
  let y = MARGIN

  const write = (text: string, x: number, width: number, { right = false, color = INK, bold = false, size = 8 } = {}) =>
    page
      .font(bold ? 'Helvetica-Bold' : 'Helvetica')
      .fontSize(size)
      .fillColor(color)
      .text(text, x, y, { width, align: right ? 'right' : 'left', lineBreak: false, ellipsis: true, height: size + 2 })
  const rule = () =>
    page
      .moveTo(MARGIN, y)
      .lineTo(page.page.width - MARGIN, y)
      .lineWidth(0.5)
      .strokeColor(RULE)
      .stroke()
  const across = (cell: (column: Column, x: number) => void) => {
    let x = MARGIN
    for (const column of COLUMNS) {
      cell(column, x)
      x += column.width
    }
  }
  const head = () => {
    across(({ fr, width, right }, x) => write(fr, x, width - GAP, { bold: true, right: right ?? false }))
    y += 10
    across(({ en, width, right }, x) => write(en, x, width - GAP, { color: FAINT, size: 7, right: right ?? false }))
    y += 12
    rule()
    y += 5
  }
  const room = (height: number) => {
    if (y + height <= bottom) return
    page.addPage()
    y = MARGIN
    head()
  }

  const whole = page.page.width - 2 * MARGIN
  write(title, MARGIN, whole, { bold: true, size: 16 })
  y += 22
  write([order.site, ...order.chosen, `heures de · times of ${order.zone}`].join('  ·  '), MARGIN, whole, { color: FAINT, size: 9 })
  y += 22
  head()
  for (const session of sessions) {
    room(ROW)
    across(({ text, width, right }, x) => write(text(session), x, width - GAP, { right: right ?? false }))
    y += ROW
  }
  if (sessions.length === 0) {
    write('Aucune session. · No session.', MARGIN, whole, { color: FAINT })
    y += ROW
  }

  room(70)
  y += 4
  rule()
  y += 8
  const energy = sessions.reduce((sum, { energyKwh }) => sum + energyKwh, 0)
  write(`${sessions.length} sessions · ${energy.toFixed(3).replace('.', ',')} kWh`, MARGIN, 300, { bold: true, size: 9 })
  y += ROW
  for (const line of sumsOf(sessions)) {
    room(ROW)
    write(line, MARGIN, whole, { size: 9 })
    y += ROW
  }
  room(ROW)
  write(
    '« Signé » : le compteur a signé des valeurs de la session ; elles sont dans son journal. · “Signed”: the meter signed values of the session; its record holds them.',
    MARGIN,
    whole,
    { color: FAINT, size: 7 },
  )

  const { start, count } = page.bufferedPageRange()
  for (let nth = start; nth < start + count; nth++) {
    page.switchToPage(nth)
    y = page.page.height - MARGIN - 8
    write(`${order.platform} · ${order.madeAt}`, MARGIN, whole / 2, { color: FAINT, size: 7 })
    write(`${nth + 1} / ${count}`, MARGIN + whole / 2, whole / 2, { color: FAINT, size: 7, right: true })
  }
  page.end()
  await ended
  return Buffer.concat(parts)
}

/** One line for each currency and rate, then the sum of the currency. */
function sumsOf(sessions: readonly PricedSession[]): string[] {
  const currencies = [
    ...new Set(sessions.flatMap(({ currency, totalIncl }) => (currency === null || totalIncl === null ? [] : [currency]))),
  ]
  return currencies.flatMap((currency) => {
    const own = sessions.filter((session) => session.currency === currency)
    const lines = own.flatMap(({ vat }) => vat)
    const rates = [...new Set(lines.map(({ rate }) => rate))].sort((a, b) => (a ?? 0) - (b ?? 0))
    const sum = (pick: (session: PricedSession) => number | null) => own.reduce((all, session) => all + (pick(session) ?? 0), 0)
    return [
      ...rates.map((rate) => {
        const of = lines.filter((line) => line.rate === rate)
        const [excl, amount] = [of.reduce((all, one) => all + one.excl, 0), of.reduce((all, one) => all + one.amount, 0)]
        return `TVA · VAT ${rateText(rate)} : ${money(excl)} HT · excl. + ${money(amount)} ${currency}`
      }),
      `Total : ${money(sum(({ totalExcl }) => totalExcl))} HT · excl. VAT, ${money(sum(({ totalIncl }) => totalIncl))} ${currency} TTC · incl. VAT`,
    ]
  })
}
