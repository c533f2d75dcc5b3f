/** Which mails one gets when a wish cannot be kept: chosen for oneself, with the assets one watches. */
import { useEffect, useState } from 'preact/hooks'
import { put } from '../api.ts'
import { useCell } from '../cell.ts'
import { Field, Submit, useSending } from '../parts/form.tsx'
import { Icon } from '../parts/icon.tsx'
import { Failure, Pending } from '../parts/state.tsx'
import { useResource } from '../resource.ts'
import { useTree } from '../tree.ts'
import { useWords } from '../words.ts'

type Level = 'off' | 'asked' | 'account'
const LEVELS: readonly Level[] = ['off', 'asked', 'account']
interface Notices {
  mail: Level
  chosenBy: 'user' | 'account' | 'platform'
  language: 'fr' | 'en' | null
  assets: { id: number; name: string }[]
}

export function NoticesCard() {
  const { t } = useWords()
  const { data, error, reload } = useResource<Notices>('/notices')
  const tree = useCell(useTree()) ?? []
  const sending = useSending()
  const [done, setDone] = useState(false)
  const [mail, setMail] = useState<Level | ''>('')
  const [language, setLanguage] = useState('')
  const [watched, setWatched] = useState<{ id: number; name: string }[]>([])
  useEffect(() => {
    if (!data) return
    setMail(data.chosenBy === 'user' ? data.mail : '')
    setLanguage(data.language ?? '')
    setWatched(data.assets)
  }, [data])
  if (error?.status === 404) return null
  const touch = () => setDone(false)
  const save = () =>
    put('/notices', { ...(mail !== '' && { mail }), ...(language !== '' && { language }), assets: watched.map(({ id }) => id) })
  const others = tree.filter(({ id }) => !watched.some((one) => one.id === id))
  return (
    <section class="card" aria-labelledby="notices">
      <h2 id="notices">
        <Icon name="mail" size={20} /> {t('notice.title')}
      </h2>
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : (
        <form
          class="form"
          onInput={touch}
          onSubmit={async (event) => {
            event.preventDefault()
            if (await sending.send(save, t('form.saved'))) {
              setDone(true)
              reload()
            }
          }}
        >
          <p class="muted small">{t('notice.lead')}</p>
          <fieldset class="choices choices-list">
            <legend class="unseen">{t('notice.title')}</legend>
            {(['', ...LEVELS] as const).map((each) => (
              <label key={each} class="choice">
                <input type="radio" name="mail" checked={mail === each} onChange={() => setMail(each)} />
                <span>{each === '' ? t('notice.level.default') : t.code('notice.level', each)}</span>
              </label>
            ))}
          </fieldset>
          {mail !== 'off' && (
            <Field label={t('notice.watched')} hint={t('notice.watched.hint')}>
              {(input) => (
                <select
                  {...input}
                  value=""
                  onChange={(event) => {
                    const found = tree.find(({ id }) => String(id) === event.currentTarget.value)
                    if (found) setWatched([...watched, { id: found.id, name: found.name }])
                  }}
                >
                  <option value="">{t('notice.watch')}</option>
                  {others.map((line) => (
                    <option key={line.id} value={line.id}>
                      {line.name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          )}
          {mail !== 'off' && watched.length > 0 && (
            <ul class="plain chips">
              {watched.map((one) => (
                <li key={one.id} class="chip watched">
                  {one.name}
                  <button
                    type="button"
                    class="chip-remove"
                    aria-label={t('notice.unwatch', { name: one.name })}
                    onClick={() => {
                      touch()
                      setWatched(watched.filter(({ id }) => id !== one.id))
                    }}
                  >
                    <Icon name="refused" size={16} />
                  </button>
                </li>
              ))}
            </ul>
          )}
          {mail !== 'off' && (
            <Field label={t('notice.language')}>
              {(input) => (
                <select {...input} value={language} onChange={(event) => setLanguage(event.currentTarget.value)}>
                  <option value="">{t('notice.language.default')}</option>
                  <option value="fr">Français</option>
                  <option value="en">English</option>
                </select>
              )}
            </Field>
          )}
          <Submit sending={sending} label={t('form.save')} />
          <p class="done" role="status">
            {done ? t('form.saved') : ''}
          </p>
        </form>
      )}
    </section>
  )
}

/** What an organisation chooses for those of its users who chose nothing. `may`: whether one may change it. */
export function AccountNotices({ account, may }: { account: number; may: boolean }) {
  const { t } = useWords()
  const { data, error, reload } = useResource<{ mail: Level | null }>(`/accounts/${account}/notices`)
  const sending = useSending()
  const [done, setDone] = useState(false)
  // Refused, or a platform without it: nothing to show.
  if (!data && error && (error.status === 404 || error.status === 403)) return null
  const choose = async (mail: Level) => {
    if (await sending.send(() => put(`/accounts/${account}/notices`, { mail }), t('form.saved'))) {
      setDone(true)
      reload()
    }
  }
  return (
    <section class="card" aria-labelledby="account-notices">
      <h2 id="account-notices">
        <Icon name="mail" size={20} /> {t('notice.account')}
      </h2>
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : (
        <>
          <Field label={t('notice.account.who')} hint={t('notice.lead')}>
            {(input) => (
              <select
                {...input}
                disabled={!may || sending.busy}
                value={data.mail ?? 'asked'}
                onChange={(event) => void choose(event.currentTarget.value as Level)}
              >
                {LEVELS.map((each) => (
                  <option key={each} value={each}>
                    {t.code('notice.users', each)}
                  </option>
                ))}
              </select>
            )}
          </Field>
          {sending.error && <Failure error={sending.error} />}
          <p class="done" role="status">
            {done ? t('form.saved') : ''}
          </p>
        </>
      )}
    </section>
  )
}
