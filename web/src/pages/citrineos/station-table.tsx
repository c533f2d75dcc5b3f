/** Stations brought from a CSV file: tried first, then made known; what was refused is told with its line. */
import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { useWords } from '../../words.ts'

interface Told {
  line: number
  what: string
  outcome: 'made' | 'known' | 'refused'
  why?: string
}
interface Outcome {
  rows: Told[]
  isTrial: boolean
}

export function StationTable() {
  const { t } = useWords()
  const sending = useSending()
  const [file, setFile] = useState<File | null>(null)
  const [outcome, setOutcome] = useState<Outcome | undefined>(undefined)
  const bring = (isTrial: boolean) =>
    file &&
    sending.send(
      async () => {
        const { data: rows } = (await post(`/charging/import/table?dryRun=${isTrial}`, file)) as { data: Told[] }
        setOutcome({ rows, isTrial })
      },
      t(isTrial ? 'import.tried' : 'import.done'),
    )
  return (
    <section class="card" aria-labelledby="import">
      <h2 id="import">{t('import.title')}</h2>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          void bring(false)
        }}
      >
        <Field label={t('import.file')} hint={t('import.file.hint')}>
          {(input) => (
            <input
              {...input}
              type="file"
              accept=".csv,text/csv"
              required
              onChange={(event) => {
                setFile(event.currentTarget.files?.[0] ?? null)
                setOutcome(undefined)
              }}
            />
          )}
        </Field>
        <Submit sending={sending} label={t('import.do')}>
          <button type="button" class="button" disabled={sending.busy || !file} onClick={() => bring(true)}>
            {t('import.try')}
          </button>
        </Submit>
      </form>
      {outcome && <Became outcome={outcome} />}
    </section>
  )
}

function Became({ outcome: { rows, isTrial } }: { outcome: Outcome }) {
  const { t, said } = useWords()
  const count = (wanted: Told['outcome']) => rows.filter(({ outcome }) => outcome === wanted).length
  const refused = rows.filter(({ outcome }) => outcome === 'refused')
  return (
    <>
      <p>{t(isTrial ? 'import.would' : 'import.became', { made: count('made'), known: count('known'), refused: refused.length })}</p>
      <ul class="plain said">
        {refused.map(({ line, what, why }) => (
          <li key={line}>
            <b>{t('import.line', { line })}</b> <span class="break">{what}</span>
            <span class="block small bad break">{said(why ?? '')}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
