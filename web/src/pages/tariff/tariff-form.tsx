/** A tariff, new or changed: by a form where a form can say it, else as JSON; what it says stands beside it in words before it is kept. */
import { useEffect, useState } from 'preact/hooks'
import { post, put, Refusal } from '../../api.ts'
import type { Tariff, TariffShown } from '../../charging-wire.ts'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { useWords } from '../../words.ts'
import { Preview } from './preview.tsx'
import { BLANK, readSimple, type SimpleTariff, type Window, writeTariff } from './simple-tariff.ts'

function parse(text: string): Tariff | undefined {
  try {
    const found = JSON.parse(text) as Tariff
    return typeof found === 'object' && found !== null && typeof found.id === 'string' && found.id !== '' ? found : undefined
  } catch {
    return undefined
  }
}

export function TariffForm({ shown, onClose }: { shown: TariffShown | null; onClose: (done: boolean) => void }) {
  const { t } = useWords()
  const sending = useSending()
  const read = shown ? readSimple(shown.tariff) : BLANK
  const [simple, setSimple] = useState<SimpleTariff | undefined>(read)
  const [asJson, setAsJson] = useState(read === undefined)
  const [text, setText] = useState(JSON.stringify(shown?.tariff ?? writeTariff({ ...BLANK, id: 'NEW', energy: '0.30' }), null, 2))
  const tariff = asJson ? parse(text) : simple && writeTariff(simple)
  const back = asJson && tariff ? readSimple(tariff) : undefined
  return (
    <section class="card" aria-labelledby="tariff-form">
      <h2 id="tariff-form">{shown ? t('tariffs.change.this', { id: shown.tariff.id }) : t('tariffs.new')}</h2>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          if (tariff && (await sending.send(() => put(`/tariffs/${encodeURIComponent(tariff.id)}`, tariff), t('form.saved')))) onClose(true)
        }}
      >
        {asJson ? (
          <Field label={t('tariffs.json')} hint={t('tariffs.json.hint')} error={tariff ? undefined : t('command.fault.json')}>
            {(input) => (
              <textarea {...input} rows={16} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
            )}
          </Field>
        ) : (
          simple && <SimpleFields simple={simple} known={shown !== null} onChange={setSimple} />
        )}
        <div class="buttons">
          {asJson ? (
            <button
              type="button"
              class="button button-quiet"
              disabled={!back}
              onClick={() => {
                setSimple(back)
                setAsJson(false)
              }}
            >
              {t('tariffs.as-form')}
            </button>
          ) : (
            <button
              type="button"
              class="button button-quiet"
              onClick={() => {
                if (tariff) setText(JSON.stringify(tariff, null, 2))
                setAsJson(true)
              }}
            >
              {t('tariffs.as-json')}
            </button>
          )}
        </div>
        <InWords tariff={tariff} />
        <Submit sending={sending} label={t('form.save')}>
          <button type="button" class="button" onClick={() => onClose(false)}>
            {t('form.cancel')}
          </button>
        </Submit>
      </form>
      {tariff && <Preview tariff={tariff} />}
    </section>
  )
}

/** What it says, by the platform: what is kept is what was read. */
function InWords({ tariff }: { tariff: Tariff | undefined }) {
  const { t, language, said } = useWords()
  const [words, setWords] = useState<{ fr: string; en: string } | null>(null)
  const [wrong, setWrong] = useState<string | null>(null)
  const asked = tariff ? JSON.stringify(tariff) : ''
  useEffect(() => {
    if (asked === '') {
      setWords(null)
      setWrong(null)
      return
    }
    let wanted = true
    const timer = setTimeout(async () => {
      try {
        const { data } = (await post('/tariffs/preview', { tariff: JSON.parse(asked) as unknown })) as {
          data: { said: { fr: string; en: string } }
        }
        if (!wanted) return
        setWords(data.said)
        setWrong(null)
      } catch (failure) {
        if (!(failure instanceof Refusal)) throw failure
        if (wanted) setWrong(failure.message)
      }
    }, 500)
    return () => {
      wanted = false
      clearTimeout(timer)
    }
  }, [asked])
  return (
    <p role="status" class={wrong === null ? 'tariff-words' : 'tariff-words field-error'}>
      {wrong !== null ? said(wrong) : asked === '' ? t('tariffs.incomplete') : words?.[language]}
    </p>
  )
}

interface FieldsProps {
  simple: SimpleTariff
  /** The id stays: another one would be another tariff. */
  known: boolean
  onChange: (simple: SimpleTariff) => void
}

function SimpleFields({ simple, known, onChange }: FieldsProps) {
  const { t } = useWords()
  const text = (
    name: keyof Omit<SimpleTariff, 'windows'>,
    label: string,
    more: { required?: boolean; hint?: string; off?: boolean } = {},
  ) => (
    <Field label={label} hint={more.hint}>
      {(input) => (
        <input
          {...input}
          required={more.required}
          disabled={more.off}
          maxLength={36}
          inputMode={name === 'id' || name === 'currency' ? undefined : 'decimal'}
          value={simple[name]}
          onInput={(event) => onChange({ ...simple, [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  )
  const change = (index: number, part: Partial<Window>) =>
    onChange({ ...simple, windows: simple.windows.map((window, at) => (at === index ? { ...window, ...part } : window)) })
  return (
    <>
      <div class="tariff-fields">
        {text('id', t('tariffs.id'), { required: true, off: known })}
        {text('currency', t('tariffs.currency'), { required: true })}
        {text('vat', t('tariffs.vat'))}
        {text('flat', t('tariffs.flat'))}
        {text('energy', t('tariffs.energy'))}
        {text('time', t('tariffs.time'))}
        {text('parking', t('tariffs.parking'))}
      </div>
      <fieldset class="tariff-windows">
        <legend class="strong">{t('tariffs.windows')}</legend>
        {simple.windows.map((window, index) => (
          <div class="tariff-fields" key={index}>
            <label class="field">
              <span>{t('tariffs.from')}</span>
              <input type="time" required value={window.from} onInput={(event) => change(index, { from: event.currentTarget.value })} />
            </label>
            <label class="field">
              <span>{t('tariffs.until')}</span>
              <input type="time" required value={window.until} onInput={(event) => change(index, { until: event.currentTarget.value })} />
            </label>
            <label class="field">
              <span>{t('tariffs.energy')}</span>
              <input
                inputMode="decimal"
                required
                value={window.energy}
                onInput={(event) => change(index, { energy: event.currentTarget.value })}
              />
            </label>
            <button
              type="button"
              class="button button-quiet"
              onClick={() => onChange({ ...simple, windows: simple.windows.filter((_, at) => at !== index) })}
            >
              {t('tariffs.window.remove')}
            </button>
          </div>
        ))}
        <button
          type="button"
          class="button"
          onClick={() => onChange({ ...simple, windows: [...simple.windows, { from: '22:00', until: '06:00', energy: '' }] })}
        >
          {t('tariffs.window.add')}
        </button>
      </fieldset>
    </>
  )
}
