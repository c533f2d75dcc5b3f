/** Fields of a form with their complaint beside them, and the button row that says what became of it. */
import type { ComponentChildren } from 'preact'
import { useId, useState } from 'preact/hooks'
import { Refusal } from '../api.ts'
import { useWords } from '../words.ts'
import { announce } from './announce.tsx'
import { Failure } from './state.tsx'

/** One field: label, hint and complaint are read together with the input, which gets its `id` and the description of it. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: string
  hint?: string | undefined
  error?: string | undefined
  children: (input: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: 'true' }) => ComponentChildren
}) {
  const id = useId()
  const more = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label class="strong" for={id}>
        {label}
      </label>
      {children({ id, ...(more ? { 'aria-describedby': more } : {}), ...(error ? { 'aria-invalid': 'true' } : {}) })}
      {hint && (
        <p class="muted small" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  )
}

export interface Sending {
  busy: boolean
  error: Refusal | undefined
  /** What the platform says of this field of the body. */
  of(field: string): string | undefined
  /** Does `act`; true when it was done, then `done` is read out. */
  send(act: () => Promise<unknown>, done?: string): Promise<boolean>
  clear(): void
}

/** Sends a form: busy while it is under way, the refusal kept with its fields. */
export function useSending(): Sending {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Refusal | undefined>(undefined)
  return {
    busy,
    error,
    of: (field) => error?.fields[field],
    clear: () => setError(undefined),
    async send(act, done) {
      setBusy(true)
      setError(undefined)
      try {
        await act()
        if (done) announce(done)
        return true
      } catch (failure) {
        if (!(failure instanceof Refusal)) throw failure
        setError(failure)
        return false
      } finally {
        setBusy(false)
      }
    },
  }
}

/** The end of a form: what was refused, then the button. */
export function Submit({ sending, label, children }: { sending: Sending; label: string; children?: ComponentChildren }) {
  const { t } = useWords()
  return (
    <>
      {sending.error && <Failure error={sending.error} />}
      <div class="buttons">
        <button type="submit" class="button button-main" disabled={sending.busy}>
          {sending.busy ? t('form.busy') : label}
        </button>
        {children}
      </div>
    </>
  )
}
