/** The graphs an asset shows, over any time, as believed now or earlier, with their sources, notes, and an editor. */
import { useMemo, useState } from 'preact/hooks'
import { useCell } from '../../cell.ts'
import { BeliefBar, BeliefChart, sourcesIn, useBeliefChoice } from '../../chart/belief-chart.tsx'
import { COLOURS } from '../../chart/belief-lines.ts'
import { RangeBar, rangeOf } from '../../chart/range.tsx'
import { Replay } from '../../chart/replay.tsx'
import { readRows, type ShownRow } from '../../chart/shown-rows.ts'
import { useBeliefs } from '../../chart/use-beliefs.ts'
import { iso } from '../../format.ts'
import { versions } from '../../live.ts'
import { Empty, Failure, Loading } from '../../parts/state.tsx'
import { useTick } from '../../parts/tick.ts'
import { useEach } from '../../resource.ts'
import { address } from '../../route.ts'
import { parsed, type Thing } from '../../things.ts'
import { useWords } from '../../words.ts'
import { GraphEditor } from './graph-editor.tsx'
import { Notes, useNotes } from './notes.tsx'
import type { TabProps } from './tab.ts'

export function GraphsTab(props: TabProps) {
  const { thing, route, may, onChange } = props
  const { t, language } = useWords()
  const seen = useCell(versions)
  const [editing, setEditing] = useState(false)
  const tick = useTick(60_000)
  const range = rangeOf(route)
  const choice = useBeliefChoice(route)
  const stored = useMemo(() => readRows(parsed<unknown>(thing.sensors_to_show, [])), [thing.sensors_to_show])
  const rows = useMemo(
    (): ShownRow[] =>
      stored.length > 0 ? stored : thing.sensors.slice(0, 2).map(({ id }) => ({ title: '', plots: [{ sensor: id }], rest: {} })),
    [stored, thing.sensors],
  )
  const fields = useFields(rows)
  const resolved = useMemo(() => rows.map((row) => ({ title: row.title, ...valuesOf(row, fields.data) })), [rows, fields.data])
  const ids = [...new Set(resolved.flatMap(({ sensors }) => sensors))]
  const live = range.following ? Math.floor(tick / 60_000) : 0
  const beliefs = useBeliefs(ids, { ...range, ...choice }, `${live}/${seen.plan}/${seen.forecast}`)
  const notes = useNotes(`/api/v3_0/assets/${thing.id}`, range)
  const sources = sourcesIn(beliefs)
  return (
    <div class="page">
      <section class="card" aria-labelledby="graphs">
        <div class="card-head">
          <h2 id="graphs">{t('graph.title')}</h2>
          <div class="buttons">
            {may.change && (
              <button type="button" class="button" aria-expanded={editing} onClick={() => setEditing(!editing)}>
                {t('graph.edit')}
              </button>
            )}
            <a
              class="button"
              download
              href={address(`/api/cariflex/v1/assets/${thing.id}/export.csv`, {
                start: iso(beliefs.grid.start),
                until: iso(beliefs.grid.start + beliefs.grid.count * beliefs.grid.step),
                at: choice.at === null ? undefined : iso(choice.at),
                sensors: ids.join(','),
                decimal: language === 'fr' ? 'comma' : 'point',
              })}
            >
              {t('graph.export')}
            </a>
          </div>
        </div>
        <RangeBar range={range} />
        <BeliefBar choice={choice} sources={sources} />
        <Replay from={range.from} until={range.until} at={choice.at} loading={beliefs.loading} />
      </section>
      {editing && (
        <GraphEditor
          thing={thing}
          rows={rows}
          onClose={(changed) => {
            setEditing(false)
            if (changed) onChange()
          }}
        />
      )}
      {beliefs.errors.map((error) => (
        <Failure key={error.message} error={error} />
      ))}
      {ids.length === 0 && resolved.every(({ fixed }) => fixed.length === 0) ? (
        <section class="card">
          <Empty title={t('graph.none')}>
            <p>{t('graph.none.next')}</p>
          </Empty>
        </section>
      ) : beliefs.sensorsLoading || (beliefs.loading && beliefs.data.size === 0) ? (
        <Loading />
      ) : (
        resolved.map((row, index) => (
          <BeliefChart
            key={index}
            title={row.title || titleOf(row.sensors, beliefs.sensors) || t('graph.number', { n: index + 1 })}
            sensors={row.sensors}
            colours={COLOURS}
            fixed={row.fixed}
            beliefs={beliefs}
            choice={choice}
            bands={notes.bands}
            home={thing.id}
            assetOf={(id) =>
              thing.sensors.some((sensor) => sensor.id === id) ? undefined : beliefs.data.get(String(id))?.sensors[id]?.description
            }
          />
        ))
      )}
      <Notes notes={notes} range={range} path={`/api/v3_0/assets/${thing.id}`} may={may.add} />
    </div>
  )
}

const titleOf = (ids: readonly number[], sensors: ReadonlyMap<number, { name: string }>): string =>
  [...new Set(ids.map((id) => sensors.get(id)?.name ?? ''))].filter(Boolean).join(', ')

/** The assets whose flex fields are drawn. */
function useFields(rows: readonly ShownRow[]) {
  const ids = [...new Set(rows.flatMap(({ plots }) => plots.flatMap((plot) => ('asset' in plot ? [plot.asset] : []))))].sort()
  const key = ids.join()
  return useEach<Thing>(
    useMemo(() => new Map(ids.map((id) => [String(id), `/api/v3_0/assets/${id}`])), [key]),
    'once',
  )
}

export interface FixedLine {
  label: string
  value: number
  unit: string
}

/** Sensors of a row, and fixed quantities of flex fields. */
function valuesOf(row: ShownRow, assets: ReadonlyMap<string, Thing>): { sensors: number[]; fixed: FixedLine[] } {
  const sensors: number[] = []
  const fixed: FixedLine[] = []
  for (const plot of row.plots) {
    if ('sensor' in plot) {
      sensors.push(plot.sensor)
      continue
    }
    const asset = assets.get(String(plot.asset))
    if (!asset) continue
    const value = parsed<Record<string, unknown>>(plot.from === 'flex-model' ? asset.flex_model : asset.flex_context, {})[plot.field]
    if (typeof value === 'object' && value !== null && 'sensor' in value && typeof value.sensor === 'number') sensors.push(value.sensor)
    const [, amount, unit] = typeof value === 'string' ? (/^\s*(-?[\d.]+)\s*(.+)$/.exec(value) ?? []) : []
    if (amount !== undefined && unit) fixed.push({ label: `${plot.field} (${asset.name})`, value: Number(amount), unit: unit.trim() })
  }
  return { sensors: [...new Set(sensors)], fixed }
}
