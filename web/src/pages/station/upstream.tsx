/** The other CSMS of a station: where it is, whether the station is connected there, whose orders and whose badges count. */
import { useState } from 'preact/hooks'
import { put, remove } from '../../api.ts'
import { Confirm } from '../../parts/dialog.tsx'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { Pending, Stale } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { useWords } from '../../words.ts'

interface Terms {
  url: string
  connected: boolean
  /** How the last attempt to connect failed, while it is not connected. */
  fault?: string
  /** Messages that it has not heard yet. */
  waiting: number
  orders: boolean
  badges: 'theirs' | 'ours'
}

export function Upstream({ station, may, tick }: { station: string; may: boolean; tick: number }) {
  const { t } = useWords()
  const [version, setVersion] = useState(0)
  const [leaving, setLeaving] = useState(false)
  const path = `/stations/${encodeURIComponent(station)}/upstream`
  const { data, error, reload } = useResource<Terms | null>(path, `${version}/${tick}`)
  if (data === undefined) return <Pending error={error} retry={reload} />
  const again = () => setVersion((count) => count + 1)
  return (
    <div class="station">
      <section class="card" aria-labelledby="upstream">
        <h2 id="upstream">{t('upstream.title')}</h2>
        <Stale error={error} />
        {data ? <Standing terms={data} /> : <p class="empty">{t('upstream.none')}</p>}
        {may && data && (
          <button type="button" class="button" onClick={() => setLeaving(true)}>
            {t('upstream.leave')}
          </button>
        )}
      </section>
      {may && <TermsForm key={data?.url ?? ''} path={path} terms={data} onDone={again} />}
      {leaving && (
        <Confirm
          title={t('upstream.leave.this', { station })}
          label={t('upstream.leave')}
          done={t('upstream.left')}
          act={() => remove(path)}
          onClose={(done) => {
            setLeaving(false)
            if (done) again()
          }}
        >
          <p>{t('upstream.leave.what')}</p>
        </Confirm>
      )}
    </div>
  )
}

function Standing({ terms }: { terms: Terms }) {
  const { t } = useWords()
  const facts = [
    [t('upstream.orders'), t(terms.orders ? 'upstream.orders.through' : 'upstream.orders.held')],
    [t('upstream.badges'), t.code('upstream.badges', terms.badges)],
    [t('upstream.waiting'), t.count('upstream.messages', terms.waiting)],
  ] as const
  return (
    <>
      <p class="break">
        <code>{terms.url}</code> <b class={terms.connected ? 'good' : 'bad'}>{t(terms.connected ? 'link.on' : 'link.off')}</b>
      </p>
      {terms.fault && <p class="notice notice-alert break">{t('upstream.fault', { fault: terms.fault })}</p>}
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function TermsForm({ path, terms, onDone }: { path: string; terms: Terms | null; onDone: () => void }) {
  const { t } = useWords()
  const sending = useSending()
  const [url, setUrl] = useState(terms?.url ?? '')
  const [password, setPassword] = useState('')
  const [orders, setOrders] = useState(terms?.orders ?? true)
  const [badges, setBadges] = useState<Terms['badges']>(terms?.badges ?? 'theirs')
  const submit = async (event: Event) => {
    event.preventDefault()
    const body = { url: url.trim(), orders, badges, ...(password === '' ? {} : { password }) }
    if (await sending.send(() => put(path, body), t('form.saved'))) {
      setPassword('')
      onDone()
    }
  }
  return (
    <section class="card" aria-labelledby="upstream-terms">
      <h2 id="upstream-terms">{t(terms ? 'upstream.change' : 'upstream.connect')}</h2>
      <form class="form" onSubmit={submit}>
        <Field label={t('upstream.url')} hint={t('upstream.url.hint')} error={sending.of('url')}>
          {(input) => (
            <input
              {...input}
              required
              inputMode="url"
              maxLength={512}
              placeholder="wss://csms.example/ocpp"
              value={url}
              onInput={(event) => setUrl(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={t('upstream.password')} hint={t('upstream.password.hint')} error={sending.of('password')}>
          {(input) => (
            <input
              {...input}
              type="password"
              autocomplete="off"
              maxLength={64}
              value={password}
              onInput={(event) => setPassword(event.currentTarget.value)}
            />
          )}
        </Field>
        <label class="check">
          <input type="checkbox" checked={orders} onChange={(event) => setOrders(event.currentTarget.checked)} />
          <span>
            {t('upstream.orders.let')} <span class="block muted small">{t('upstream.orders.hint')}</span>
          </span>
        </label>
        <Field label={t('upstream.badges')}>
          {(input) => (
            <select {...input} value={badges} onChange={(event) => setBadges(event.currentTarget.value as Terms['badges'])}>
              {(['theirs', 'ours'] as const).map((whose) => (
                <option key={whose} value={whose}>
                  {t.code('upstream.badges', whose)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Submit sending={sending} label={t('upstream.save')} />
      </form>
    </section>
  )
}
