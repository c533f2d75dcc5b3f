/** What a page says while it has nothing to show: loading, failed, empty; always with the next step. */
import type { ComponentChildren } from 'preact'
import type { Refusal } from '../api.ts'
import { useWords } from '../words.ts'
import { Icon } from './icon.tsx'

export function Loading() {
  const { t } = useWords()
  return (
    <p class="state" role="status">
      <span class="spinner" aria-hidden="true" />
      {t('state.loading')}
    </p>
  )
}

/** What went wrong and what to do; `code` stays readable for a report. */
export function Failure({ error, retry }: { error: Refusal; retry?: (() => void) | undefined }) {
  const { t, said } = useWords()
  const unreachable = error.code === 'unreachable'
  // FlexMeasures and we say "may not" in words of our own; here it is one sentence in the language of the reader.
  if (error.status === 403 && error.code !== 'foreign-origin')
    return (
      <div class="notice notice-alert" role="alert">
        <Icon name="alert" />
        <div>
          <p class="strong">{t('rights.refused')}</p>
          <p>{t('rights.ask')}</p>
        </div>
      </div>
    )
  return (
    <div class="notice notice-alert" role="alert">
      <Icon name="alert" />
      <div>
        <p class="strong">{unreachable ? t('state.unreachable') : said(error.message) || t('state.failed')}</p>
        <p>{unreachable ? t('state.unreachable.hint') : error.hint === undefined ? t('state.failed.hint') : said(error.hint)}</p>
        {!unreachable && (
          <p class="muted small">
            {error.code}
            {error.status > 0 ? ` · ${error.status}` : ''}
          </p>
        )}
        {retry && (
          <button type="button" class="button" onClick={retry}>
            {t('state.retry')}
          </button>
        )}
      </div>
    </div>
  )
}

/** What is asked for and not there yet: why not, when that is known, or that it comes. */
export function Pending({ error, retry }: { error: Refusal | undefined; retry: () => void }) {
  return error ? <Failure error={error} retry={retry} /> : <Loading />
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="strong">{title}</p>
      {children}
    </div>
  )
}

/** Says that what is shown is older than it should be. */
export function Stale({ error }: { error: Refusal | undefined }) {
  const { t } = useWords()
  if (!error) return null
  return (
    <p class="stale" role="status">
      <Icon name="waiting" size={18} /> {t('state.stale')}
    </p>
  )
}
