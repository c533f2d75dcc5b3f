/** Commands that a station was sent: its answer and what followed, side by side. */

import type { SentCommand } from '../../charging-wire.ts'
import { platformNow } from '../../live.ts'
import { useWords } from '../../words.ts'

const good = (status: string) => /accepted|scheduled|unlocked|installed/i.test(status)

/** What followed in few words: `Charging · 6.9`, not the whole message. */
const brief = (effect: Record<string, unknown>): string =>
  Object.values(effect)
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .join(' · ')

export function SentLine({ sent }: { sent: SentCommand }) {
  const { t, f } = useWords()
  const waiting = sent.status === 'waiting'
  return (
    <li class="sent">
      <p class="sent-what">
        <span class="muted">{f.near(Date.parse(sent.at), platformNow())}</span> <span aria-hidden="true">▶</span> <b>{sent.action}</b>{' '}
        <span class="muted small">{sent.by ?? t('sent.by.platform')}</span>
      </p>
      <p class="sent-answer">
        <span aria-hidden="true">◀</span> <span class="unseen">{t('sent.answer')} </span>
        <b class={waiting ? 'muted' : good(sent.status) ? 'good' : 'bad'}>{waiting ? t('sent.waiting') : sent.status}</b>{' '}
        {sent.took !== null && <span class="muted">{f.amount(sent.took, 'ms', 0)}</span>}
        {!waiting && !good(sent.status) && <span class="block small">{t.code('command.hint', sent.status)}</span>}
      </p>
      <p class="sent-effect small">
        {sent.effect ? (
          <>
            <span class="good">✓</span> {t('sent.effect')} {brief(sent.effect)}{' '}
            {sent.effectAt && (
              <span class="muted">
                {f.clockSeconds(Date.parse(sent.effectAt))} (
                {t('sent.after', { s: Math.max(0, Math.round((Date.parse(sent.effectAt) - Date.parse(sent.at)) / 1000)) })})
              </span>
            )}
          </>
        ) : (
          <span class="muted">{t('sent.no-effect')}</span>
        )}
      </p>
      <details>
        <summary>{t('command.details')}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
        <pre class="scroll" tabIndex={0}>
          {JSON.stringify({ sent: sent.payload, answer: sent.answer, effect: sent.effect }, null, 2)}
        </pre>
      </details>
    </li>
  )
}
