/** One sensor: its values over any time, their figures by source, what it is, and what can be put into it. */
import { useMemo, useState } from 'preact/hooks'
import { useCell } from '../../cell.ts'
import { BeliefBar, BeliefChart, sourcesIn, useBeliefChoice } from '../../chart/belief-chart.tsx'
import { COLOURS } from '../../chart/belief-lines.ts'
import { RangeBar, rangeOf } from '../../chart/range.tsx'
import { Replay } from '../../chart/replay.tsx'
import { secondsOf, useBeliefs } from '../../chart/use-beliefs.ts'
import { iso } from '../../format.ts'
import { useHeading } from '../../heading.ts'
import { session, versions } from '../../live.ts'
import { later } from '../../parts/later.tsx'
import { SkillTable } from '../../parts/skill-table.tsx'
import { Empty, Failure, Loading, Pending } from '../../parts/state.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { useTick } from '../../parts/tick.ts'
import { useResource, useWhole } from '../../resource.ts'
import { address, type PageProps, type Route } from '../../route.ts'
import { mayOn, type Sensor, type Thing } from '../../things.ts'
import type { Skill } from '../../wire.ts'
import { useWords } from '../../words.ts'
import { lasts } from '../asset/context.tsx'
import { Crumbs } from '../asset/crumbs.tsx'
import { Notes, useNotes } from '../asset/notes.tsx'
import { ForecastDialog } from './forecast.tsx'
import { Stats } from './stats.tsx'
import '../../style/things.css'

const SensorData = later(async () => (await import('./data.tsx')).SensorData)
const SensorProperties = later(async () => (await import('./sensor-properties.tsx')).SensorProperties)

export function SensorPage({ route, subject = '' }: PageProps) {
  const { t } = useWords()
  const who = useCell(session)
  const [version, setVersion] = useState(0)
  const valid = /^\d+$/.test(subject)
  const { data: sensor, error, read, reload } = useWhole<Sensor>(valid ? `/api/v3_0/sensors/${subject}` : null, version)
  const asset = useWhole<Thing>(sensor ? `/api/v3_0/assets/${sensor.generic_asset_id}` : null, version).data
  useHeading(sensor && asset ? `${sensor.name} · ${asset.name}` : sensor?.name)
  if (who.state !== 'in') return null
  if (!valid || error?.status === 404)
    return (
      <Empty title={t('sensor.unknown', { id: subject })}>
        <a class="button" href="/ops/assets">
          {t('asset.all')}
        </a>
      </Empty>
    )
  if (!sensor || !asset) return <Pending error={error} retry={reload} />
  const may = mayOn(who.user, asset.account_id)
  const again = () => setVersion(version + 1)
  const tabs = ['graphs', ...(may.add ? ['data'] : []), 'properties']
  const open = tabs.includes(route.query['tab'] ?? '') ? route.query['tab']! : 'graphs'
  return (
    <div class="page">
      <Crumbs thing={asset} sensor={sensor.name} />
      <div class="page-head">
        <h1>
          {sensor.name}
          <span class="page-head-more">
            {asset.name} · {sensor.unit} · {lasts(secondsOf(sensor), t)}
          </span>
        </h1>
      </div>
      <Tabs
        tabs={tabs.map((id) => ({ id, label: t.code('sensor.tab', id) }))}
        open={open}
        path={`/ops/sensors/${sensor.id}`}
        label={t('sensor.tabs')}
      />
      {open === 'graphs' ? (
        <Values sensor={sensor} route={route} may={may.add} version={version} onChange={again} />
      ) : open === 'data' ? (
        <SensorData sensor={sensor} mayRemove={may.changeSensor} version={version} onChange={again} />
      ) : (
        <SensorProperties key={read} sensor={sensor} asset={asset} may={may.changeSensor} onChange={again} />
      )}
    </div>
  )
}

function Values({
  sensor,
  route,
  may,
  version,
  onChange,
}: {
  sensor: Sensor
  route: Route
  may: boolean
  version: number
  onChange: () => void
}) {
  const { t, language } = useWords()
  const seen = useCell(versions)
  const tick = useTick(60_000)
  const range = rangeOf(route)
  const choice = useBeliefChoice(route)
  const [forecasting, setForecasting] = useState(false)
  const ids = useMemo(() => [sensor.id], [sensor.id])
  const live = range.following ? Math.floor(tick / 60_000) : 0
  const beliefs = useBeliefs(ids, { ...range, ...choice }, `${live}/${seen.plan}/${seen.forecast}/${version}`)
  const notes = useNotes(`/api/v3_0/sensors/${sensor.id}`, range)
  return (
    <div class="page">
      <section class="card" aria-labelledby="sensor-range">
        <div class="card-head">
          <h2 id="sensor-range">{t('sensor.values')}</h2>
          <div class="buttons">
            {may && (
              <button type="button" class="button" onClick={() => setForecasting(true)}>
                {t('job.forecast')}
              </button>
            )}
            <a
              class="button"
              download
              href={address(`/api/cariflex/v1/sensors/${sensor.id}/export.csv`, {
                start: iso(range.from),
                until: iso(range.until),
                at: choice.at === null ? undefined : iso(choice.at),
                decimal: language === 'fr' ? 'comma' : 'point',
              })}
            >
              {t('graph.export')}
            </a>
          </div>
        </div>
        <RangeBar range={range} />
        <BeliefBar choice={choice} sources={sourcesIn(beliefs)} />
        <Replay from={range.from} until={range.until} at={choice.at} loading={beliefs.loading} />
      </section>
      {beliefs.errors.map((error) => (
        <Failure key={error.message} error={error} />
      ))}
      {beliefs.sensorsLoading || (beliefs.loading && beliefs.data.size === 0) ? (
        <Loading />
      ) : (
        <BeliefChart
          title={sensor.name}
          sensors={ids}
          colours={COLOURS}
          beliefs={beliefs}
          choice={choice}
          bands={notes.bands}
          linked={false}
        />
      )}
      <SkillCard sensor={sensor.id} />
      <Stats sensor={sensor} version={version} />
      <Notes notes={notes} range={range} path={`/api/v3_0/sensors/${sensor.id}`} may={may} />
      {forecasting && (
        <ForecastDialog
          sensors={[sensor]}
          onClose={() => {
            setForecasting(false)
            onChange()
          }}
        />
      )}
    </div>
  )
}

/** How good the forecasts of this sensor were, against what was measured since. */
function SkillCard({ sensor }: { sensor: number }) {
  const { t } = useWords()
  const { data } = useResource<Skill[]>(`/forecasts/skill?sensor=${sensor}`)
  if (!data || data.length === 0) return null
  return (
    <section class="card" aria-labelledby="sensor-skill">
      <h2 id="sensor-skill">{t('skill.title')}</h2>
      <p class="muted small">{t('skill.what')}</p>
      <SkillTable days={data.slice(0, 10)} />
    </section>
  )
}
