/** Notes on times of an asset or a sensor: bands in the charts, a list below, and a window to write one. */
import { useMemo, useState } from 'preact/hooks'
import { post } from '../../api.ts'
import type { Range } from '../../chart/range.tsx'
import type { Band } from '../../chart/time-chart.tsx'
import { clockIn, momentOf } from '../../days.ts'
import { iso } from '../../format.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { Failure } from '../../parts/state.tsx'
import { type Resource, useWhole } from '../../resource.ts'
import { address } from '../../route.ts'
import { useWords } from '../../words.ts'

export const NOTE_TYPES = ['label', 'feedback', 'holiday', 'warning', 'alert', 'error'] as const
interface Note {
  /** ms */
  start: number
  end: number
  source: string
  type: string
  content: string[]
}
export interface NotesRead extends Resource<Note[]> {
  bands: Band[]
}
const COLOUR: Record<string, string> = {
  alert: '--alert',
  error: '--alert',
  warning: '--solar',
  holiday: '--export',
  feedback: '--battery',
  label: '--text-soft',
}

export function useNotes(path: string, range: Range): NotesRead {
  const read = useWhole<Note[]>(address(`${path}/chart_annotations`, { start: iso(range.from), end: iso(range.until), clip: 'false' }))
  const bands = useMemo(
    () =>
      (read.data ?? []).map((note) => ({
        from: note.start,
        until: note.end,
        label: note.content.join(' '),
        colour: COLOUR[note.type] ?? '--text-soft',
      })),
    [read.data],
  )
  return { ...read, bands }
}

export function Notes({ notes, range, path, may }: { notes: NotesRead; range: Range; path: string; may: boolean }) {
  const { t, f } = useWords()
  const [writing, setWriting] = useState(false)
  const list = notes.data ?? []
  if (notes.error?.status === 404) return null
  return (
    <section class="card" aria-labelledby="notes">
      <div class="card-head">
        <h2 id="notes">{t('note.title')}</h2>
        {may && (
          <button type="button" class="button" onClick={() => setWriting(true)}>
            {t('note.new')}
          </button>
        )}
      </div>
      {notes.error && <Failure error={notes.error} retry={notes.reload} />}
      {list.length === 0 ? (
        <p class="muted">{t('note.none')}</p>
      ) : (
        <ul class="plain notes">
          {list.map((note) => (
            <li key={`${note.start}${note.end}${note.content.join()}`}>
              <span class="swatch" style={{ '--swatch': `var(${COLOUR[note.type] ?? '--text-soft'})` }} aria-hidden="true" />
              <div>
                <p>
                  <span class="strong">{t.code('note.type', note.type)}</span> {note.content.join(' ')}
                </p>
                <p class="muted small">
                  {f.moment(note.start)} → {f.moment(note.end)} · {note.source}
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
      {writing && (
        <NoteDialog
          path={path}
          range={range}
          onClose={(made) => {
            setWriting(false)
            if (made) notes.reload()
          }}
        />
      )}
    </section>
  )
}

function NoteDialog({ path, range, onClose }: { path: string; range: Range; onClose: (made: boolean) => void }) {
  const { t, zone } = useWords()
  const sending = useSending()
  const middle = Math.floor((range.from + range.until) / 2 / 3_600_000) * 3_600_000
  const [body, setBody] = useState({
    content: '',
    type: 'label',
    start: clockIn(middle, zone),
    end: clockIn(middle + 3_600_000, zone),
  })
  const set = (change: Partial<typeof body>) => setBody({ ...body, ...change })
  const [start, end] = [momentOf(body.start, zone), momentOf(body.end, zone)]
  const wrong = Number.isNaN(start) || Number.isNaN(end) || end <= start
  return (
    <Dialog title={t('note.new')} onClose={() => onClose(false)}>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          if (wrong) return
          const made = () =>
            post(`${path}/annotations`, { content: body.content.trim(), type: body.type, start: iso(start), end: iso(end) })
          if (await sending.send(made, t('note.done'))) onClose(true)
        }}
      >
        <Field label={t('note.content')} error={sending.of('content')}>
          {(input) => (
            <textarea
              {...input}
              required
              rows={3}
              maxLength={1024}
              value={body.content}
              onInput={(event) => set({ content: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label={t('note.kind')} error={sending.of('type')}>
          {(input) => (
            <select {...input} value={body.type} onChange={(event) => set({ type: event.currentTarget.value })}>
              {NOTE_TYPES.map((type) => (
                <option key={type} value={type}>
                  {t.code('note.type', type)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div class="columns-2">
          <Field label={t('range.from')} error={sending.of('start')}>
            {(input) => (
              <input
                {...input}
                type="datetime-local"
                required
                value={body.start}
                onInput={(event) => set({ start: event.currentTarget.value })}
              />
            )}
          </Field>
          <Field label={t('range.until')} error={wrong ? t('note.wrong') : sending.of('end')}>
            {(input) => (
              <input
                {...input}
                type="datetime-local"
                required
                value={body.end}
                onInput={(event) => set({ end: event.currentTarget.value })}
              />
            )}
          </Field>
        </div>
        <Submit sending={sending} label={t('form.save')} />
      </form>
    </Dialog>
  )
}
