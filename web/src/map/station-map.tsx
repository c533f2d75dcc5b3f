/** All stations that were found on the map, ten thousand of them on one canvas; a click tells which one it is. The list is its twin. */
import L from 'leaflet'
import { useEffect, useRef } from 'preact/hooks'
import 'leaflet/dist/leaflet.css'
import { useCell } from '../cell.ts'
import { STANDINGS, type Standing, type StationPlace } from '../charging-wire.ts'
import { go } from '../route.ts'
import { settings } from '../settings.ts'
import { useWords } from '../words.ts'
import { OUTLINE } from './outline.gen.ts'
import { useTiles } from './tiles.ts'

/** Colour, size and filling: told apart without colours too. */
const LOOKS: Record<Standing, { colour: string; radius: number; filled: boolean; dash?: string }> = {
  fault: { colour: '--alert', radius: 9, filled: true },
  offline: { colour: '--text-soft', radius: 6, filled: false, dash: '2 3' },
  parked: { colour: '--import', radius: 6, filled: false, dash: '6 3' },
  busy: { colour: '--vehicle', radius: 7, filled: true },
  free: { colour: '--vehicle', radius: 6, filled: false },
}
/** What cries loudest lies on top. */
const ORDER: readonly Standing[] = ['free', 'busy', 'parked', 'offline', 'fault']

/** A canvas knows no variables: what they are here and now. */
function coloursIn(place: HTMLElement): Record<Standing, string> {
  const probe = place.appendChild(document.createElement('i'))
  const colours = STANDINGS.map((one) => {
    probe.style.color = `var(${LOOKS[one].colour})`
    return [one, getComputedStyle(probe).color] as const
  })
  probe.remove()
  return Object.fromEntries(colours) as Record<Standing, string>
}

export function StationMap({ places, missing }: { places: StationPlace[]; missing: number }) {
  const { t } = useWords()
  const { theme } = useCell(settings)
  const host = useRef<HTMLElement>(null)
  const map = useRef<L.Map | null>(null)
  const dots = useRef<L.LayerGroup | null>(null)
  const canvas = useRef<L.Canvas | null>(null)
  const isFitted = useRef(false)

  useEffect(() => {
    if (!host.current) return
    const made = L.map(host.current, {
      zoomControl: false,
      scrollWheelZoom: false,
      zoomAnimation: false,
      fadeAnimation: false,
    })
    made.attributionControl.setPrefix(false)
    L.control.zoom({ position: 'bottomleft', zoomInTitle: t('map.in'), zoomOutTitle: t('map.out') }).addTo(made)
    const coast = OUTLINE.map((ring) => ring.map(([north, east]) => L.latLng(north, east)))
    made.fitBounds(L.latLngBounds(coast.flat()), { padding: [18, 18] })
    L.polygon(coast, { className: 'coast', interactive: false }).addTo(made)
    // Above the land, which would hide them.
    made.createPane('dots').style.zIndex = '450'
    canvas.current = L.canvas({ pane: 'dots' })
    dots.current = L.layerGroup().addTo(made)
    map.current = made
    isFitted.current = false
    const resized = new ResizeObserver(() => made.invalidateSize({ animate: false }))
    resized.observe(host.current)
    return () => {
      resized.disconnect()
      made.remove()
      map.current = null
    }
  }, [t])
  useEffect(() => {
    const { current } = map
    if (!current || !dots.current || !host.current) return
    const colours = coloursIn(host.current)
    dots.current.clearLayers()
    for (const { identity, standing, latitude, longitude } of [...places].sort(
      (a, b) => ORDER.indexOf(a.standing) - ORDER.indexOf(b.standing),
    )) {
      const { radius, filled, dash } = LOOKS[standing]
      const color = colours[standing]
      L.circleMarker([latitude, longitude], {
        ...{ radius, color, weight: 2, fillColor: color, fillOpacity: filled ? 0.85 : 0.08 },
        ...(dash === undefined ? {} : { dashArray: dash }),
        ...(canvas.current ? { renderer: canvas.current, pane: 'dots' } : {}),
      })
        .bindTooltip(`${identity} · ${t.code('standing', standing)}`)
        .on('click', () => go(`/ops/stations/${encodeURIComponent(identity)}`))
        .addTo(dots.current)
    }
    // Once: whoever looks at one corner is not taken away from it when the states change.
    if (isFitted.current || places.length === 0) return
    isFitted.current = true
    current.fitBounds(L.latLngBounds(places.map(({ latitude, longitude }) => [latitude, longitude])), { padding: [30, 30], maxZoom: 12 })
  }, [places, theme, t])
  useTiles(map, host)
  return (
    <section class="card map-card" aria-label={t('map.title')}>
      <section class="map" ref={host} aria-label={t('stations.map')} />
      <ul class="plain legend">
        {STANDINGS.map((one) => (
          <li key={one}>
            <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
              <circle
                cx="10"
                cy="10"
                r={LOOKS[one].radius}
                stroke={`var(${LOOKS[one].colour})`}
                stroke-width="2"
                stroke-dasharray={LOOKS[one].dash}
                fill={`var(${LOOKS[one].colour})`}
                fill-opacity={LOOKS[one].filled ? 0.85 : 0.08}
              />
            </svg>{' '}
            {t.code('standing', one)}
          </li>
        ))}
        {missing > 0 && <li class="muted">{t('stations.unplaced', { n: missing })}</li>}
      </ul>
    </section>
  )
}
