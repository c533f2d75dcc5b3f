/** Name, e-mail and time zone of a user: one's own or another's. */
import { useState } from 'preact/hooks'
import { patch } from '../api.ts'
import type { Person } from '../pages/people.ts'
import { useWords } from '../words.ts'
import { Field, Submit, useSending } from './form.tsx'

/** `own`: whoever signs in may not lock themselves out by a slip, so the e-mail is shown, and changed by who manages the users. */
export function Profile({ person, own = false, onDone }: { person: Person; own?: boolean; onDone: () => void }) {
  const { t } = useWords()
  const sending = useSending()
  const [body, setBody] = useState({ username: person.username, email: person.email, timezone: person.timezone })
  const [done, setDone] = useState(false)
  const change = (part: Partial<typeof body>) => {
    setDone(false)
    setBody({ ...body, ...part })
  }
  return (
    <section class="card" aria-labelledby="user-profile">
      <h2 id="user-profile">{t('users.profile')}</h2>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          const { email, ...rest } = body
          const changed = own ? rest : { email, ...rest }
          if (!(await sending.send(() => patch(`/api/v3_0/users/${person.id}`, changed), t('form.saved')))) return
          setDone(true)
          onDone()
        }}
      >
        <Field label={t('users.username')} error={sending.of('username')}>
          {(input) => (
            <input {...input} required value={body.username} onInput={(event) => change({ username: event.currentTarget.value })} />
          )}
        </Field>
        {!own && (
          <Field label={t('users.email')} error={sending.of('email')}>
            {(input) => (
              <input
                {...input}
                type="email"
                required
                value={body.email}
                onInput={(event) => change({ email: event.currentTarget.value })}
              />
            )}
          </Field>
        )}
        <Field label={t('users.zone')} hint={t(own ? 'me.zone.hint' : 'users.zone.hint')} error={sending.of('timezone')}>
          {(input) => (
            <select {...input} value={body.timezone} onChange={(event) => change({ timezone: event.currentTarget.value })}>
              {zonesWith(body.timezone).map((zone) => (
                <option key={zone} value={zone}>
                  {zone.replace(/_/g, ' ')}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Submit sending={sending} label={t('form.save')} />
      </form>
      <p class="done">{done ? t('form.saved') : ''}</p>
    </section>
  )
}

/** Every zone the browser knows, the one in use among them. */
const zonesWith = (own: string): string[] => [...new Set([...Intl.supportedValuesOf('timeZone'), 'UTC', own])].sort()
