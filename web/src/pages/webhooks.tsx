/** Webhooks: addresses of other programs that are told of events; the secret of a new one is shown once. And the MQTT broker that is told. */
import '../style/people.css'
import '../style/things.css'
import { useState } from 'preact/hooks'
import { post, remove } from '../api.ts'
import { platformNow } from '../live.ts'
import { Confirm, Dialog } from '../parts/dialog.tsx'
import { Field, Submit, useSending } from '../parts/form.tsx'
import { Failure, Pending, Stale } from '../parts/state.tsx'
import { useResource, useWhole } from '../resource.ts'
import { useWords } from '../words.ts'

interface Hook {
  id: string
  url: string
  events: string[]
  about: string | null
  description: string | null
  createdAt: string
}
interface Delivery {
  id: number
  type: string
  createdAt: string
  sentAt: string | null
  failedAt: string | null
  nextTry: string | null
  tries: number
  error: string | null
}
interface MqttBroker {
  url: string
  /** First level of all topics. */
  prefix: string
  events: string[]
  connected: boolean
  /** Events that it has not got yet. */
  waiting: number
  error: string | null
}

/** Groups of events, as patterns. */
const PATTERNS = ['*', 'alarm.*', 'device.*', 'station.*', 'order.*', 'plan.made', 'limits.changed', 'forecast.made'] as const

export function WebhooksPage() {
  const { t, f } = useWords()
  const [version, setVersion] = useState(0)
  const [making, setMaking] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const [gone, setGone] = useState<Hook | null>(null)
  const [tested, setTested] = useState(0)
  const sending = useSending()
  const { data, error, reload } = useResource<Hook[]>('/webhooks', version)
  const again = () => setVersion((count) => count + 1)
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('hooks.title')}</h1>
        <button type="button" class="button button-main page-head-do" onClick={() => setMaking(true)}>
          {t('hooks.new')}
        </button>
      </div>
      <p class="lead muted">{t('hooks.lead')}</p>
      {secret !== null && (
        <div class="notice token-fresh" role="status">
          <div>
            <p class="strong">{t('hooks.secret')}</p>
            <p class="token-secret">
              <code>{secret}</code>
            </p>
            <p class="muted small">{t('hooks.secret.use')}</p>
            <button type="button" class="button" onClick={() => setSecret(null)}>
              {t('me.token.kept')}
            </button>
          </div>
        </div>
      )}
      {sending.error && <Failure error={sending.error} />}
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.length === 0 ? (
        <p class="empty">{t('hooks.none')}</p>
      ) : (
        data.map((hook) => (
          <section key={hook.id} class="card" aria-labelledby={`hook-${hook.id}`}>
            <h2 id={`hook-${hook.id}`} class="break">
              {hook.description ?? hook.url}
            </h2>
            <p class="small break">
              <code>{hook.url}</code>
            </p>
            <p class="small">
              {hook.events.join(', ')}
              {hook.about && ` · ${t('hooks.about.this', { about: hook.about })}`}
            </p>
            <p class="muted small">{t('hooks.since', { time: f.moment(Date.parse(hook.createdAt)) })}</p>
            <div class="buttons">
              <button
                type="button"
                class="button"
                disabled={sending.busy}
                onClick={async () => {
                  if (await sending.send(() => post(`/webhooks/${hook.id}/test`), t('hooks.tested'))) setTested(tested + 1)
                }}
              >
                {t('hooks.test')}
              </button>
              <button type="button" class="button button-quiet" onClick={() => setGone(hook)}>
                {t('hooks.remove')}
              </button>
            </div>
            <Deliveries hook={hook.id} version={tested} />
          </section>
        ))
      )}
      <Broker />
      {making && (
        <NewHook
          onClose={(made) => {
            setMaking(false)
            if (made === undefined) return
            setSecret(made)
            again()
          }}
        />
      )}
      {gone && (
        <Confirm
          title={t('hooks.remove.this', { url: gone.description ?? gone.url })}
          label={t('hooks.remove')}
          done={t('hooks.removed')}
          act={() => remove(`/webhooks/${gone.id}`)}
          onClose={(done) => {
            setGone(null)
            if (done) again()
          }}
        >
          <p>{t('hooks.remove.what')}</p>
        </Confirm>
      )}
    </div>
  )
}

/** The MQTT broker of the configuration, which is told of events as well. */
function Broker() {
  const { t } = useWords()
  const { data, error, reload } = useResource<MqttBroker | null>('/mqtt')
  return (
    <section class="card" aria-labelledby="mqtt">
      <h2 id="mqtt">{t('mqtt.title')}</h2>
      {data === undefined ? (
        <Pending error={error} retry={reload} />
      ) : data === null ? (
        <p class="muted">{t('mqtt.none')}</p>
      ) : (
        <>
          <p class="break">
            <code>{data.url}</code> <b class={data.connected ? 'good' : 'bad'}>{t(data.connected ? 'link.on' : 'link.off')}</b>
          </p>
          {data.error && <p class="small bad break">{data.error}</p>}
          <p class="small muted break">
            {t('mqtt.topics', { prefix: data.prefix, events: data.events.join(', ') })} · {t.count('mqtt.waiting', data.waiting)}
          </p>
        </>
      )}
    </section>
  )
}

function Deliveries({ hook, version }: { hook: string; version: number }) {
  const { t, f } = useWords()
  const [seen, setSeen] = useState(0)
  const [open, setOpen] = useState(false)
  const { data, error, reload } = useWhole<{ data: Delivery[]; total: number }>(
    open ? `/webhooks/${hook}/deliveries?limit=20` : null,
    `${version}/${seen}`,
  )
  return (
    <details class="fold" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('hooks.deliveries')}</summary>
      {!open ? null : !data ? (
        <Pending error={error} retry={reload} />
      ) : data.data.length === 0 ? (
        <p class="muted">{t('hooks.deliveries.none')}</p>
      ) : (
        <ul class="plain said">
          {data.data.map((one) => (
            <li key={one.id}>
              <p>
                <span class="muted">{f.near(Date.parse(one.createdAt), platformNow())}</span> <b>{one.type}</b>{' '}
                <span class={one.sentAt ? 'good' : one.failedAt ? 'bad' : 'muted'}>
                  {one.sentAt ? t('hooks.sent') : one.failedAt ? t('hooks.failed') : t('hooks.waiting')}
                </span>
              </p>
              <p class="small muted">
                {[
                  t.count('hooks.tries', one.tries),
                  one.error,
                  one.nextTry ? t('hooks.next', { time: f.near(Date.parse(one.nextTry), platformNow()) }) : null,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </p>
            </li>
          ))}
        </ul>
      )}
      {data && (
        <button type="button" class="button button-quiet" onClick={() => setSeen(seen + 1)}>
          {t('hooks.again')}
        </button>
      )}
    </details>
  )
}

/** `onClose` gets the secret of what was made. */
function NewHook({ onClose }: { onClose: (secret?: string) => void }) {
  const { t } = useWords()
  const sending = useSending()
  const [url, setUrl] = useState('')
  const [events, setEvents] = useState<string[]>(['*'])
  const [about, setAbout] = useState('')
  const [description, setDescription] = useState('')
  const toggle = (pattern: string) =>
    setEvents((now) => {
      if (pattern === '*') return ['*']
      const others = now.filter((each) => each !== '*' && each !== pattern)
      const next = now.includes(pattern) ? others : [...others, pattern]
      return next.length === 0 ? ['*'] : next
    })
  const submit = async (event: Event) => {
    event.preventDefault()
    let secret = ''
    const act = async () => {
      const { data } = (await post('/webhooks', {
        url: url.trim(),
        events,
        ...(about.trim() ? { about: about.trim() } : {}),
        ...(description.trim() ? { description: description.trim() } : {}),
      })) as { data: { secret: string } }
      secret = data.secret
    }
    if (await sending.send(act, t('hooks.made'))) onClose(secret)
  }
  return (
    <Dialog title={t('hooks.new')} onClose={() => onClose()}>
      <form class="form" onSubmit={submit}>
        <Field label={t('hooks.url')} hint={t('hooks.url.hint')}>
          {(input) => (
            <input {...input} type="url" required maxLength={2000} value={url} onInput={(event) => setUrl(event.currentTarget.value)} />
          )}
        </Field>
        <fieldset class="chips">
          <legend class="strong">{t('hooks.events')}</legend>
          {PATTERNS.map((pattern) => (
            <button key={pattern} type="button" class="chip" aria-pressed={events.includes(pattern)} onClick={() => toggle(pattern)}>
              {t.code('hooks.event', pattern)}
            </button>
          ))}
        </fieldset>
        <Field label={t('hooks.about')} hint={t('hooks.about.hint')}>
          {(input) => <input {...input} maxLength={100} value={about} onInput={(event) => setAbout(event.currentTarget.value)} />}
        </Field>
        <Field label={t('hooks.description')}>
          {(input) => (
            <input {...input} maxLength={200} value={description} onInput={(event) => setDescription(event.currentTarget.value)} />
          )}
        </Field>
        <Submit sending={sending} label={t('hooks.make')} />
      </form>
    </Dialog>
  )
}
