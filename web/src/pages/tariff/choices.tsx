/** Where which tariff holds: everywhere, at a station, at one of its places, for a badge; the narrowest decides. */
import { useState } from 'preact/hooks'
import { put } from '../../api.ts'
import type { TariffChoice } from '../../charging-wire.ts'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { Failure } from '../../parts/state.tsx'
import { useWords } from '../../words.ts'

const SCOPES = ['all', 'station', 'evse', 'token'] as const

interface Props {
  choices: TariffChoice[]
  tariffs: string[]
  may: boolean
  onChange: () => void
}

export function Choices({ choices, tariffs, may, onChange }: Props) {
  const { t } = useWords()
  const taking = useSending()
  const sending = useSending()
  const [scope, setScope] = useState<TariffChoice['scope']>('all')
  const [key, setKey] = useState('')
  const [tariff, setTariff] = useState(tariffs[0] ?? '')
  const choose = (choice: TariffChoice) => put('/tariff-choices', choice)
  return (
    <section class="card" aria-labelledby="tariff-choices">
      <h2 id="tariff-choices">{t('tariffs.where')}</h2>
      <p class="muted small">{t('tariffs.where.lead')}</p>
      {choices.length === 0 ? (
        <p class="empty">{t('tariffs.where.none')}</p>
      ) : (
        <table class="table">
          <caption class="unseen">{t('tariffs.where')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('tariffs.place')}</th>
              <th scope="col">{t('tariffs.tariff')}</th>
              {may && (
                <th scope="col">
                  <span class="unseen">{t('badges.do')}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {choices.map((choice) => (
              <tr key={`${choice.scope}${choice.key}`}>
                <th scope="row" class="break">
                  {t.code('tariffs.scope', choice.scope)} {choice.key}
                </th>
                <td class="break">{choice.tariff}</td>
                {may && (
                  <td>
                    <button
                      type="button"
                      class="button button-quiet"
                      disabled={taking.busy}
                      aria-label={t('tariffs.release.this', { place: `${t.code('tariffs.scope', choice.scope)} ${choice.key}`.trim() })}
                      onClick={async () => {
                        if (await taking.send(() => choose({ ...choice, tariff: null }), t('tariffs.released'))) onChange()
                      }}
                    >
                      {t('tariffs.release')}
                    </button>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {taking.error && <Failure error={taking.error} />}
      {may && tariffs.length > 0 && (
        <form
          class="form tariff-choose"
          onSubmit={async (event) => {
            event.preventDefault()
            const choice = { scope, key: scope === 'all' ? '' : key.trim(), tariff: tariff || tariffs[0]! }
            if (await sending.send(() => choose(choice), t('form.saved'))) onChange()
          }}
        >
          <div class="row token-fields">
            <Field label={t('tariffs.place')}>
              {(input) => (
                <select {...input} value={scope} onChange={(event) => setScope(event.currentTarget.value as TariffChoice['scope'])}>
                  {SCOPES.map((each) => (
                    <option key={each} value={each}>
                      {t.code('tariffs.scope', each)}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            {scope !== 'all' && (
              <Field label={t.code('tariffs.key', scope)}>
                {(input) => (
                  <input {...input} required maxLength={100} value={key} onInput={(event) => setKey(event.currentTarget.value)} />
                )}
              </Field>
            )}
            <Field label={t('tariffs.tariff')}>
              {(input) => (
                <select {...input} value={tariff} onChange={(event) => setTariff(event.currentTarget.value)}>
                  {tariffs.map((each) => (
                    <option key={each}>{each}</option>
                  ))}
                </select>
              )}
            </Field>
          </div>
          <Submit sending={sending} label={t('tariffs.choose')} />
        </form>
      )}
    </section>
  )
}
