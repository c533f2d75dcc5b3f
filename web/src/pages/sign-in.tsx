/** Sign-in: says what to type, and where the demonstration wrote it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { call, post, Refusal } from '../api.ts'
import { useCell } from '../cell.ts'
import { session, whoAmI } from '../live.ts'
import { Field, Submit, useSending } from '../parts/form.tsx'
import { Icon } from '../parts/icon.tsx'
import { Failure } from '../parts/state.tsx'
import { choose, settings } from '../settings.ts'
import type { User } from '../wire.ts'
import { useWords } from '../words.ts'

export function SignIn() {
  const { t, said } = useWords()
  const { language } = useCell(settings)
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Refusal | null>(null)
  /** A second factor is demanded: what the code that was mailed is sent with. */
  const [ticket, setTicket] = useState<string | null>(null)

  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      const body = (await call('POST', '/session', { email: email.trim(), password })) as { user?: User; ticket?: string }
      if (body?.ticket) {
        setTicket(body.ticket)
        setBusy(false)
      } else if (body?.user) session.set({ state: 'in', user: body.user })
      else await whoAmI()
    } catch (failure) {
      if (!(failure instanceof Refusal)) throw failure
      setError(failure)
      setBusy(false)
    }
  }
  if (ticket !== null) return <SecondFactor ticket={ticket} email={email.trim()} onBack={() => setTicket(null)} />
  const wrong = error?.status === 401 || error?.status === 403 || error?.status === 422
  return (
    <div class="signin">
      <h1>{t('signin.title')}</h1>
      <p>{t('signin.lead')}</p>
      <form class="card form" onSubmit={submit}>
        <label class="field">
          <span>{t('signin.email')}</span>
          <input
            type="email"
            name="email"
            autocomplete="username"
            required
            value={email}
            aria-invalid={wrong}
            aria-describedby={error ? 'signin-error' : undefined}
            onInput={(event) => setEmail(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{t('signin.password')}</span>
          <input
            type="password"
            name="password"
            autocomplete="current-password"
            required
            value={password}
            aria-invalid={wrong}
            aria-describedby={error ? 'signin-error' : undefined}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </label>
        {error && (
          <p class="field-error" id="signin-error" role="alert">
            <Icon name="alert" size={18} />{' '}
            {error.code === 'unreachable'
              ? `${t('state.unreachable')} ${t('state.unreachable.hint')}`
              : wrong
                ? t('signin.wrong')
                : said(`${error.message} ${error.hint ?? ''}`.trim())}
          </p>
        )}
        <button type="submit" class="button button-main" disabled={busy}>
          {busy ? t('signin.busy') : t('signin.go')}
        </button>
      </form>
      <Forgotten email={email} />
      <section class="notice" aria-labelledby="signin-how">
        <Icon name="info" />
        <div>
          <h2 id="signin-how" class="strong plain-heading">
            {t('signin.how.title')}
          </h2>
          <p>{t('signin.how.text')}</p>
          <p>
            {t('signin.how.lost')} <code>npx cariflex user add --help</code>
          </p>
        </div>
      </section>
      <p>
        <button
          type="button"
          class="button button-quiet"
          lang={language === 'fr' ? 'en' : 'fr'}
          onClick={() => choose({ language: language === 'fr' ? 'en' : 'fr' })}
        >
          {language === 'fr' ? 'English' : 'Français'}
        </button>
      </p>
    </div>
  )
}

/** The code that came by mail; good once and for ten minutes. */
function SecondFactor({ ticket, email, onBack }: { ticket: string; email: string; onBack: () => void }) {
  const { t } = useWords()
  const sending = useSending()
  const [code, setCode] = useState('')
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  return (
    <div class="signin">
      <h1>{t('signin.code.title')}</h1>
      <p>{t('signin.code.lead', { email })}</p>
      <form
        class="card form"
        onSubmit={async (event) => {
          event.preventDefault()
          await sending.send(async () => {
            const { user } = (await post('/session/code', { ticket, code: code.trim() })) as { user: User }
            session.set({ state: 'in', user })
          })
        }}
      >
        <Field label={t('signin.code')} error={sending.error?.code === 'wrong-code' ? t('signin.code.wrong') : undefined}>
          {(field) => (
            <input
              {...field}
              ref={input}
              name="code"
              inputMode="numeric"
              autocomplete="one-time-code"
              maxLength={20}
              required
              value={code}
              onInput={(event) => setCode(event.currentTarget.value)}
            />
          )}
        </Field>
        {sending.error && sending.error.code !== 'wrong-code' && <Failure error={sending.error} />}
        <div class="buttons">
          <button type="submit" class="button button-main" disabled={sending.busy}>
            {sending.busy ? t('signin.busy') : t('signin.go')}
          </button>
          <button type="button" class="button" onClick={onBack}>
            {t('signin.code.back')}
          </button>
        </div>
      </form>
    </div>
  )
}

/** Asks for a letter with a link; the answer is the same whether the user exists or not. */
function Forgotten({ email }: { email: string }) {
  const { t } = useWords()
  const sending = useSending()
  const [typed, setTyped] = useState<string | null>(null)
  const [sent, setSent] = useState(false)
  return (
    <details class="fold">
      <summary>{t('password.forgotten')}</summary>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          setSent(await sending.send(() => post('/password-reset', { email: (typed ?? email).trim() }), t('password.sent')))
        }}
      >
        <Field label={t('password.email')} hint={t('password.forgotten.hint')}>
          {(input) => (
            <input {...input} type="email" required value={typed ?? email} onInput={(event) => setTyped(event.currentTarget.value)} />
          )}
        </Field>
        <Submit sending={sending} label={t('password.send')} />
        <p class="done">{sent ? t('password.sent') : ''}</p>
      </form>
    </details>
  )
}
