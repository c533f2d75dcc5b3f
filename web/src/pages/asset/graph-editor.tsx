/** Which sensors an asset shows in which graph, and its key figures: by drag and drop, and all of it by keyboard. */
import { useMemo, useState } from 'preact/hooks'
import { patch } from '../../api.ts'
import { useCell } from '../../cell.ts'
import { moved, type Plot, type ShownRow, writeRows } from '../../chart/shown-rows.ts'
import { announce } from '../../parts/announce.tsx'
import { Submit, useSending } from '../../parts/form.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useEach, useWhole } from '../../resource.ts'
import { parsed, type Sensor, type Thing } from '../../things.ts'
import { useTree } from '../../tree.ts'
import { useWords } from '../../words.ts'

interface Kpi {
  title: string
  sensor: number
  function?: string
}
const FUNCTIONS = ['sum', 'mean', 'min', 'max']
/** What is being dragged: a graph, or a sensor of one. */
type Dragged = { row: number; plot?: number }

export function GraphEditor({ thing, rows, onClose }: { thing: Thing; rows: ShownRow[]; onClose: (changed: boolean) => void }) {
  const { t } = useWords()
  const sending = useSending()
  const [draft, setDraft] = useState<ShownRow[]>(rows)
  const [kpis, setKpis] = useState<Kpi[]>(() => parsed<Kpi[]>(thing.sensors_to_show_as_kpis, []))
  const [dragged, setDragged] = useState<Dragged | null>(null)
  const tree = useCell(useTree()) ?? []
  const below = useWhole<Sensor[]>(`/api/v3_0/sensors?asset=${thing.id}`)
  const listed = below.data ?? []
  const strangers = [
    ...new Set([
      ...draft.flatMap(({ plots }) => plots.flatMap((plot) => ('sensor' in plot ? [plot.sensor] : []))),
      ...kpis.map(({ sensor }) => sensor),
    ]),
  ].filter((id) => below.data && !listed.some((sensor) => sensor.id === id))
  const others = useEach<Sensor>(
    useMemo(() => new Map(strangers.map((id) => [String(id), `/api/v3_0/sensors/${id}`])), [strangers.join()]),
    'once',
  )
  const nameOf = (id: number): string => {
    const sensor = listed.find((each) => each.id === id) ?? others.data.get(String(id))
    if (!sensor) return t('asset.prop.sensor.id', { sensor: id })
    const asset = sensor.generic_asset_id === thing.id ? '' : (tree.find((line) => line.id === sensor.generic_asset_id)?.name ?? '')
    return `${asset ? `${asset} · ` : ''}${sensor.name} (${sensor.unit})`
  }
  const plotName = (plot: Plot): string => ('sensor' in plot ? nameOf(plot.sensor) : `${plot.field} (${plot.asset})`)
  const change = (index: number, to: Partial<ShownRow>) => setDraft(draft.map((row, at) => (at === index ? { ...row, ...to } : row)))
  const move = (from: number, to: number) => {
    setDraft(moved(draft, from, to))
    announce(t('graph.moved', { n: Math.max(1, Math.min(draft.length, to + 1)) }))
  }
  const drop = (row: number, plot?: number) => {
    if (!dragged) return
    setDragged(null)
    if (dragged.plot === undefined) return setDraft(moved(draft, dragged.row, row))
    const taken = draft[dragged.row]?.plots[dragged.plot]
    if (!taken) return
    const without = draft.map((each, at) =>
      at === dragged.row ? { ...each, plots: each.plots.filter((_, place) => place !== dragged.plot) } : each,
    )
    const at = plot ?? without[row]!.plots.length
    setDraft(
      without.map((each, index) =>
        index === row ? { ...each, plots: [...each.plots.slice(0, at), taken, ...each.plots.slice(at)] } : each,
      ),
    )
  }
  const save = () =>
    patch(`/api/v3_0/assets/${thing.id}`, {
      sensors_to_show: JSON.stringify(writeRows(draft)),
      sensors_to_show_as_kpis: JSON.stringify(kpis.map((kpi) => ({ ...kpi, title: kpi.title.trim() || nameOf(kpi.sensor) }))),
    })
  const options = (taken: readonly number[]) => listed.filter(({ id }) => !taken.includes(id))
  return (
    <section class="card" aria-labelledby="graph-editor">
      <h2 id="graph-editor">{t('graph.edit.title')}</h2>
      <p class="muted lead">{t('graph.edit.how')}</p>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          if (await sending.send(save, t('form.saved'))) onClose(true)
        }}
      >
        <ol class="plain editor">
          {draft.map((row, index) => (
            <li
              key={index}
              class={`editor-row${dragged && dragged.row !== index ? ' editor-target' : ''}`}
              onDragOver={(event) => dragged && event.preventDefault()}
              onDrop={(event) => {
                event.preventDefault()
                drop(index)
              }}
            >
              <div class="editor-head">
                <span
                  class="editor-grip"
                  draggable
                  aria-hidden="true"
                  onDragStart={(event) => {
                    event.dataTransfer?.setData('text/plain', String(index))
                    setDragged({ row: index })
                  }}
                  onDragEnd={() => setDragged(null)}
                >
                  ⠿
                </span>
                <input
                  aria-label={t('graph.row.title', { n: index + 1 })}
                  placeholder={t('graph.number', { n: index + 1 })}
                  value={row.title}
                  onInput={(event) => change(index, { title: event.currentTarget.value })}
                />
                <button
                  type="button"
                  class="button button-quiet"
                  disabled={index === 0}
                  aria-label={t('graph.up', { n: index + 1 })}
                  onClick={() => move(index, index - 1)}
                >
                  ▲
                </button>
                <button
                  type="button"
                  class="button button-quiet"
                  disabled={index === draft.length - 1}
                  aria-label={t('graph.down', { n: index + 1 })}
                  onClick={() => move(index, index + 1)}
                >
                  ▼
                </button>
                <button
                  type="button"
                  class="button button-quiet"
                  aria-label={t('graph.row.remove', { n: index + 1 })}
                  onClick={() => setDraft(draft.filter((_, at) => at !== index))}
                >
                  <Icon name="refused" size={18} />
                </button>
              </div>
              <ul class="plain chips">
                {row.plots.map((plot, place) => (
                  <li
                    key={plotName(plot)}
                    class="chip editor-chip"
                    draggable
                    onDragStart={(event) => {
                      event.stopPropagation()
                      event.dataTransfer?.setData('text/plain', plotName(plot))
                      setDragged({ row: index, plot: place })
                    }}
                    onDragEnd={() => setDragged(null)}
                    onDrop={(event) => {
                      event.preventDefault()
                      event.stopPropagation()
                      drop(index, place)
                    }}
                  >
                    {plotName(plot)}
                    <button
                      type="button"
                      class="chip-remove"
                      aria-label={t('graph.remove', { name: plotName(plot) })}
                      onClick={() => change(index, { plots: row.plots.filter((_, at) => at !== place) })}
                    >
                      <Icon name="refused" size={16} />
                    </button>
                  </li>
                ))}
              </ul>
              <select
                aria-label={t('graph.add', { n: index + 1 })}
                value=""
                onChange={(event) => {
                  const id = Number(event.currentTarget.value)
                  if (id > 0) change(index, { plots: [...row.plots, { sensor: id }] })
                  event.currentTarget.value = ''
                }}
              >
                <option value="">{t('graph.add.choose')}</option>
                {options(row.plots.flatMap((plot) => ('sensor' in plot ? [plot.sensor] : []))).map((sensor) => (
                  <option key={sensor.id} value={sensor.id}>
                    {nameOf(sensor.id)}
                  </option>
                ))}
              </select>
            </li>
          ))}
        </ol>
        <div class="buttons">
          <button type="button" class="button" onClick={() => setDraft([...draft, { title: '', plots: [], rest: {} }])}>
            {t('graph.row.add')}
          </button>
        </div>
        <h3>{t('kpi.title')}</h3>
        <p class="muted small">{t('kpi.how')}</p>
        <ul class="plain editor">
          {kpis.map((kpi, index) => (
            <li key={index} class="editor-kpi">
              <input
                aria-label={t('kpi.name', { n: index + 1 })}
                placeholder={nameOf(kpi.sensor)}
                value={kpi.title}
                onInput={(event) => setKpis(kpis.map((each, at) => (at === index ? { ...each, title: event.currentTarget.value } : each)))}
              />
              <select
                aria-label={t('kpi.of', { n: index + 1 })}
                value={kpi.sensor}
                onChange={(event) =>
                  setKpis(kpis.map((each, at) => (at === index ? { ...each, sensor: Number(event.currentTarget.value) } : each)))
                }
              >
                {!listed.some(({ id }) => id === kpi.sensor) && <option value={kpi.sensor}>{nameOf(kpi.sensor)}</option>}
                {listed.filter(isDaily(kpi.sensor)).map((sensor) => (
                  <option key={sensor.id} value={sensor.id}>
                    {nameOf(sensor.id)}
                  </option>
                ))}
              </select>
              <select
                aria-label={t('kpi.how.of', { n: index + 1 })}
                value={kpi.function ?? 'sum'}
                onChange={(event) =>
                  setKpis(kpis.map((each, at) => (at === index ? { ...each, function: event.currentTarget.value } : each)))
                }
              >
                {FUNCTIONS.map((each) => (
                  <option key={each} value={each}>
                    {t.code('kpi.function', each)}
                  </option>
                ))}
              </select>
              <button
                type="button"
                class="button button-quiet"
                aria-label={t('kpi.remove', { n: index + 1 })}
                onClick={() => setKpis(kpis.filter((_, at) => at !== index))}
              >
                <Icon name="refused" size={18} />
              </button>
            </li>
          ))}
        </ul>
        {listed.some(isDaily()) ? (
          <div class="buttons">
            <button
              type="button"
              class="button"
              onClick={() => setKpis([...kpis, { title: '', sensor: listed.find(isDaily())!.id, function: 'sum' }])}
            >
              {t('kpi.add')}
            </button>
          </div>
        ) : (
          below.data && <p class="muted small">{t('kpi.no-daily')}</p>
        )}
        <Submit sending={sending} label={t('form.save')}>
          <button type="button" class="button" onClick={() => onClose(false)}>
            {t('form.cancel')}
          </button>
        </Submit>
      </form>
    </section>
  )
}

/** Key figures are made of days. */
const isDaily =
  (chosen?: number) =>
  (sensor: Sensor): boolean =>
    sensor.id === chosen || /^P1D|^PT24H/.test(sensor.event_resolution)
