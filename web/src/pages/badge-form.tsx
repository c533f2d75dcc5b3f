/** A badge, new or known: its kind and name, whether it may charge, with whom, where, until when, and what the station says to its owner. */
import { useState } from 'preact/hooks'
import { put } from '../api.ts'
import { useCell } from '../cell.ts'
import type { Badge } from '../charging-wire.ts'
import { clockIn, momentOf } from '../days.ts'
import { iso } from '../format.ts'
import { assets } from '../live.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Field, Submit, useSending } from '../parts/form.tsx'
import { useWords } from '../words.ts'

const STATUSES = ['Accepted', 'Blocked', 'Expired', 'Invalid', 'NoCredit']
/** Kinds of OCPP 2.x, and those that 2.1 adds. */
const TYPES = [
  'ISO14443',
  'ISO15693',
  'eMAID',
  'Central',
  'KeyCode',
  'Local',
  'MacAddress',
  'NoAuthorization',
  'DirectPayment',
  'EVCCID',
  'VIN',
]

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
  const [type, setType] = useState(badge?.type ?? '')
  const [master, setMaster] = useState(badge?.master ?? false)
  const [vehicle, setVehicle] = useState(badge?.vehicle ? String(badge.vehicle) : '')
  const [language, setLanguage] = useState(badge?.language ?? '')
  const [message, setMessage] = useState(badge?.message ?? '')
  const [hours, setHours] = useState(badge?.cacheSeconds ? String(badge.cacheSeconds / 3600) : '')
  const [local, setLocal] = useState(badge?.local ?? true)
  const [concurrent, setConcurrent] = useState(badge?.concurrent ?? true)
  const cars = (useCell(assets) ?? []).filter(({ kind }) => kind === 'vehicle')
  const [places, setPlaces] = useState((badge?.places ?? []).join(', '))
  const [until, setUntil] = useState(badge?.validUntil ? clockIn(Date.parse(badge.validUntil), zone) : '')
  const submit = async (event: Event) => {
    event.preventDefault()
    const where = places.split(/[\s,;]+/).filter(Boolean)
    const end = momentOf(until, zone)
    const cache = Math.round(Number(hours.replace(',', '.')) * 3600)
    const body = {
      ...{ status, master, local, concurrent },
      ...(type ? { type } : {}),
      ...(nickname.trim() ? { nickname: nickname.trim() } : {}),
      ...(group.trim() ? { group: group.trim() } : {}),
      ...(vehicle ? { vehicle: Number(vehicle) } : {}),
      ...(where.length > 0 ? { places: where } : {}),
      ...(Number.isNaN(end) ? {} : { validUntil: iso(end) }),
      ...(language.trim() ? { language: language.trim() } : {}),
      ...(message.trim() ? { message: message.trim() } : {}),
      ...(cache > 0 ? { cacheSeconds: cache } : {}),
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
        <Field label={t('badges.type')} hint={t('badges.type.hint')}>
          {(input) => (
            <select {...input} value={type} onChange={(event) => setType(event.currentTarget.value)}>
              <option value="">{t('badges.type.any')}</option>
              {[...new Set([...(type ? [type] : []), ...TYPES])].map((each) => (
                <option key={each} value={each}>
                  {t.code('badges.type', each)}
                </option>
              ))}
            </select>
          )}
        </Field>
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
        <Tick label={t('badges.master')} hint={t('badges.master.hint')} on={master} onTick={setMaster} />
        <Field label={t('badges.where')} hint={t('badges.where.hint')}>
          {(input) => <input {...input} value={places} onInput={(event) => setPlaces(event.currentTarget.value)} />}
        </Field>
        <Field label={t('badges.ends')}>
          {(input) => <input {...input} type="datetime-local" value={until} onInput={(event) => setUntil(event.currentTarget.value)} />}
        </Field>
        <details class="fold">
          <summary>{t('badges.more')}</summary>
          <div class="form">
            <Field label={t('badges.vehicle')} hint={t('badges.vehicle.hint')}>
              {(input) => (
                <select {...input} value={vehicle} onChange={(event) => setVehicle(event.currentTarget.value)}>
                  <option value="">–</option>
                  {cars.map(({ asset, device, name }) => (
                    <option key={asset} value={asset}>
                      {device ?? name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label={t('badges.language')} hint={t('badges.language.hint')}>
              {(input) => <input {...input} maxLength={8} value={language} onInput={(event) => setLanguage(event.currentTarget.value)} />}
            </Field>
            <Field label={t('badges.message')} hint={t('badges.message.hint')}>
              {(input) => <input {...input} maxLength={512} value={message} onInput={(event) => setMessage(event.currentTarget.value)} />}
            </Field>
            <Field label={t('badges.cache')} hint={t('badges.cache.hint')}>
              {(input) => <input {...input} inputMode="decimal" value={hours} onInput={(event) => setHours(event.currentTarget.value)} />}
            </Field>
            <Tick label={t('badges.local')} hint={t('badges.local.hint')} on={local} onTick={setLocal} />
            <Tick label={t('badges.concurrent')} hint={t('badges.concurrent.hint')} on={concurrent} onTick={setConcurrent} />
          </div>
        </details>
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

function Tick({ label, hint, on, onTick }: { label: string; hint: string; on: boolean; onTick: (on: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={on} onChange={(event) => onTick(event.currentTarget.checked)} />
      <span>
        {label} <span class="block muted small">{hint}</span>
      </span>
    </label>
  )
}
