/** Models of stations: what each declared, what was learnt of it by trying, and which of its quirks are mended. */
import { useCell } from '../cell.ts'
import type { ModelCard } from '../charging-wire.ts'
import { site } from '../live.ts'
import { Simulated } from '../parts/marks.tsx'
import { Empty, Pending, Stale } from '../parts/state.tsx'
import { useResource } from '../resource.ts'
import { address } from '../route.ts'
import { useWords } from '../words.ts'

/** Forms of an order, from the first that is tried to the last. */
const FORMS = ['dynamic', 'tx', 'default', 'default-zero', 'default-relative', 'station-max']

export function Models() {
  const { t } = useWords()
  const place = useCell(site)
  const { data, error, reload } = useResource<ModelCard[]>('/charging/models')
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('models.title')}</h1>
        <Simulated on={place?.demo} />
      </div>
      <p class="lead">{t('models.lead')}</p>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.length === 0 ? (
        <Empty title={t('models.none')}>
          <a class="button" href="/ops/stations">
            {t('stations.all')}
          </a>
        </Empty>
      ) : (
        <ul class="plain station-list">
          {data.map((model) => (
            <li key={`${model.vendor} ${model.model} ${model.protocol}`} class="card">
              <Model model={model} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Model({ model }: { model: ModelCard }) {
  const { t, f } = useWords()
  const { card, learned, said, quirks } = model
  const yes = (on: boolean | undefined) => t(on ? 'card.yes' : 'card.no')
  const facts: [string, string][] = [
    [t('card.units'), card.units.join(', ')],
    [t('card.periods'), String(card.maxPeriods)],
    [t('card.least'), f.amount(card.minCurrent, 'A')],
    [t('card.step'), f.amount(card.step, 'A')],
    [t('card.phases'), yes(card.phaseSwitching)],
    [t('models.negative'), yes(card.negative)],
    [t('models.dynamic'), yes(card.dynamic)],
  ]
  const now = learned.form?.split(' ')[0]
  const deaf = new Set((learned.deaf ?? []).map((form) => form.split(' ')[0]))
  return (
    <>
      <h2>
        {model.vendor} {model.model}
      </h2>
      <p class="small">
        <span class="rung">OCPP {model.protocol}</span>{' '}
        <a href={address('/ops/stations', { model: model.model })}>{t('models.count', { n: model.count, online: model.online })}</a>
        {model.firmware.length > 0 && <span class="block muted">{t('models.firmware', { versions: model.firmware.join(', ') })}</span>}
      </p>
      <h3>{t('models.declared')}</h3>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {Object.keys(said).length > 0 && <p class="small muted">{t('models.said', { fields: Object.keys(said).join(', ') })}</p>}
      <h3>{t('models.ladder')}</h3>
      <ol class="plain models-ladder">
        {FORMS.map((form) => (
          <li key={form} aria-current={form === now ? 'step' : undefined} class="small">
            {t.code('models.form', form)} {form === now && <b class="good">{t('models.works')}</b>}{' '}
            {deaf.has(form) && <span class="bad">{t('models.deaf')}</span>}
          </li>
        ))}
      </ol>
      <p class="small muted">
        {[
          learned.form === undefined ? t('models.untried') : null,
          learned.clearFirst ? t('models.clear-first') : null,
          learned.readsBack === false ? t('models.mute') : null,
        ]
          .filter(Boolean)
          .join(' ')}
      </p>
      <details class="fold">
        <summary>{quirks.length === 0 ? t('models.strict') : t('models.quirks', { n: quirks.length })}</summary>
        <ul class="small">
          {quirks.map((quirk) => (
            <li key={quirk}>{t.code('models.quirk', quirk)}</li>
          ))}
        </ul>
      </details>
    </>
  )
}
