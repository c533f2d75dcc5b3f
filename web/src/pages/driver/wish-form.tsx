/** What the driver wants: told whether it can be before it is kept. */
import { useEffect, useState } from 'preact/hooks'
import { put, Refusal } from '../../api.ts'
import type { Judged } from '../../charging-wire.ts'
import { Field, useSending } from '../../parts/form.tsx'
import { Failure } from '../../parts/state.tsx'
import { useWords } from '../../words.ts'
import { Outcome } from './outcome.tsx'
import { type Draft, draftOf, wishOf } from './wish-draft.ts'

/** Typing rests so long before the platform is asked, ms. */
const REST = 800

export function WishForm({ path, judged, onKept }: { path: string; judged: Judged; onKept: () => void }) {
  const { t } = useWords()
  const sending = useSending()
  const [draft, setDraft] = useState<Draft>(() => draftOf(judged.said ? judged.wish : undefined, judged.said))
  const [touched, setTouched] = useState(false)
  const [would, setWould] = useState<{ asked: string; judged: Judged } | null>(null)
  const [wrong, setWrong] = useState<Refusal | null>(null)
  const [kept, setKept] = useState(false)
  const wish = wishOf(draft)
  const asked = wish ? JSON.stringify(wish) : ''
  const change = (part: Partial<Draft>) => {
    setDraft({ ...draft, ...part })
    setTouched(true)
    setKept(false)
  }
  useEffect(() => {
    if (!touched || asked === '') return
    let wanted = true
    const timer = setTimeout(async () => {
      try {
        const { data } = (await put(`${path}/wish?dryRun=true`, JSON.parse(asked) as unknown)) as { data: Judged }
        if (!wanted) return
        setWould({ asked, judged: data })
        setWrong(null)
      } catch (failure) {
        if (!(failure instanceof Refusal)) throw failure
        if (wanted) setWrong(failure)
      }
    }, REST)
    return () => {
      wanted = false
      clearTimeout(timer)
    }
  }, [asked, touched, path])
  const told = would !== null && would.asked === asked
  const submit = async (event: Event) => {
    event.preventDefault()
    if (!wish || !told) return
    if (!(await sending.send(() => put(`${path}/wish`, wish), t('driver.kept')))) return
    setKept(true)
    setTouched(false)
    setWould(null)
    onKept()
  }
  return (
    <section class="card" aria-labelledby="wish">
      <h2 id="wish">{t('driver.wish')}</h2>
      <form class="form" onSubmit={submit}>
        <fieldset class="chips">
          <legend class="unseen">{t('driver.amount')}</legend>
          {(['energy', 'soc', 'none'] as const).map((amount) => (
            <button key={amount} type="button" class="chip" aria-pressed={draft.amount === amount} onClick={() => change({ amount })}>
              {t.code('driver.amount', amount)}
            </button>
          ))}
        </fieldset>
        {draft.amount === 'energy' && (
          <Field label={t('driver.energy')}>
            {(input) => (
              <input
                {...input}
                inputMode="decimal"
                value={draft.energy}
                onInput={(event) => change({ energy: event.currentTarget.value })}
              />
            )}
          </Field>
        )}
        {draft.amount === 'soc' && (
          <Field label={t('driver.soc')}>
            {(input) => (
              <input {...input} inputMode="numeric" value={draft.soc} onInput={(event) => change({ soc: event.currentTarget.value })} />
            )}
          </Field>
        )}
        <Field label={t('driver.by')} hint={t('driver.by.hint')}>
          {(input) => <input {...input} type="time" value={draft.by} onInput={(event) => change({ by: event.currentTarget.value })} />}
        </Field>
        <Field label={t('driver.most', { currency: judged.currency })} hint={t('driver.most.hint')}>
          {(input) => (
            <input {...input} inputMode="decimal" value={draft.most} onInput={(event) => change({ most: event.currentTarget.value })} />
          )}
        </Field>
        {(
          [
            ['solar', t('driver.solar')],
            ['fast', t('driver.fast')],
            ['keep', t('driver.keep')],
          ] as const
        ).map(([name, label]) => (
          <label key={name} class="driver-check">
            <input type="checkbox" checked={draft[name]} onChange={(event) => change({ [name]: event.currentTarget.checked })} />
            <span>{label}</span>
          </label>
        ))}
        <div role="status">
          {touched && asked === '' && <p class="muted">{t('driver.incomplete')}</p>}
          {touched && asked !== '' && !told && !wrong && <p class="muted">{t('driver.reckoning')}</p>}
          {touched && told && <Outcome judged={would.judged} draft />}
          {kept && <p class="good strong">{t('driver.kept')}</p>}
        </div>
        {wrong && touched && !told && <Failure error={wrong} />}
        {sending.error && <Failure error={sending.error} />}
        <button type="submit" class="button button-main" disabled={!told || sending.busy}>
          {sending.busy ? t('form.busy') : t('driver.keep-it')}
        </button>
        {!told && !kept && <p class="muted small">{t('driver.first')}</p>}
      </form>
    </section>
  )
}
