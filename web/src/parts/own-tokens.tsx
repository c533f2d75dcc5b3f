/** What one is signed in with: browsers and programs, each of which can be shut out; a new token for a program, shown once. */
import { useState } from 'preact/hooks'
import { post, remove } from '../api.ts'
import { useResource } from '../resource.ts'
import { useWords } from '../words.ts'
import { Confirm } from './dialog.tsx'
import { Field, Submit, useSending } from './form.tsx'
import { Pending } from './state.tsx'

interface TokenLine {
  id: string
  kind: 'session' | 'token' | 'program'
  label: string | null
  createdAt: string
  expiresAt: string | null
  lastUsedAt: string | null
  own: boolean
}

/** Rows shown before one asks for all: every browser that signed in is one. */
const AT_FIRST = 6
const LIVES = ['30', '90', '365', ''] as const

export function OwnTokens() {
  const { t, f } = useWords()
  const [version, setVersion] = useState(0)
  const { data, error, reload } = useResource<TokenLine[]>('/tokens', version)
  const [fresh, setFresh] = useState<string | null>(null)
  const [ending, setEnding] = useState<TokenLine | null>(null)
  const [all, setAll] = useState(false)
  const nameOf = (line: TokenLine) => line.label ?? t.code('me.token', line.kind)
  return (
    <section class="card" aria-labelledby="own-tokens">
      <h2 id="own-tokens">{t('me.tokens')}</h2>
      <p class="muted small">{t('me.tokens.lead')}</p>
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : (
        <ul class="plain token-list">
          {data.slice(0, all ? undefined : AT_FIRST).map((line) => (
            <li key={line.id}>
              <div>
                <p>
                  <b>{nameOf(line)}</b>
                  {line.own && <span class="rung token-own">{t('me.token.own')}</span>}
                </p>
                <p class="muted small">
                  {line.label !== null && `${t.code('me.token', line.kind)} · `}
                  {t('me.token.made', { time: f.moment(Date.parse(line.createdAt)) })} ·{' '}
                  {line.lastUsedAt === null ? t('me.token.unused') : t('me.token.used', { time: f.moment(Date.parse(line.lastUsedAt)) })} ·{' '}
                  {line.expiresAt === null ? t('me.token.endless') : t('me.token.until', { time: f.moment(Date.parse(line.expiresAt)) })}
                </p>
              </div>
              {!line.own && (
                <button
                  type="button"
                  class="button"
                  aria-label={t('me.token.end.this', { name: nameOf(line) })}
                  onClick={() => setEnding(line)}
                >
                  {t('me.token.end')}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {data && data.length > AT_FIRST && !all && (
        <button type="button" class="button button-quiet" onClick={() => setAll(true)}>
          {t('me.tokens.more', { n: data.length - AT_FIRST })}
        </button>
      )}
      {fresh !== null && <Fresh token={fresh} onClose={() => setFresh(null)} />}
      <NewToken
        onMade={(token) => {
          setFresh(token)
          setVersion(version + 1)
        }}
      />
      {ending && (
        <Confirm
          title={t('me.token.end.this', { name: nameOf(ending) })}
          label={t('me.token.end')}
          done={t('me.token.ended')}
          act={() => remove(`/tokens/${ending.id}`)}
          onClose={(done) => {
            setEnding(null)
            if (done) setVersion(version + 1)
          }}
        >
          <p>{t(ending.kind === 'session' ? 'me.token.end.session' : 'me.token.end.program')}</p>
        </Confirm>
      )}
    </section>
  )
}

/** The token in the clear: this once, with how to use it. */
function Fresh({ token, onClose }: { token: string; onClose: () => void }) {
  const { t } = useWords()
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(token)
      setCopied(true)
    } catch {
      // Without a secure origin there is no clipboard: the text is selected by one tap instead.
      setCopied(false)
    }
  }
  return (
    <div class="notice token-fresh" role="status">
      <div>
        <p class="strong">{t('me.token.fresh')}</p>
        <p class="token-secret" data-token>
          <code>{token}</code>
        </p>
        <p class="muted small">{t('me.token.use')}</p>
        <pre class="small">{`curl -H 'Authorization: ${token}' ${location.origin}/api/v3_0/sensors`}</pre>
        <div class="buttons">
          <button type="button" class="button button-main" onClick={() => void copy()}>
            {t(copied ? 'me.token.copied' : 'me.token.copy')}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {t('me.token.kept')}
          </button>
        </div>
      </div>
    </div>
  )
}

function NewToken({ onMade }: { onMade: (token: string) => void }) {
  const { t } = useWords()
  const sending = useSending()
  const [label, setLabel] = useState('')
  const [days, setDays] = useState<string>('90')
  return (
    <form
      class="form token-new"
      onSubmit={async (event) => {
        event.preventDefault()
        let made: unknown
        const act = async () => {
          made = await post('/tokens', { label, ...(days === '' ? {} : { days: Number(days) }) })
        }
        if (!(await sending.send(act, t('me.token.made.done')))) return
        setLabel('')
        onMade((made as { token: string }).token)
      }}
    >
      <h3>{t('me.token.new')}</h3>
      <div class="row token-fields">
        <Field label={t('me.token.label')}>
          {(input) => (
            <input
              {...input}
              required
              maxLength={100}
              placeholder={t('me.token.label.example')}
              value={label}
              onInput={(event) => setLabel(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={t('me.token.days')}>
          {(input) => (
            <select {...input} value={days} onChange={(event) => setDays(event.currentTarget.value)}>
              {LIVES.map((life) => (
                <option key={life} value={life}>
                  {life === '' ? t('me.token.days.endless') : t('me.token.days.n', { n: life })}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <Submit sending={sending} label={t('me.token.make')} />
    </form>
  )
}
