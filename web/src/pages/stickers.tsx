/** Sheet of a station to print: for each EVSE the code that opens the driver's page, with what to do and the price. */
import '../style/sticker.css'
import type { StationWhole, TariffChoice, TariffShown } from '../charging-wire.ts'
import { useHeading } from '../heading.ts'
import { Pending } from '../parts/state.tsx'
import { useResource } from '../resource.ts'
import type { PageProps } from '../route.ts'
import { useWords } from '../words.ts'
import { titleOf } from './station/state.tsx'

/** Broadest to narrowest: the narrowest that is chosen holds. */
const SCOPES = ['all', 'station', 'evse'] as const

export function Stickers({ subject = '' }: PageProps) {
  const { t } = useWords()
  useHeading(subject)
  const base = `/stations/${encodeURIComponent(subject)}`
  const { data, error, reload } = useResource<StationWhole>(base)
  const { data: tariffs } = useResource<TariffShown[]>('/tariffs')
  const { data: choices } = useResource<TariffChoice[]>('/tariff-choices')
  const priceOf = (evse: number) => {
    const keys: Record<string, string> = { all: '', station: subject, evse: `${subject}/${evse}` }
    const chosen = SCOPES.map((scope) => (choices ?? []).find((one) => one.scope === scope && one.key === keys[scope])).findLast(Boolean)
    return (tariffs ?? []).find(({ tariff }) => tariff.id === chosen?.tariff)?.said
  }
  return (
    <div class="page">
      <div class="page-head unprinted">
        <p class="crumbs">
          <a href={`/ops/stations/${encodeURIComponent(subject)}`}>{subject}</a> <span aria-hidden="true">›</span> {t('sticker.sheet')}
        </p>
        <button type="button" class="button button-main page-head-do" onClick={() => print()}>
          {t('sticker.print')}
        </button>
      </div>
      <h1>{t('sticker.of', { station: data ? titleOf(data) : subject })}</h1>
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : (
        <ul class="plain stickers">
          {data.evses.map(({ id }) => (
            <li key={id} class="sticker">
              <img
                src={`/api/cariflex/v1${base}/evses/${id}/driver-page/qr.svg`}
                width={220}
                height={220}
                alt={t('sticker.alt', { evse: id })}
              />
              <div>
                <p class="sticker-name">
                  {subject} · {t('sticker.evse', { evse: id })}
                </p>
                <p>{t('sticker.scan')}</p>
                {priceOf(id) && (
                  <>
                    <p class="small">{priceOf(id)!.fr}</p>
                    <p class="small" lang="en">
                      {priceOf(id)!.en}
                    </p>
                  </>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
