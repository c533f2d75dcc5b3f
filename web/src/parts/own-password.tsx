/** Changes the password of the signed-in user; all other sessions and tokens end. */
import { useState } from 'preact/hooks'
import { put } from '../api.ts'
import { useWords } from '../words.ts'
import { Field, Submit, useSending } from './form.tsx'

export function OwnPassword() {
  const { t } = useWords()
  const sending = useSending()
  const [old, setOld] = useState('')
  const [password, setPassword] = useState('')
  const [done, setDone] = useState(false)
  return (
    <section class="card" aria-labelledby="own-password">
      <h2 id="own-password">{t('password.own')}</h2>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          setDone(false)
          if (!(await sending.send(() => put('/password', { old, password }), t('password.changed')))) return
          setOld('')
          setPassword('')
          setDone(true)
        }}
      >
        <Field label={t('password.old')}>
          {(input) => (
            <input
              {...input}
              type="password"
              autocomplete="current-password"
              required
              value={old}
              onInput={(event) => setOld(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={t('password.new')} hint={t('password.rule')}>
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
        <Submit sending={sending} label={t('password.change')} />
      </form>
      <p class="done">{done ? t('password.changed') : ''}</p>
    </section>
  )
}
