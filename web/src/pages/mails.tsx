/** Letters of the platform, for administrators: what waits, left or failed; where nobody carries them, what to hand on by other means. */
import '../style/things.css'
import '../style/work.css'
import { useState } from 'preact/hooks'
import { platformNow } from '../live.ts'
import { Chips } from '../parts/chips.tsx'
import { Icon, type IconName } from '../parts/icon.tsx'
import { Empty, Pending, Stale } from '../parts/state.tsx'
import { useTick } from '../parts/tick.ts'
import { useWhole } from '../resource.ts'
import { type PageProps, refine } from '../route.ts'
import { useWords } from '../words.ts'

interface Letter {
  id: number
  kind: string
  to: string[]
  subject: string | null
  text: string | null
  tries: number
  error: string | null
  createdAt: string
  sentAt: string | null
  failedAt: string | null
  nextTryAt: string | null
}
type State = 'waiting' | 'sent' | 'kept' | 'failed'

const PAGE = 50
const STATES: readonly State[] = ['waiting', 'failed', 'kept', 'sent']
const ICONS: Record<State, IconName> = { waiting: 'waiting', sent: 'obeyed', kept: 'info', failed: 'alert' }

export function Mails({ route }: PageProps) {
  const { t } = useWords()
  const beat = useTick(15_000)
  const { state } = route.query
  const shown = Math.min(500, Math.max(PAGE, Number(route.query['rows']) || 0))
  const { data, error, reload } = useWhole<{ data: Letter[]; total: number; carried: boolean }>(
    `/api/cariflex/v1/mails?limit=${shown}`,
    beat,
  )
  const stateOf = ({ sentAt, failedAt }: Letter): State => (failedAt ? 'failed' : !sentAt ? 'waiting' : data?.carried ? 'sent' : 'kept')
  const states = STATES.filter((each) => data?.data.some((letter) => stateOf(letter) === each))
  const found = data?.data.filter((letter) => !state || stateOf(letter) === state)
  return (
    <div class="page">
      <h1>{t('mails.title')}</h1>
      {data && !data.carried && (
        <div class="notice">
          <Icon name="info" />
          <div>
            <p class="strong">{t('mails.kept')}</p>
            <p>{t('mails.kept.next')}</p>
          </div>
        </div>
      )}
      <section class="card" aria-label={t('mails.title')}>
        {states.length > 1 && (
          <div class="filters">
            <Chips
              legend={t('jobs.filter')}
              all={t('jobs.all')}
              choices={states.map((value) => ({ value, label: t.code('mails.state', value) }))}
              chosen={STATES.find((each) => each === state)}
              onChoose={(chosen) => refine({ state: chosen })}
            />
          </div>
        )}
        {data && <Stale error={error} />}
        {!data || !found ? (
          <Pending error={error} retry={reload} />
        ) : data.data.length === 0 ? (
          <Empty title={t('mails.empty')}>
            <p class="lead">{t('mails.empty.next')}</p>
          </Empty>
        ) : (
          <ul class="plain mails">
            {found.map((letter) => (
              <LetterLine key={letter.id} letter={letter} state={stateOf(letter)} />
            ))}
          </ul>
        )}
        {data && data.total > data.data.length && data.data.length < 500 && (
          <button type="button" class="button" onClick={() => refine({ rows: String(shown + 4 * PAGE) })}>
            {t('thing.more', { n: data.total - data.data.length })}
          </button>
        )}
      </section>
    </div>
  )
}

function LetterLine({ letter, state }: { letter: Letter; state: State }) {
  const { t, f } = useWords()
  const [open, setOpen] = useState(false)
  const now = platformNow()
  const near = (at: string) => f.near(Date.parse(at), now)
  const kind = t.code('mails.kind', letter.kind)
  return (
    <li class="mail" data-state={state}>
      <Icon name={ICONS[state]} size={20} />
      <div>
        <p>
          <span class="strong">{letter.subject ?? kind}</span> <span class="muted break">{letter.to.join(', ')}</span>
        </p>
        <p class="small muted">
          {t.code('mails.state', state)} · {near(letter.sentAt ?? letter.failedAt ?? letter.createdAt)}
          {letter.subject && ` · ${kind}`}
          {state === 'waiting' && letter.nextTryAt && letter.tries > 0 && ` · ${t('mails.next', { at: near(letter.nextTryAt) })}`}
          {letter.tries > 1 && ` · ${t('jobs.tries', { n: letter.tries })}`}
        </p>
        {letter.error && state !== 'sent' && <p class="small bad break">{letter.error}</p>}
        {letter.text && (
          <details class="fold" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
            <summary>{t('mails.read')}</summary>
            {open && <pre class="letter">{letter.text}</pre>}
          </details>
        )}
      </div>
    </li>
  )
}
