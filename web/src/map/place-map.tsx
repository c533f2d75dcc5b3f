/** One place on the map: shown, or picked by click and by arrow keys. The coast is built in, pictures of OpenStreetMap come when there are any. */
import L from 'leaflet'
import { useEffect, useRef } from 'preact/hooks'
import 'leaflet/dist/leaflet.css'
import { site } from '../live.ts'
import { useWords } from '../words.ts'
import { OUTLINE } from './outline.gen.ts'
import { useTiles } from './tiles.ts'

export function PlaceMap({
  latitude,
  longitude,
  label,
  onPick,
}: {
  latitude: number | null
  longitude: number | null
  label: string
  /** With it a click says where; without it the map only shows. */
  onPick?: (latitude: number, longitude: number) => void
}) {
  const { t } = useWords()
  const host = useRef<HTMLElement>(null)
  const map = useRef<L.Map | null>(null)
  const mark = useRef<L.Marker | null>(null)
  const pick = useRef(onPick)
  pick.current = onPick
  const home = site.get()
  useEffect(() => {
    if (!host.current) return
    const centre: [number, number] = [latitude ?? home?.latitude ?? 14.64, longitude ?? home?.longitude ?? -61.02]
    const made = L.map(host.current, { zoomControl: false, scrollWheelZoom: false, zoomAnimation: false, fadeAnimation: false })
    made.attributionControl.setPrefix(false)
    L.control.zoom({ position: 'bottomleft', zoomInTitle: t('map.in'), zoomOutTitle: t('map.out') }).addTo(made)
    made.setView(centre, latitude === null ? 9 : 11)
    L.polygon(
      OUTLINE.map((ring) => ring.map(([north, east]) => L.latLng(north, east))),
      { className: 'coast', interactive: false },
    ).addTo(made)
    if (pick.current) made.on('click', ({ latlng }) => pick.current?.(round(latlng.lat), round(L.latLng(latlng).wrap().lng)))
    map.current = made
    const resized = new ResizeObserver(() => made.invalidateSize({ animate: false }))
    resized.observe(host.current)
    return () => {
      resized.disconnect()
      made.remove()
      map.current = null
      mark.current = null
    }
  }, [t])
  useEffect(() => {
    const { current } = map
    if (!current) return
    if (latitude === null || longitude === null) {
      mark.current?.remove()
      mark.current = null
      return
    }
    mark.current ??= L.marker([latitude, longitude], {
      icon: L.divIcon({ className: 'place-pin', iconSize: [22, 22] }),
      keyboard: false,
      interactive: false,
    }).addTo(current)
    mark.current.setLatLng([latitude, longitude])
    if (!current.getBounds().contains([latitude, longitude])) current.panTo([latitude, longitude], { animate: false })
  }, [latitude, longitude, t])
  useTiles(map, host)
  return <section class={`map map-place${onPick ? ' map-pick' : ''}`} ref={host} aria-label={label} />
}

/** Places are stored with seven decimals; five are a metre. */
const round = (degrees: number): number => Math.round(degrees * 1e5) / 1e5
