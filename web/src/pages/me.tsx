/** Oneself: name and zone, how things are shown, password and second factor, tokens, and the way out. */
import { useState } from 'preact/hooks'
import { Refusal, remove } from '../api.ts'
import { useCell } from '../cell.ts'
import { session, site, whoAmI } from '../live.ts'
import { Icon } from '../parts/icon.tsx'
import { LookChoices } from '../parts/look-choices.tsx'
import { OwnPassword } from '../parts/own-password.tsx'
import { OwnTokens } from '../parts/own-tokens.tsx'
import { Profile } from '../parts/profile.tsx'
import { Failure, Pending } from '../parts/state.tsx'
import { useWhole } from '../resource.ts'
import type { User } from '../wire.ts'
import { useWords } from '../words.ts'
import type { Person } from './people.ts'
import '../style/people.css'

export function Me() {
  const { t } = useWords()
  const who = useCell(session)
  const place = useCell(site)
  if (who.state !== 'in') return null
  const { user } = who
  return (
    <div class="page">
      <div class="page-head">
        <h1>
          {user.username}
          <span class="page-head-more">{t('me.title')}</span>
        </h1>
        <Leave />
      </div>
      <div class="columns">
        <div class="stack">
          <Who user={user} />
          <Own user={user} />
          <LookChoices />
        </div>
        <div class="stack">
          <OwnPassword />
          <OwnTokens />
          <section class="card" aria-labelledby="settings-about">
            <h2 id="settings-about">{t('settings.about')}</h2>
            <p>
              {place?.platformName ?? 'Cariflex'} {place?.version}
            </p>
            <p class="muted small">{t('settings.licence')}</p>
          </section>
        </div>
      </div>
    </div>
  )
}

function Who({ user }: { user: User }) {
  const { t } = useWords()
  return (
    <section class="card" aria-labelledby="settings-who">
      <h2 id="settings-who">{t('settings.who')}</h2>
      <dl class="facts">
        <div>
          <dt>{t('users.email')}</dt>
          <dd>{user.email}</dd>
        </div>
        <div>
          <dt>{t('settings.organisation')}</dt>
          <dd>
            <a href={`/admin/accounts/${user.account.id}`}>{user.account.name}</a>
          </dd>
        </div>
        <div>
          <dt>{t('settings.roles')}</dt>
          <dd>
            {user.roles.length === 0 ? t('settings.roles.none') : user.roles.map((role) => t.code('role', role)).join(', ')}
            {user.roles.map((role) => (
              <span key={role} class="muted small block">
                {t.code('role.may', role)}
              </span>
            ))}
          </dd>
        </div>
        <div>
          <dt>{t('me.factor')}</dt>
          <dd>{t(user.secondFactor === 'mail' ? 'me.factor.mail' : 'me.factor.none')}</dd>
        </div>
        <div>
          <dt>{t('me.mails')}</dt>
          <dd>
            <a href="/ops/alarms">{t('me.mails.choose')}</a>
          </dd>
        </div>
      </dl>
    </section>
  )
}

function Own({ user }: { user: User }) {
  const { data, error, reload } = useWhole<Person>(`/api/v3_0/users/${user.id}`)
  if (!data) return <Pending error={error} retry={reload} />
  return <Profile person={data} own onDone={() => void whoAmI()} />
}

function Leave() {
  const { t } = useWords()
  const [error, setError] = useState<Refusal | null>(null)
  const leave = async () => {
    try {
      await remove('/session')
      session.set({ state: 'none' })
    } catch (failure) {
      if (!(failure instanceof Refusal)) throw failure
      setError(failure)
    }
  }
  return (
    <div class="page-head-do">
      <button type="button" class="button" onClick={() => void leave()}>
        <Icon name="out" /> {t('settings.leave')}
      </button>
      {error && <Failure error={error} />}
    </div>
  )
}
