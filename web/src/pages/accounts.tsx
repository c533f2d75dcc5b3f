/** Accounts one may read: how many users and assets each has, and founding one. */
import { useState } from 'preact/hooks'
import { post } from '../api.ts'
import { useCell } from '../cell.ts'
import { session } from '../live.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Field, Submit, useSending } from '../parts/form.tsx'
import { PagedTable } from '../parts/paged-table.tsx'
import { go, type PageProps } from '../route.ts'
import { useWords } from '../words.ts'
import { type Account, isAdmin } from './people.ts'

export function Accounts({ route }: PageProps) {
  const { t } = useWords()
  const who = useCell(session)
  const [founding, setFounding] = useState(false)
  if (who.state !== 'in') return null
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('accounts.title')}</h1>
        {(isAdmin(who.user) || who.user.roles.includes('consultant')) && (
          <button type="button" class="button button-main page-head-do" onClick={() => setFounding(true)}>
            {t('accounts.found')}
          </button>
        )}
      </div>
      <section class="card" aria-label={t('accounts.title')}>
        <PagedTable<Account>
          path="/api/v3_0/accounts"
          query={route.query}
          caption={t('accounts.caption')}
          empty={t('accounts.empty')}
          keyOf={(row) => row.id}
          columns={[
            {
              head: t('accounts.name'),
              sort: 'name',
              cell: (row) => (
                <a class="row-link" href={`/admin/accounts/${row.id}`}>
                  {row.primary_color && <span class="swatch" style={{ '--swatch': row.primary_color }} aria-hidden="true" />}
                  <span>{row.name}</span>
                </a>
              ),
            },
            { head: t('accounts.roles'), wide: true, cell: (row) => row.account_roles.map((role) => role.name).join(', ') || '–' },
            { head: t('accounts.users'), sort: 'users', number: true, cell: (row) => row.user_count ?? 0 },
            { head: t('accounts.assets'), sort: 'assets', number: true, cell: (row) => row.asset_count ?? 0 },
          ]}
        />
      </section>
      {founding && <Founding onClose={() => setFounding(false)} />}
    </div>
  )
}

function Founding({ onClose }: { onClose: () => void }) {
  const { t } = useWords()
  const sending = useSending()
  const [name, setName] = useState('')
  return (
    <Dialog title={t('accounts.found')} onClose={onClose}>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          let made: unknown
          const act = async () => {
            made = await post('/api/v3_0/accounts', { name })
          }
          if (await sending.send(act, t('accounts.founded', { name }))) go(`/admin/accounts/${(made as Account).id}`)
        }}
      >
        <Field label={t('accounts.name')} error={sending.of('name')}>
          {(input) => <input {...input} required maxLength={100} value={name} onInput={(event) => setName(event.currentTarget.value)} />}
        </Field>
        <Submit sending={sending} label={t('accounts.found.do')} />
      </form>
    </Dialog>
  )
}
