/** One account: name, colours, logo, who advises it; its users and what happened to it. */
import { useEffect, useState } from 'preact/hooks'
import { patch } from '../api.ts'
import { useCell } from '../cell.ts'
import { heading } from '../heading.ts'
import { session, whoAmI } from '../live.ts'
import { AuditTable } from '../parts/audit-table.tsx'
import { Field, Submit, useSending } from '../parts/form.tsx'
import { Pending } from '../parts/state.tsx'
import { useWhole } from '../resource.ts'
import type { PageProps } from '../route.ts'
import { accentOf, logoOf, rgbOf } from '../theming.ts'
import { useWords } from '../words.ts'
import { AccountNotices } from './notices.tsx'
import { type Account, invites, isAdmin, readsLogs } from './people.ts'
import '../style/people.css'

export function AccountPage({ subject = '', route }: PageProps) {
  const { t } = useWords()
  const who = useCell(session)
  const [version, setVersion] = useState(0)
  const path = `/api/v3_0/accounts/${encodeURIComponent(subject)}`
  const { data: account, error, reload } = useWhole<Account>(path, version)
  useEffect(() => heading.set(account?.name ?? ''), [account?.name])
  if (who.state !== 'in') return null
  if (!account) return <Pending error={error} retry={reload} />
  return (
    <div class="page page-narrow">
      <p class="crumbs">
        <a href="/admin/accounts">{t('accounts.title')}</a>
      </p>
      <div class="page-head">
        <h1>{account.name}</h1>
        <a class="button page-head-do" href={`/admin/users?account=${account.id}`}>
          {t('accounts.see.users')}
        </a>
      </div>
      <Face
        key={account.id}
        account={account}
        path={path}
        admin={isAdmin(who.user)}
        may={invites(who.user) || (who.user.account.id === account.id && !who.user.roles.includes('admin-reader'))}
        onDone={() => {
          setVersion(version + 1)
          // What is worn in the shell comes with the session.
          void whoAmI()
        }}
      />
      <AccountNotices account={account.id} may={invites(who.user)} />
      {readsLogs(who.user) && (
        <section class="card" aria-labelledby="account-log">
          <h2 id="account-log">{t('audit.title')}</h2>
          <AuditTable path={`${path}/auditlog`} query={route.query} version={version} />
        </section>
      )}
    </div>
  )
}

function Face({
  account,
  path,
  admin,
  may,
  onDone,
}: {
  account: Account
  path: string
  admin: boolean
  /** Those of another organisation only look. */
  may: boolean
  onDone: () => void
}) {
  const { t } = useWords()
  const sending = useSending()
  const others = (useWhole<Account[]>(admin ? '/api/v3_0/accounts' : null).data ?? []).filter((each) => each.id !== account.id)
  const [body, setBody] = useState({
    name: account.name,
    primary_color: account.primary_color,
    secondary_color: account.secondary_color,
    logo_url: account.logo_url,
    consultancy_account_id: account.consultancy_account_id,
  })
  if (!may) return <Shown account={account} />
  const changed = Object.fromEntries(Object.entries(body).filter(([key, value]) => account[key as keyof typeof body] !== value))
  return (
    <section class="card" aria-labelledby="account-face">
      <h2 id="account-face">{t('accounts.face')}</h2>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          if (await sending.send(() => patch(path, changed), t('form.saved'))) onDone()
        }}
      >
        <div class="form">
          <Field label={t('accounts.name')} error={sending.of('name')}>
            {(input) => (
              <input {...input} required value={body.name} onInput={(event) => setBody({ ...body, name: event.currentTarget.value })} />
            )}
          </Field>
          {(['primary_color', 'secondary_color'] as const).map((which) => (
            <Field key={which} label={t(`accounts.${which}`)} hint={t('accounts.color.hint')} error={sending.of(which)}>
              {(input) => (
                <div class="colour">
                  <input
                    type="color"
                    aria-label={t('accounts.color.pick', { which: t(`accounts.${which}`) })}
                    value={body[which] ?? '#006bb0'}
                    onInput={(event) => setBody({ ...body, [which]: event.currentTarget.value })}
                  />
                  <input
                    {...input}
                    placeholder="#1a6fb0"
                    value={body[which] ?? ''}
                    onInput={(event) => setBody({ ...body, [which]: event.currentTarget.value.trim() || null })}
                  />
                </div>
              )}
            </Field>
          ))}
          <Field label={t('accounts.logo')} hint={t('accounts.logo.hint')} error={sending.of('logo_url')}>
            {(input) => (
              <input
                {...input}
                type="url"
                value={body.logo_url ?? ''}
                onInput={(event) => setBody({ ...body, logo_url: event.currentTarget.value.trim() || null })}
              />
            )}
          </Field>
          <Preview primary={body.primary_color} secondary={body.secondary_color} logo={body.logo_url} />
          {admin && (
            <Field label={t('accounts.consultancy')} hint={t('accounts.consultancy.hint')} error={sending.of('consultancy_account_id')}>
              {(input) => (
                <select
                  {...input}
                  value={body.consultancy_account_id ?? ''}
                  onChange={(event) => setBody({ ...body, consultancy_account_id: Number(event.currentTarget.value) || null })}
                >
                  <option value="">{t('accounts.consultancy.none')}</option>
                  {others.map((each) => (
                    <option key={each.id} value={each.id}>
                      {each.name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          )}
          <Submit sending={sending} label={t('form.save')} />
        </div>
      </form>
    </section>
  )
}

/** The same for those who only look. */
function Shown({ account }: { account: Account }) {
  const { t } = useWords()
  const { primary_color: primary, secondary_color: secondary, logo_url: logo } = account
  const facts = [
    [t('accounts.name'), account.name],
    [t('accounts.primary_color'), primary],
    [t('accounts.secondary_color'), secondary],
    [t('accounts.logo'), logo],
  ] as const
  return (
    <section class="card" aria-labelledby="account-face">
      <h2 id="account-face">{t('accounts.face')}</h2>
      <dl class="facts">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd class="break">{value ?? '–'}</dd>
          </div>
        ))}
      </dl>
      <Preview primary={primary} secondary={secondary} logo={logo} />
    </section>
  )
}

const SAMPLES = {
  light: { card: '#ffffff', ink: '#161b22' },
  dark: { card: '#161e2c', ink: '#eef2f8' },
} as const

/** How the colours will look where they are used, in both themes, after they were moved until they can be read. */
function Preview({ primary, secondary, logo }: { primary: string | null; secondary: string | null; logo: string | null }) {
  const { t } = useWords()
  const picture = logoOf({ logoUrl: logo })
  const band = [secondary, primary].find((colour) => colour && rgbOf(colour)) ?? 'transparent'
  if (!(primary && rgbOf(primary)) && band === 'transparent' && !picture) return null
  return (
    <fieldset class="choices face-preview">
      <legend>{t('accounts.preview')}</legend>
      {(['light', 'dark'] as const).map((theme) => {
        const accent = accentOf(primary ?? '', theme) ?? accentOf('#0067a5', theme)!
        const moved = primary !== null && rgbOf(primary) && rgbOf(primary)!.join() !== rgbOf(accent.accent)!.join()
        return (
          <div
            key={theme}
            class="face-sample"
            style={{
              '--sample-card': SAMPLES[theme].card,
              '--sample-ink': SAMPLES[theme].ink,
              '--sample-band': band,
              '--sample-accent': accent.accent,
              '--sample-on': accent.onAccent,
            }}
          >
            {picture ? <img class="brand-logo" src={picture} alt="" referrerpolicy="no-referrer" /> : null}
            <span class="strong">{t(`accounts.preview.${theme}`)}</span>
            <span class="sample-link">{t('accounts.preview.text')}</span>
            <span class="sample-button">{t('accounts.preview.button')}</span>
            {moved && <span class="small">{t('accounts.preview.moved', { colour: accent.accent })}</span>}
          </div>
        )
      })}
    </fieldset>
  )
}
