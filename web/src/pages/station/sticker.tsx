/** The address of the page of a driver, for the sticker on an EVSE; with renewal the old one opens nothing any more. */
import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { useSending } from '../../parts/form.tsx'
import { Failure } from '../../parts/state.tsx'
import { useWords } from '../../words.ts'

export function Sticker({ station, evse }: { station: string; evse: number }) {
  const { t } = useWords()
  const sending = useSending()
  const [path, setPath] = useState<string | null>(null)
  const ask = (renew: boolean) =>
    sending.send(async () => {
      const base = `/stations/${encodeURIComponent(station)}/evses/${evse}/driver-page`
      const { data } = (await post(base, renew ? { renew } : {})) as { data: { path: string } }
      setPath(data.path)
    }, t('sticker.done'))
  return (
    <details class="fold">
      <summary>{t('sticker.title', { evse })}</summary>
      <p class="small muted">{t('sticker.lead')}</p>
      {path !== null && (
        <p class="break" role="status">
          <a href={path}>{`${location.origin}${path}`}</a>
        </p>
      )}
      {sending.error && <Failure error={sending.error} />}
      <div class="buttons">
        <a class="button" href={`/ops/stickers/${encodeURIComponent(station)}`}>
          {t('sticker.code')}
        </a>
        <button type="button" class="button" disabled={sending.busy} onClick={() => void ask(false)}>
          {t('sticker.show')}
        </button>
        {path !== null && (
          <button type="button" class="button button-quiet" disabled={sending.busy} onClick={() => void ask(true)}>
            {t('sticker.renew')}
          </button>
        )}
      </div>
    </details>
  )
}
