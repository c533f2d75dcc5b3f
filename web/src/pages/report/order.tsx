/** What is asked of a ready report: which one, over which days. */
import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { dayIn, startOfDay } from '../../days.ts'
import { platformNow } from '../../live.ts'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { useWords } from '../../words.ts'
import { REPORTS, type ReadyName } from './report.ts'

const DAY = 86_400_000
const SPANS = ['yesterday', 'week', 'month', 'own'] as const
const LENGTH: Record<string, number> = { yesterday: 1, week: 7, month: 30 }

export function ReportOrder({ asset, onAsked }: { asset: number; onAsked: (id: string) => void }) {
  const { t, zone } = useWords()
  const sending = useSending()
  const today = dayIn(platformNow(), zone)
  const daysAgo = (n: number) => dayIn(startOfDay(today, zone) - n * DAY + DAY / 2, zone)
  const [report, setReport] = useState<ReadyName>('cost')
  const [span, setSpan] = useState<(typeof SPANS)[number]>('week')
  const [own, setOwn] = useState({ first: daysAgo(7), last: daysAgo(1) })
  const [first, last] = span === 'own' ? [own.first, own.last] : [daysAgo(LENGTH[span]!), daysAgo(1)]
  const wrong = first > last
  const ask = async () => {
    const start = startOfDay(first, zone)
    // The begin of the day after the last one, however long that one is.
    const end = startOfDay(dayIn(startOfDay(last, zone) + 1.5 * DAY, zone), zone)
    const answer = (await post(`/assets/${asset}/reports`, {
      report,
      start: new Date(start).toISOString(),
      end: new Date(Math.min(end, Math.max(start + 1, platformNow()))).toISOString(),
    })) as { data: { id: string } }
    onAsked(answer.data.id)
  }
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!wrong) void sending.send(ask, t('job.asked'))
      }}
    >
      <Field label={t('report.which')} hint={t.code('report.about', report)}>
        {(input) => (
          <select {...input} value={report} onChange={(event) => setReport(event.currentTarget.value as ReadyName)}>
            {REPORTS.map((each) => (
              <option key={each} value={each}>
                {t.code('report', each)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('report.period')}>
        {(input) => (
          <select {...input} value={span} onChange={(event) => setSpan(event.currentTarget.value as typeof span)}>
            {SPANS.map((each) => (
              <option key={each} value={each}>
                {t.code('report.span', each)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {span === 'own' && (
        <div class="columns-2">
          <Field label={t('report.first')} error={wrong ? t('range.wrong') : undefined}>
            {(input) => (
              <input
                {...input}
                type="date"
                required
                max={today}
                value={own.first}
                onChange={(event) => setOwn({ ...own, first: event.currentTarget.value })}
              />
            )}
          </Field>
          <Field label={t('report.last')}>
            {(input) => (
              <input
                {...input}
                type="date"
                required
                max={today}
                value={own.last}
                onChange={(event) => setOwn({ ...own, last: event.currentTarget.value })}
              />
            )}
          </Field>
        </div>
      )}
      <Submit sending={sending} label={t('report.make')} />
    </form>
  )
}
