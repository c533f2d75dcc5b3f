/** Tariffs: each in words, where it holds, what a session would cost; made by a form, or as JSON. */
import '../../style/things.css'
import { useState } from 'preact/hooks'
import { remove } from '../../api.ts'
import { useCell } from '../../cell.ts'
import type { TariffChoice, TariffShown } from '../../charging-wire.ts'
import { session } from '../../live.ts'
import { Confirm } from '../../parts/dialog.tsx'
import { Pending, Stale } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { steers } from '../../things.ts'
import { useWords } from '../../words.ts'
import { Choices } from './choices.tsx'
import { Preview } from './preview.tsx'
import { TariffForm } from './tariff-form.tsx'

export function Tariffs() {
  const { t, language } = useWords()
  const who = useCell(session)
  const may = who.state === 'in' && steers(who.user)
  const [version, setVersion] = useState(0)
  const [edited, setEdited] = useState<TariffShown | 'new' | null>(null)
  const [gone, setGone] = useState<string | null>(null)
  const again = () => setVersion((count) => count + 1)
  const { data, error, reload } = useResource<TariffShown[]>('/tariffs', version)
  const { data: choices } = useResource<TariffChoice[]>('/tariff-choices', version)
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('tariffs.title')}</h1>
        {may && !edited && (
          <button type="button" class="button button-main page-head-do" onClick={() => setEdited('new')}>
            {t('tariffs.new')}
          </button>
        )}
      </div>
      {edited && (
        <TariffForm
          key={edited === 'new' ? '' : edited.tariff.id}
          shown={edited === 'new' ? null : edited}
          onClose={(done) => {
            setEdited(null)
            if (done) again()
          }}
        />
      )}
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.length === 0 ? (
        <p class="empty">{t('tariffs.none')}</p>
      ) : (
        data.map((shown) => {
          const { id } = shown.tariff
          const places = (choices ?? []).filter(({ tariff }) => tariff?.toLowerCase() === id.toLowerCase())
          return (
            <section key={id} class="card" aria-labelledby={`tariff-${id}`}>
              <h2 id={`tariff-${id}`} class="break">
                {id}
              </h2>
              <p lang={language}>{shown.said[language]}</p>
              <p class="muted small">
                {places.length === 0
                  ? t('tariffs.nowhere')
                  : t('tariffs.holds', {
                      places: places.map(({ scope, key }) => `${t.code('tariffs.scope', scope)} ${key}`.trim()).join(', '),
                    })}
              </p>
              <Preview tariff={shown.tariff} />
              {may && (
                <div class="buttons">
                  <button type="button" class="button" aria-label={t('tariffs.change.this', { id })} onClick={() => setEdited(shown)}>
                    {t('tariffs.change')}
                  </button>
                  <button
                    type="button"
                    class="button button-quiet"
                    aria-label={t('tariffs.remove.this', { id })}
                    onClick={() => setGone(id)}
                  >
                    {t('tariffs.remove')}
                  </button>
                </div>
              )}
            </section>
          )
        })
      )}
      {choices && data && <Choices choices={choices} tariffs={data.map(({ tariff }) => tariff.id)} may={may} onChange={again} />}
      {gone !== null && (
        <Confirm
          title={t('tariffs.remove.this', { id: gone })}
          label={t('tariffs.remove')}
          done={t('tariffs.removed')}
          act={() => remove(`/tariffs/${encodeURIComponent(gone)}`)}
          onClose={(done) => {
            setGone(null)
            if (done) again()
          }}
        >
          <p>{t('tariffs.remove.what')}</p>
        </Confirm>
      )}
    </div>
  )
}
