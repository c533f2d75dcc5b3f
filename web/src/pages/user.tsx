/** One user: name and zone, roles one may give, activity, a new password, and what happened to the account. */
import { useEffect, useState } from 'preact/hooks'
import { patch } from '../api.ts'
import { useCell } from '../cell.ts'
import { heading } from '../heading.ts'
import { session } from '../live.ts'
import { AuditTable } from '../parts/audit-table.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Submit, useSending } from '../parts/form.tsx'
import { Profile } from '../parts/profile.tsx'
import { Failure, Pending } from '../parts/state.tsx'
import { useResource, useWhole } from '../resource.ts'
import type { PageProps } from '../route.ts'
import { useWords } from '../words.ts'
import { type Account, invites, type Person, type RoleOf, readsLogs } from './people.ts'

export function UserPage({ subject = '', route }: PageProps) {
  const { t } = useWords()
  const who = useCell(session)
  const [version, setVersion] = useState(0)
  const path = `/api/v3_0/users/${encodeURIComponent(subject)}`
  const { data: person, error, reload } = useWhole<Person>(path, version)
  const account = useWhole<Account>(person ? `/api/v3_0/accounts/${person.account_id}` : null).data
  useEffect(() => heading.set(person?.username ?? ''), [person?.username])
  if (who.state !== 'in') return null
  if (!person) return <Pending error={error} retry={reload} />
  const self = person.id === who.user.id
  const changes = self || invites(who.user)
  const again = () => setVersion(version + 1)
  return (
    <div class="page page-narrow">
      <p class="crumbs">
        <a href="/admin/users">{t('users.title')}</a>
      </p>
      <div class="page-head">
        <h1>
          {person.username}
          {account && <span class="page-head-more">{account.name}</span>}
        </h1>
        {!person.active && <span class="rung">{t('users.inactive')}</span>}
      </div>
      {changes && <Profile key={person.id} person={person} onDone={again} />}
      {!self && changes && <Rights person={person} path={path} version={version} onDone={again} />}
      {!changes && <Facts person={person} />}
      {(self || readsLogs(who.user)) && (
        <section class="card" aria-labelledby="user-log">
          <h2 id="user-log">{t('audit.title')}</h2>
          <AuditTable path={`${path}/auditlog`} query={route.query} version={version} />
        </section>
      )}
    </div>
  )
}

/** What a colleague may see of a user. */
function Facts({ person }: { person: Person }) {
  const { t } = useWords()
  return (
    <section class="card" aria-labelledby="user-facts">
      <h2 id="user-facts">{t('users.profile')}</h2>
      <dl class="facts">
        <div>
          <dt>{t('users.email')}</dt>
          <dd>{person.email}</dd>
        </div>
        <div>
          <dt>{t('users.zone')}</dt>
          <dd>{person.timezone.replace(/_/g, ' ')}</dd>
        </div>
      </dl>
    </section>
  )
}

function Rights({ person, path, version, onDone }: { person: Person; path: string; version: number; onDone: () => void }) {
  const { t } = useWords()
  const roles = useResource<RoleOf[]>(`/users/${person.id}/roles`, version)
  const sending = useSending()
  const [chosen, setChosen] = useState<ReadonlySet<number> | null>(null)
  const [asked, setAsked] = useState<'password' | 'activity' | null>(null)
  const now = chosen ?? new Set(roles.data?.filter((role) => role.has).map((role) => role.id))
  return (
    <section class="card" aria-labelledby="user-rights">
      <h2 id="user-rights">{t('users.rights')}</h2>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          if (!(await sending.send(() => patch(path, { flexmeasures_roles: [...now] }), t('form.saved')))) return
          setChosen(null)
          onDone()
        }}
      >
        <fieldset class="choices choices-list">
          <legend>{t('users.roles')}</legend>
          {roles.data?.map((role) => (
            <label key={role.id} class="choice">
              <input
                type="checkbox"
                disabled={!role.mayChange}
                checked={now.has(role.id)}
                onChange={(event) => {
                  const next = new Set(now)
                  if (event.currentTarget.checked) next.add(role.id)
                  else next.delete(role.id)
                  setChosen(next)
                }}
              />
              <span>
                {t.code('role', role.name)}
                <span class="muted small block">{t.code('role.may', role.name)}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {roles.error && <Failure error={roles.error} retry={roles.reload} />}
        <Submit sending={sending} label={t('users.roles.save')} />
      </form>
      <div class="buttons buttons-apart">
        <button type="button" class="button" onClick={() => setAsked('password')}>
          {t('users.password')}
        </button>
        <button type="button" class="button" onClick={() => setAsked('activity')}>
          {t(person.active ? 'users.deactivate' : 'users.activate')}
        </button>
      </div>
      {asked === 'password' && (
        <Confirm
          title={t('users.password')}
          label={t('users.password.do')}
          done={t('users.password.done', { email: person.email })}
          act={() => patch(`${path}/password-reset`, {})}
          onClose={(done) => {
            setAsked(null)
            if (done) onDone()
          }}
        >
          <p>{t('users.password.what', { email: person.email })}</p>
        </Confirm>
      )}
      {asked === 'activity' && (
        <Confirm
          title={t(person.active ? 'users.deactivate' : 'users.activate')}
          label={t(person.active ? 'users.deactivate' : 'users.activate')}
          done={t('form.saved')}
          act={() => patch(path, { active: !person.active })}
          onClose={(done) => {
            setAsked(null)
            if (done) onDone()
          }}
        >
          <p>{t(person.active ? 'users.deactivate.what' : 'users.activate.what', { name: person.username })}</p>
        </Confirm>
      )}
    </section>
  )
}
