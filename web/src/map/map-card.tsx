/** Card with the map: loads Leaflet when it is first shown, keeps the markers live, says when the pictures of the map are missing. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { useCell } from '../cell.ts'
import { arrowOf, flowOf } from '../flow.ts'
import { KindMark } from '../parts/marks.tsx'
import { go } from '../route.ts'
import { settings } from '../settings.ts'
import type { Asset } from '../wire.ts'
import { useWords, type Words } from '../words.ts'
import type { IslandMap, MapWords } from './island-map.ts'

function wordsOfMap({ t, f, said }: Words): MapWords {
  const power = (asset: Asset): string => {
    const flow = flowOf(asset.kind, asset.live.powerKw)
    if (asset.kind === 'vehicle') {
      const charge =
        asset.live.socKwh !== null && asset.live.socKwh !== undefined && asset.capacityKwh
          ? f.percent(asset.live.socKwh / asset.capacityKwh)
          : ''
      return [asset.live.plugged ? t('plugged.to', { other: asset.live.plugged }) : t('plugged.away'), charge].filter(Boolean).join(' · ')
    }
    if (flow === 'idle' || flow === 'unknown') return t.code('flow', flow)
    return `${t.code('flow', flow)} ${arrowOf(flow)} ${f.amount(Math.abs(asset.live.powerKw ?? 0), 'kW')}`
  }
  return {
    zoomIn: t('map.in'),
    zoomOut: t('map.out'),
    attribution: t('map.attribution'),
    tip: (asset) => `${asset.device ?? asset.name} · ${power(asset)}`,
    bubble(asset) {
      const box = document.createElement('div')
      box.className = 'bubble'
      const say = (tag: 'p' | 'b', text: string, name = '') => {
        const element = document.createElement(tag)
        element.textContent = text
        if (name) element.className = name
        box.append(element)
        return element
      }
      say('b', asset.device ?? asset.name)
      say('p', [t.code('kind', asset.kind), asset.town].filter(Boolean).join(' · '), 'muted')
      say('p', power(asset), 'strong')
      if (asset.live.freshness !== 'fresh') say('p', t.code('fresh', asset.live.freshness), `fresh fresh-${asset.live.freshness}`)
      if (asset.order) say('p', `${t('order.because')} ${said(asset.order.because)}`)
      const link = document.createElement('a')
      link.href = `/ops/assets/${asset.asset}`
      link.textContent = t('map.open', { name: asset.device ?? asset.name })
      link.className = 'button'
      link.addEventListener('click', (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return
        event.preventDefault()
        go(`/ops/assets/${asset.asset}`)
      })
      box.append(link)
      return box
    },
  }
}

export function MapCard({ all }: { all: Asset[] }) {
  const words = useWords()
  const { t } = words
  const host = useRef<HTMLElement>(null)
  const map = useRef<IslandMap | null>(null)
  const latest = useRef(all)
  latest.current = all
  const { tiles } = useCell(settings)
  const [shown, setShown] = useState<boolean | undefined>()
  const [failed, setFailed] = useState(false)

  useEffect(() => {
    let gone = false
    import('./island-map.ts').then(
      ({ drawMap }) => {
        if (gone || !host.current) return
        map.current = drawMap(host.current, wordsOfMap(words), setShown)
        map.current.tiles(settings.get().tiles)
        map.current.update(latest.current, wordsOfMap(words))
      },
      () => setFailed(true),
    )
    return () => {
      gone = true
      map.current?.destroy()
      map.current = null
    }
  }, [words.language])
  useEffect(() => {
    if (!document.hidden) map.current?.update(all, wordsOfMap(words))
  }, [all, words])
  useEffect(() => {
    map.current?.tiles(tiles)
    const again = () => map.current?.tiles(settings.get().tiles)
    addEventListener('online', again)
    return () => removeEventListener('online', again)
  }, [tiles])

  return (
    <section class="card map-card" aria-labelledby="map-title">
      <h2 id="map-title">{t('map.title')}</h2>
      {failed ? (
        <div class="empty">
          <p>{t('map.failed')}</p>
          <button type="button" class="button" onClick={() => location.reload()}>
            {t('state.reload')}
          </button>
        </div>
      ) : (
        <section class="map" ref={host} aria-label={t('map.label')} />
      )}
      <ul class="plain legend">
        {(['pv', 'battery', 'evse', 'vehicle'] as const).map((kind) => (
          <li key={kind}>
            <KindMark kind={kind} /> {t.code('kind', kind)}
          </li>
        ))}
        <li>
          <span class="pin-bent-sample" aria-hidden="true" /> {t('map.bent')}
        </li>
        {shown === false && <li class="muted">{t('map.offline')}</li>}
      </ul>
    </section>
  )
}
