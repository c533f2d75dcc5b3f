/** Badges: who may charge, by which name; and the inbox of those that were shown and that nobody knows. */
import '../style/things.css'
import { useState } from 'preact/hooks'
import { put, remove } from '../api.ts'
import { useCell } from '../cell.ts'
import type { Badge, UnknownBadge } from '../charging-wire.ts'
import { platformNow, session, versions } from '../live.ts'
import { announce } from '../parts/announce.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { useSending } from '../parts/form.tsx'
import { Search } from '../parts/search.tsx'
import { Failure, Pending, Stale } from '../parts/state.tsx'
import { useResource } from '../resource.ts'
import { type PageProps, refine } from '../route.ts'
import { steers } from '../things.ts'
import { useWords } from '../words.ts'
import { BadgeForm } from './badge-form.tsx'

const at = (token: string) => `/charging/badges/${encodeURIComponent(token)}`

export function Badges({ route }: PageProps) {
  const { t, f } = useWords()
  const who = useCell(session)
  const may = who.state === 'in' && steers(who.user)
  const [version, setVersion] = useState(0)
  const [edited, setEdited] = useState<Badge | 'new' | null>(null)
  const [gone, setGone] = useState<Badge | null>(null)
  const again = () => setVersion((count) => count + 1)
  const { data, error, reload } = useResource<Badge[]>('/charging/badges', version)
  const words = (route.query['q'] ?? '').toLowerCase()
  const shown = (data ?? []).filter(({ token, nickname, group }) =>
    [token, nickname, group].some((text) => (text ?? '').toLowerCase().includes(words)),
  )
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('badges.title')}</h1>
        {may && (
          <button type="button" class="button button-main page-head-do" onClick={() => setEdited('new')}>
            {t('badges.new')}
          </button>
        )}
      </div>
      <Inbox may={may} version={version} onChange={again} />
      <section class="card" aria-labelledby="known-badges">
        <h2 id="known-badges">{t('badges.known')}</h2>
        <div class="filters">
          <Search label={t('badges.search')} words={route.query['q'] ?? ''} onWords={(typed) => refine({ q: typed.trim() || undefined })} />
        </div>
        {data && <Stale error={error} />}
        {!data ? (
          <Pending error={error} retry={reload} />
        ) : shown.length === 0 ? (
          <p class="empty">{t(words ? 'table.none' : 'badges.none')}</p>
        ) : (
          <table class="table">
            <caption class="unseen">{t('badges.known')}</caption>
            <thead>
              <tr>
                <th scope="col">{t('badges.badge')}</th>
                <th scope="col">{t('badges.state')}</th>
                <th scope="col" class="wide">
                  {t('badges.where')}
                </th>
                <th scope="col" class="wide">
                  {t('badges.used')}
                </th>
                {may && (
                  <th scope="col">
                    <span class="unseen">{t('badges.do')}</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {shown.map((badge) => (
                <tr key={badge.token}>
                  <th scope="row" class="break">
                    <b>{badge.nickname ?? badge.token}</b>
                    <span class="block muted small">
                      {[badge.nickname ? badge.token : null, badge.type, badge.group, badge.master ? t('badges.master') : null]
                        .filter(Boolean)
                        .join(' · ')}
                    </span>
                  </th>
                  <td>
                    <span class={badge.status === 'Accepted' ? 'good' : 'bad'}>{t.code('badges.status', badge.status)}</span>
                    {badge.validUntil && (
                      <span class="block muted small">{t('badges.until', { time: f.moment(Date.parse(badge.validUntil)) })}</span>
                    )}
                  </td>
                  <td class="wide break">{badge.places ? badge.places.join(', ') : t('badges.everywhere')}</td>
                  <td class="wide">{badge.lastUsedAt ? f.near(Date.parse(badge.lastUsedAt), platformNow()) : '–'}</td>
                  {may && (
                    <td>
                      <button
                        type="button"
                        class="button"
                        aria-label={t('badges.change.this', { name: badge.nickname ?? badge.token })}
                        onClick={() => setEdited(badge)}
                      >
                        {t('badges.change')}
                      </button>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      {edited && (
        <BadgeForm
          badge={edited === 'new' ? null : edited}
          onRemove={(badge) => {
            setEdited(null)
            setGone(badge)
          }}
          onClose={(done) => {
            setEdited(null)
            if (done) again()
          }}
        />
      )}
      {gone && (
        <Confirm
          title={t('badges.remove.this', { name: gone.nickname ?? gone.token })}
          label={t('badges.remove')}
          done={t('badges.removed')}
          act={() => remove(at(gone.token))}
          onClose={(done) => {
            setGone(null)
            if (done) again()
          }}
        >
          <p>{t('badges.remove.what')}</p>
        </Confirm>
      )}
    </div>
  )
}

/** Who is this? Accepted with one click, with a name where one is known; or put aside. */
function Inbox({ may, version, onChange }: { may: boolean; version: number; onChange: () => void }) {
  const { t, f } = useWords()
  const seen = useCell(versions)
  const sending = useSending()
  const [names, setNames] = useState<Record<string, string>>({})
  const { data } = useResource<UnknownBadge[]>('/charging/unknown-badges', `${version}/${seen.devices}/${seen.caughtUp}`)
  if (!data || data.length === 0) return null
  const accept = async ({ token, type }: UnknownBadge) => {
    const nickname = names[token]?.trim()
    const done = await sending.send(
      () => put(at(token), { type, status: 'Accepted', ...(nickname ? { nickname } : {}) }),
      t('badges.accepted', { name: nickname || token }),
    )
    if (done) onChange()
  }
  const dismiss = async ({ token }: UnknownBadge) => {
    if (!(await sending.send(() => remove(`/charging/unknown-badges/${encodeURIComponent(token)}`)))) return
    announce(t('badges.dismissed'))
    onChange()
  }
  return (
    <section class="card" aria-labelledby="inbox">
      <h2 id="inbox">{t('badges.inbox')}</h2>
      <p class="muted small">{t('badges.inbox.lead')}</p>
      {sending.error && <Failure error={sending.error} />}
      <ul class="plain said">
        {data.map((one) => (
          <li key={one.token}>
            <p>
              <b class="break">{one.token}</b> <span class="muted small">{one.type}</span>
            </p>
            <p class="small">
              {t('badges.shown', { station: one.station, time: f.near(Date.parse(one.lastAt), platformNow()), n: one.times })}
            </p>
            {may && (
              <div class="command-row">
                <label class="field">
                  <span>{t('badges.nickname')}</span>
                  <input
                    maxLength={80}
                    value={names[one.token] ?? ''}
                    onInput={(event) => setNames({ ...names, [one.token]: event.currentTarget.value })}
                  />
                </label>
                <button
                  type="button"
                  class="button button-main"
                  disabled={sending.busy}
                  aria-label={t('badges.accept.this', { name: one.token })}
                  onClick={() => void accept(one)}
                >
                  {t('badges.accept')}
                </button>
                <button
                  type="button"
                  class="button"
                  disabled={sending.busy}
                  aria-label={t('badges.dismiss.this', { name: one.token })}
                  onClick={() => void dismiss(one)}
                >
                  {t('badges.dismiss')}
                </button>
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
