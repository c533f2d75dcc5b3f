/** What a report says: its figures, a chart of its days with a table, what the numbers rest on, and a file to take away. */
import { type Bars, DayBars } from '../../chart/day-bars.tsx'
import { formatFor } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { useWords, type Words } from '../../words.ts'
import type { Report, ReportLine } from './report.ts'

/** Lines that are drawn, what would have been first; of other reports the first lines of one unit. */
const DRAWN: Record<string, [name: string, colour: string, hollow?: true][]> = {
  'self-consumption': [
    ['produced', '--solar', true],
    ['self-consumed', '--solar'],
  ],
  'self-sufficiency': [
    ['consumed', '--import', true],
    ['imported', '--import'],
  ],
  cost: [
    ['without flexibility', '--battery', true],
    ['with flexibility', '--battery'],
  ],
  co2: [
    ['without flexibility', '--battery', true],
    ['with flexibility', '--battery'],
  ],
}
const COLOURS = ['--battery', '--import', '--vehicle', '--solar', '--export']
/** The line a report is made for. */
const POINT: Record<string, string> = { cost: 'saved', co2: 'saved', 'self-consumption': 'share', 'self-sufficiency': 'share' }

/** 'plan: consumption reduced' in words. */
export function lineWords(name: string, t: Words['t']): string {
  const [rung, what] = name.split(': ')
  return what === undefined ? t.code('report.line', name) : `${t.code('report.line', what)} (${t.code('rung', rung!)})`
}

export function Result({ report }: { report: Report }) {
  const { t, said } = useWords()
  if (report.outputs.length > 0) return <Saved report={report} />
  if (report.lines.length === 0) return <p class="empty">{t('report.nothing')}</p>
  const point = POINT[report.report]
  // What it is made for stands first.
  const lines = [...report.lines].sort((a, b) => Number(b.name === point) - Number(a.name === point)).filter(isTold)
  const bars = drawn(report, t)
  const summary = useSummary(report)
  return (
    <>
      <dl class="figures report-figures">
        {lines.map((line) => (
          <Figure key={line.name} line={line} isPoint={line.name === point} />
        ))}
      </dl>
      {lines.length === 0 && <p class="empty">{t(report.lines.some(({ total }) => total !== null) ? 'report.still' : 'report.nothing')}</p>}
      {bars.length > 0 && report.dates.length > 0 && (
        <DayBars
          dates={report.dates}
          bars={bars}
          table={lines.map((line) => ({ ...line, key: line.name, label: lineWords(line.name, t) }))}
          summary={summary}
          caption={t('report.caption')}
        />
      )}
      {report.notes.length > 0 && (
        <div class="report-notes">
          <h3>{t('report.notes')}</h3>
          <ul>
            {report.notes.map((note) => (
              <li key={note}>{said(note)}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  )
}

/** Of the many lines of flexibility only those that say something. */
const isTold = ({ name, total }: ReportLine): boolean => !name.includes(': ') || (total !== null && total !== 0)

function Figure({ line, isPoint }: { line: ReportLine; isPoint: boolean }) {
  const { t, f } = useWords()
  const { total, unit } = line
  return (
    <div>
      <dt>{lineWords(line.name, t)}</dt>
      <dd class={isPoint ? 'figure-point' : 'figure'}>{f.amount(total, unit, unit === '%' ? 1 : undefined)}</dd>
    </div>
  )
}

function drawn(report: Report, t: Words['t']): Bars[] {
  const of = (line: ReportLine | undefined, colour: string, hollow?: boolean): Bars[] =>
    line ? [{ ...line, key: line.name, label: lineWords(line.name, t), colour, ...(hollow && { hollow }) }] : []
  const chosen = DRAWN[report.report]
  if (chosen)
    return chosen.flatMap(([name, colour, hollow]) =>
      of(
        report.lines.find((line) => line.name === name),
        colour,
        hollow,
      ),
    )
  const told = report.lines.filter(isTold)
  return told
    .filter(({ unit }) => unit === told[0]?.unit)
    .slice(0, COLOURS.length)
    .flatMap((line, n) => of(line, COLOURS[n]!))
}

/** One sentence for those who do not see the chart, and for those who only read one. */
function useSummary({ report, lines }: Report): string {
  const { t, f } = useWords()
  const total = (name: string) => lines.find((line) => line.name === name)
  const [saved, share, without] = [total('saved'), total('share'), total('share without flexibility')]
  if (saved) {
    if (saved.total === null) return t('report.says.unknown')
    return t(saved.total >= 0 ? 'report.says.saved' : 'report.says.lost', { amount: f.amount(Math.abs(saved.total), saved.unit) })
  }
  if (share)
    return t('report.says.share', {
      what: t.code('report', report),
      share: f.amount(share.total, '%', 1),
      without: f.amount(without?.total, '%', 1),
    })
  return t('report.says.days', { what: t.code('report', report) })
}

/** What a reporter saved: values are looked at where they are. */
function Saved({ report }: { report: Report }) {
  const { t, f } = useWords()
  return (
    <table class="table">
      <caption>{t('report.saved')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('report.output')}</th>
          <th scope="col" class="number">
            {t('report.count')}
          </th>
          <th scope="col">{t('sensor.name')}</th>
        </tr>
      </thead>
      <tbody>
        {report.outputs.map((output) => (
          <tr key={`${output.name}${output.sensor}`}>
            <th scope="row">{output.name}</th>
            <td class="number">{f.number(output.count, 0)}</td>
            <td>
              <a href={`/ops/sensors/${output.sensor}`}>{t('report.sensor', { n: output.sensor })}</a> ({output.unit})
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** `lun. 17 nov. – dim. 23 nov.`; with hours where the period does not begin or end with a day. */
export function periodOf(report: Report, language: Words['language'], zone: string): string {
  if (!report.start || !report.end) return '–'
  const f = formatFor(language, report.zone ?? zone)
  const [from, until] = [Date.parse(report.start), Date.parse(report.end)]
  if (f.clock(from) !== '00:00' || f.clock(until) !== '00:00') return `${f.moment(from)} – ${f.moment(until)}`
  const [first, last] = [f.day(from), f.day(until - 1)]
  return first === last ? first : `${first} – ${last}`
}

export function Download({ report }: { report: Report }) {
  const { t } = useWords()
  return (
    <a class="button" href={`/api/cariflex/v1/assets/${report.asset}/reports/${report.id}/report.csv`} download>
      <Icon name="download" size={20} /> {t('report.csv')}
    </a>
  )
}
