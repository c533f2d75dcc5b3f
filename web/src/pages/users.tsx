/** Users one may read: found by name, email or account; invited with a letter. */
import { useState } from 'preact/hooks'
import { post } from '../api.ts'
import { useCell } from '../cell.ts'
import { session } from '../live.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Field, Submit, useSending } from '../parts/form.tsx'
import { PagedTable } from '../parts/paged-table.tsx'
import { useWhole } from '../resource.ts'
import { go, type PageProps, refine } from '../route.ts'
import { useWords } from '../words.ts'
import { type Account, invites, isAdmin, type Person } from './people.ts'

export function Users({ route }: PageProps) {
  const { t, f } = useWords()
  const who = useCell(session)
  const [inviting, setInviting] = useState(false)
  const account = route.query['account']
  if (who.state !== 'in') return null
  const rolesOf = (row: Person) => row.flexmeasures_roles.map((role) => t.code('role', String(role))).join(', ')
  const seen = (at: string | null) => (at === null ? t('users.never') : f.moment(Date.parse(at)))
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('users.title')}</h1>
        {invites(who.user) && (
          <button type="button" class="button button-main page-head-do" onClick={() => setInviting(true)}>
            {t('users.invite')}
          </button>
        )}
      </div>
      <section class="card" aria-label={t('users.title')}>
        <PagedTable<Person>
          path="/api/v3_0/users"
          extra={{ account, 'include-inactive': route.query['all'] ? 'true' : undefined }}
          query={route.query}
          caption={t('users.caption')}
          empty={t('users.empty')}
          keyOf={(row) => row.id}
          columns={[
            {
              head: t('users.name'),
              sort: 'username',
              cell: (row) => (
                <a class="row-link" href={`/admin/users/${row.id}`}>
                  <span>
                    {row.username}
                    <span class="muted small block break">{row.email}</span>
                    <span class="narrow small block light-weight">{rolesOf(row)}</span>
                    {!row.active && <span class="rung">{t('users.inactive')}</span>}
                  </span>
                </a>
              ),
            },
            { head: t('users.account'), wide: true, cell: (row) => row.account?.name ?? '–' },
            { head: t('users.roles'), wide: true, cell: (row) => rolesOf(row) || '–' },
            { head: t('users.seen'), sort: 'lastSeen', wide: true, cell: (row) => seen(row.last_seen_at) },
          ]}
        >
          <label class="choice">
            <input
              type="checkbox"
              checked={Boolean(route.query['all'])}
              onChange={(event) => refine({ all: event.currentTarget.checked ? '1' : undefined, page: undefined })}
            />
            <span>{t('users.all')}</span>
          </label>
        </PagedTable>
      </section>
      {inviting && <Invitation chooses={isAdmin(who.user)} own={who.user.account} onClose={() => setInviting(false)} />}
    </div>
  )
}

function Invitation({ chooses, own, onClose }: { chooses: boolean; own: { id: number; name: string }; onClose: () => void }) {
  const { t } = useWords()
  const accounts = useWhole<Account[]>('/api/v3_0/accounts').data ?? []
  const sending = useSending()
  const [body, setBody] = useState({ email: '', username: '', account_id: own.id })
  return (
    <Dialog title={t('users.invite')} onClose={onClose}>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          let made: unknown
          const act = async () => {
            made = await post('/api/v3_0/users', body)
          }
          if (await sending.send(act, t('users.invited', { email: body.email }))) go(`/admin/users/${(made as Person).id}`)
        }}
      >
        <Field label={t('users.email')} hint={t('users.email.hint')} error={sending.of('email')}>
          {(input) => (
            <input
              {...input}
              type="email"
              required
              value={body.email}
              onInput={(event) => setBody({ ...body, email: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label={t('users.username')} error={sending.of('username')}>
          {(input) => (
            <input
              {...input}
              required
              value={body.username}
              onInput={(event) => setBody({ ...body, username: event.currentTarget.value })}
            />
          )}
        </Field>
        {(chooses || accounts.length > 1) && (
          <Field label={t('users.account')} error={sending.of('account_id')}>
            {(input) => (
              <select
                {...input}
                value={body.account_id}
                onChange={(event) => setBody({ ...body, account_id: Number(event.currentTarget.value) })}
              >
                {(accounts.length > 0 ? accounts : [own]).map((account) => (
                  <option key={account.id} value={account.id}>
                    {account.name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Submit sending={sending} label={t('users.invite.do')} />
      </form>
    </Dialog>
  )
}
