/** A badge, new or known: its name, whether it may charge, where and until when. What the form does not ask for stays as it was. */
import { useState } from 'preact/hooks'
import { put } from '../api.ts'
import type { Badge } from '../charging-wire.ts'
import { clockIn, momentOf } from '../days.ts'
import { iso } from '../format.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Field, Submit, useSending } from '../parts/form.tsx'
import { useWords } from '../words.ts'

const STATUSES = ['Accepted', 'Blocked', 'Expired', 'Invalid', 'NoCredit']

/** The body that keeps everything that is known of a badge: what is left out would be forgotten. */
const bodyOf = (badge: Badge): Record<string, unknown> => {
  const { token: _token, lastUsedAt: _lastUsedAt, ...rest } = badge
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null))
}

interface Props {
  badge: Badge | null
  onRemove: (badge: Badge) => void
  onClose: (done: boolean) => void
}

export function BadgeForm({ badge, onRemove, onClose }: Props) {
  const { t, zone } = useWords()
  const sending = useSending()
  const [token, setToken] = useState(badge?.token ?? '')
  const [nickname, setNickname] = useState(badge?.nickname ?? '')
  const [status, setStatus] = useState(badge?.status ?? 'Accepted')
  const [group, setGroup] = useState(badge?.group ?? '')
  const [places, setPlaces] = useState((badge?.places ?? []).join(', '))
  const [until, setUntil] = useState(badge?.validUntil ? clockIn(Date.parse(badge.validUntil), zone) : '')
  const submit = async (event: Event) => {
    event.preventDefault()
    const where = places.split(/[\s,;]+/).filter(Boolean)
    const end = momentOf(until, zone)
    const { nickname: _name, group: _group, places: _places, validUntil: _until, ...kept } = badge ? bodyOf(badge) : {}
    const body = {
      ...kept,
      status,
      ...(nickname.trim() ? { nickname: nickname.trim() } : {}),
      ...(group.trim() ? { group: group.trim() } : {}),
      ...(where.length > 0 ? { places: where } : {}),
      ...(Number.isNaN(end) ? {} : { validUntil: iso(end) }),
    }
    if (await sending.send(() => put(`/charging/badges/${encodeURIComponent(token.trim())}`, body), t('form.saved'))) onClose(true)
  }
  return (
    <Dialog
      title={badge ? t('badges.change.this', { name: badge.nickname ?? badge.token }) : t('badges.new')}
      onClose={() => onClose(false)}
    >
      <form class="form" onSubmit={submit}>
        {!badge && (
          <Field label={t('badges.token')} hint={t('badges.token.hint')}>
            {(input) => <input {...input} required maxLength={36} value={token} onInput={(event) => setToken(event.currentTarget.value)} />}
          </Field>
        )}
        <Field label={t('badges.nickname')}>
          {(input) => <input {...input} maxLength={80} value={nickname} onInput={(event) => setNickname(event.currentTarget.value)} />}
        </Field>
        <Field label={t('badges.state')}>
          {(input) => (
            <select {...input} value={status} onChange={(event) => setStatus(event.currentTarget.value)}>
              {[...new Set([status, ...STATUSES])].map((each) => (
                <option key={each} value={each}>
                  {t.code('badges.status', each)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t('badges.group')} hint={t('badges.group.hint')}>
          {(input) => <input {...input} maxLength={36} value={group} onInput={(event) => setGroup(event.currentTarget.value)} />}
        </Field>
        <Field label={t('badges.where')} hint={t('badges.where.hint')}>
          {(input) => <input {...input} value={places} onInput={(event) => setPlaces(event.currentTarget.value)} />}
        </Field>
        <Field label={t('badges.ends')}>
          {(input) => <input {...input} type="datetime-local" value={until} onInput={(event) => setUntil(event.currentTarget.value)} />}
        </Field>
        <Submit sending={sending} label={t('form.save')}>
          {badge && (
            <button type="button" class="button button-quiet" onClick={() => onRemove(badge)}>
              {t('badges.remove')}
            </button>
          )}
        </Submit>
      </form>
    </Dialog>
  )
}
