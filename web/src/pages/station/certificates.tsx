/** Certificates that were issued to a station, and those it said it holds. */
import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { useSending } from '../../parts/form.tsx'
import { Failure, Pending } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { useWords } from '../../words.ts'

interface Issued {
  fingerprint: string
  kind: string
  subject: string
  issuer: string
  serial: string
  from: string
  until: string
  state: string
  revokedAt: string | null
  revokedBecause: string | null
}
interface Installed {
  type: string
  subject: string | null
  position: number
  toldAt: string
  hash: { serialNumber: string }
}

export function Certificates({ station, may }: { station: string; may: boolean }) {
  const { t, f } = useWords()
  const [version, setVersion] = useState(0)
  const sending = useSending()
  const base = `/stations/${encodeURIComponent(station)}/certificates`
  const { data, error, reload } = useResource<{ issued: Issued[]; installed: Installed[] }>(base, version)
  if (!data) return <Pending error={error} retry={reload} />
  return (
    <div class="station">
      <section class="card" aria-labelledby="issued">
        <h2 id="issued">{t('cert.issued')}</h2>
        {data.issued.length === 0 ? (
          <p class="empty">{t('cert.issued.none')}</p>
        ) : (
          <ul class="plain said">
            {data.issued.map((one) => (
              <li key={one.fingerprint}>
                <p>
                  <b class="break">{one.subject}</b>{' '}
                  <span class={one.revokedAt ? 'bad' : 'muted'}>{t.code('cert.state', one.revokedAt ? 'revoked' : one.state)}</span>
                </p>
                <p class="small">{t('cert.until', { from: f.fullDate(Date.parse(one.from)), until: f.fullDate(Date.parse(one.until)) })}</p>
                <p class="small muted break">
                  {[one.issuer, t('cert.serial', { serial: one.serial }), one.revokedBecause].filter(Boolean).join(' · ')}
                </p>
              </li>
            ))}
          </ul>
        )}
      </section>
      <section class="card" aria-labelledby="installed">
        <h2 id="installed">{t('cert.installed')}</h2>
        {data.installed.length === 0 ? (
          <p class="empty">{t('cert.installed.none')}</p>
        ) : (
          <ul class="plain said">
            {data.installed.map((one) => (
              <li key={one.position}>
                <p>
                  <b>{one.type}</b> <span class="break">{one.subject ?? t('cert.unknown')}</span>
                </p>
                <p class="small muted break">
                  {t('cert.serial', { serial: one.hash.serialNumber })} · {t('cert.told', { time: f.moment(Date.parse(one.toldAt)) })}
                </p>
              </li>
            ))}
          </ul>
        )}
        {sending.error && <Failure error={sending.error} />}
        {may && (
          <button
            type="button"
            class="button"
            disabled={sending.busy}
            onClick={async () => {
              if (await sending.send(() => post(`${base}/inventory`), t('cert.asked'))) setVersion(version + 1)
            }}
          >
            {sending.busy ? t('form.busy') : t('cert.ask')}
          </button>
        )}
      </section>
    </div>
  )
}
