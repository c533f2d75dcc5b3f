/** A password chosen with the link of a letter: the token stands behind the # of the address, so that no server logs it. */
import { useState } from 'preact/hooks'
import { post } from '../api.ts'
import { useCell } from '../cell.ts'
import { session } from '../live.ts'
import { Field, Submit, useSending } from '../parts/form.tsx'
import { Empty } from '../parts/state.tsx'
import { go } from '../route.ts'
import { useWords } from '../words.ts'

export function PasswordPage() {
  const { t } = useWords()
  const who = useCell(session)
  const [token] = useState(() => location.hash.slice(1))
  const sending = useSending()
  const [password, setPassword] = useState('')
  const [chosen, setChosen] = useState(false)
  if (chosen)
    return (
      <Empty title={t('password.done')}>
        <a class="button button-main" href="/ops">
          {t('password.signin')}
        </a>
      </Empty>
    )
  return (
    <div class="signin">
      <h1>{t('password.title')}</h1>
      {token === '' ? (
        <Empty title={t('password.nolink')}>
          <p>{t('password.nolink.next')}</p>
          <a class="button" href="/ops">
            {t('password.signin')}
          </a>
        </Empty>
      ) : (
        <form
          class="card form"
          onSubmit={async (event) => {
            event.preventDefault()
            if (!(await sending.send(() => post('/password', { token, password }), t('password.done')))) return
            if (who.state === 'in') session.set({ state: 'none' })
            go('/password', { replace: true })
            setChosen(true)
          }}
        >
          <Field label={t('password.new')} hint={t('password.rule')} error={sending.of('password')}>
            {(input) => (
              <input
                {...input}
                type="password"
                autocomplete="new-password"
                minLength={8}
                required
                value={password}
                onInput={(event) => setPassword(event.currentTarget.value)}
              />
            )}
          </Field>
          <Submit sending={sending} label={t('password.choose')} />
        </form>
      )}
    </div>
  )
}
