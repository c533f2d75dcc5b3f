/** A window over the page: the browser's own dialog, closed by Escape, focus kept inside; and the question before what cannot be undone. */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { useWords } from '../words.ts'
import { type Sending, useSending } from './form.tsx'
import { Icon } from './icon.tsx'
import { Failure } from './state.tsx'

export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const { t } = useWords()
  const id = useId()
  const box = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement
    box.current?.showModal()
    // A form begins at its first field; a question stays at its way out.
    box.current?.querySelector<HTMLElement>('form :is(input:not([type="hidden"]), select, textarea):not(:disabled)')?.focus()
    return () => {
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={box}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="button button-quiet" aria-label={t('dialog.close')} onClick={onClose}>
          <Icon name="refused" />
        </button>
      </div>
      {children}
    </dialog>
  )
}

/** Asks before destruction; says what will go. `act` throws a Refusal when the platform refuses. */
export function Confirm({
  title,
  children,
  label,
  act,
  done,
  onClose,
}: {
  title: string
  children: ComponentChildren
  /** The verb of the button. */
  label: string
  act: () => Promise<unknown>
  /** Read out when it was done. */
  done: string
  onClose: (done: boolean) => void
}) {
  const { t } = useWords()
  const sending: Sending = useSending()
  return (
    <Dialog title={title} onClose={() => onClose(false)}>
      <div class="dialog-body">{children}</div>
      {sending.error && <Failure error={sending.error} />}
      <div class="buttons">
        <button
          type="button"
          class="button button-danger"
          disabled={sending.busy}
          onClick={async () => {
            if (await sending.send(act, done)) onClose(true)
          }}
        >
          {sending.busy ? t('form.busy') : label}
        </button>
        <button type="button" class="button" onClick={() => onClose(false)}>
          {t('dialog.keep')}
        </button>
      </div>
    </Dialog>
  )
}
