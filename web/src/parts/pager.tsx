/** Which part of a long list is shown, and the ways to the parts beside it. */
import { useWords } from '../words.ts'

export function Pager({
  at,
  per,
  shown,
  of,
  onPage,
}: {
  /** Page, from 1. */
  at: number
  per: number
  /** Lines of this page. */
  shown: number
  /** Lines of the whole list. */
  of: number
  onPage: (page: number) => void
}) {
  const { t } = useWords()
  const pages = Math.max(1, Math.ceil(of / per))
  return (
    <nav class="pager" aria-label={t('table.pages')}>
      <p class="muted small" role="status">
        {t('table.shown', { from: (at - 1) * per + Math.min(1, shown), to: (at - 1) * per + shown, of })}
      </p>
      {pages > 1 && (
        <div class="buttons">
          <button type="button" class="button" disabled={at <= 1} onClick={() => onPage(at - 1)}>
            {t('table.before')}
          </button>
          <button type="button" class="button" disabled={at >= pages} onClick={() => onPage(at + 1)}>
            {t('table.after')}
          </button>
        </div>
      )}
    </nav>
  )
}
