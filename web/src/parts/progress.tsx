/** How far long work is: a bar with numbers when the end is known, the stage alone when it is not. */
import { useWords } from '../words.ts'

export interface Advance {
  stage?: string | undefined
  done?: number | undefined
  total?: number | undefined
  message?: string | undefined
}

export function Progress({ progress }: { progress: Advance | null | undefined }) {
  const { t, f, said } = useWords()
  const { done, total, stage, message } = progress ?? {}
  const known = typeof done === 'number' && typeof total === 'number' && total > 0
  const text = message ? said(message) : stage ? said(t.code('job.stage', stage)) : t('job.waiting')
  return (
    <div class="progress">
      <progress aria-label={text} {...(known ? { value: Math.min(done, total), max: total } : {})} />
      <span class="small">
        {text}
        {known && ` · ${f.percent(Math.min(1, done / total))}`}
      </span>
    </div>
  )
}
