/** The map of the island: embedded coast always, pictures of OpenStreetMap when they come, one marker per asset. Loaded with the page that shows it. */
import L from 'leaflet'
import 'leaflet/dist/leaflet.css'
import { arrowOf, flowOf } from '../flow.ts'
import { iconElement } from '../parts/icon.tsx'
import type { Asset } from '../wire.ts'
import { OUTLINE } from './outline.gen.ts'
import { spread } from './spread.ts'
import { TILES } from './tiles.ts'

export interface MapWords {
  zoomIn: string
  zoomOut: string
  attribution: string
  /** One line for the tip of a marker. */
  tip(asset: Asset): string
  /** What the bubble of a marker shows; drawn anew each time it opens. */
  bubble(asset: Asset): HTMLElement
}

export interface IslandMap {
  update(assets: Asset[], words: MapWords): void
  tiles(wanted: boolean): void
  destroy(): void
}

/** Distance between the centres of two markers, px; less where the map is small. */
const gapOn = (width: number): number => (width < 480 ? 25 : 30)

interface Pin {
  asset: Asset
  marker: L.Marker
  element: HTMLElement
  leader: L.Polyline
}

export function drawMap(host: HTMLElement, words: MapWords, onTiles: (shown: boolean) => void): IslandMap {
  const coast = OUTLINE.map((ring) => ring.map(([latitude, longitude]) => L.latLng(latitude, longitude)))
  const island = L.latLngBounds(coast.flat())
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
  const map = L.map(host, {
    zoomControl: false,
    scrollWheelZoom: false,
    zoomSnap: 0.25,
    minZoom: 8,
    maxZoom: 17,
    maxBounds: island.pad(1),
    zoomAnimation: !calm,
    fadeAnimation: !calm,
    markerZoomAnimation: !calm,
  })
  map.attributionControl.setPrefix(false)
  L.control.zoom({ position: 'bottomleft', zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(map)
  L.polygon(coast, { className: 'coast', interactive: false }).addTo(map)
  const fit = () => map.fitBounds(island, { padding: [18, 18], animate: false })
  fit()

  let layer: L.TileLayer | undefined
  const dropTiles = () => {
    layer?.remove()
    layer = undefined
    host.classList.remove('has-tiles')
    onTiles(false)
  }
  const tiles = (wanted: boolean) => {
    if (!wanted || !navigator.onLine) return dropTiles()
    if (layer) return
    layer = L.tileLayer(TILES, { attribution: words.attribution, maxZoom: 17, minZoom: 8 })
    layer.once('tileload', () => {
      host.classList.add('has-tiles')
      onTiles(true)
    })
    // The first picture that does not come means no network: the coast below is enough, no need to ask forty times.
    layer.once('tileerror', () => {
      if (!host.classList.contains('has-tiles')) dropTiles()
    })
    layer.addTo(map)
  }

  const pins = new Map<number, Pin>()
  let speak = words
  const arrange = () => {
    const list = [...pins.values()]
    const homes = list.map(({ asset }) => L.latLng(asset.latitude!, asset.longitude!))
    const places = spread(
      homes.map((home) => map.latLngToLayerPoint(home)),
      gapOn(host.clientWidth),
    )
    list.forEach((pin, index) => {
      const place = map.layerPointToLatLng(L.point(places[index]!.x, places[index]!.y))
      pin.marker.setLatLng(place)
      pin.leader.setLatLngs([homes[index]!, place])
    })
    host.classList.toggle('is-near', map.getZoom() >= 12)
  }
  const add = (asset: Asset): Pin => {
    const element = document.createElement('div')
    const at = L.latLng(asset.latitude!, asset.longitude!)
    const marker = L.marker(at, {
      icon: L.divIcon({ html: element, className: 'pin-seat', iconSize: [26, 26] }),
      keyboard: false,
      riseOnHover: true,
    })
    const pin: Pin = { asset, marker, element, leader: L.polyline([at, at], { className: 'leader', interactive: false }) }
    pin.leader.addTo(map)
    marker.bindTooltip(() => speak.tip(pin.asset), { direction: 'top', offset: [0, -12] })
    marker.bindPopup(() => speak.bubble(pin.asset), {
      maxWidth: Math.min(280, host.clientWidth - 90),
      minWidth: 180,
      autoPanPadding: [10, 10],
    })
    marker.addTo(map)
    return pin
  }
  const draw = (pin: Pin) => {
    const { kind, live } = pin.asset
    const arrow = arrowOf(flowOf(kind, live.powerKw))
    const name = `pin pin-${kind} pin-${live.freshness}${pin.asset.order && pin.asset.order.rung !== 'plan' ? ' pin-bent' : ''}`
    const text = live.powerKw === null || live.powerKw === undefined || kind === 'vehicle' ? '' : Math.abs(live.powerKw).toFixed(1)
    const look = `${name}|${arrow}|${text}`
    if (pin.element.dataset['look'] === look) return
    pin.element.dataset['look'] = look
    pin.element.className = name
    const badge = document.createElement('span')
    badge.className = 'pin-arrow'
    badge.textContent = arrow
    const label = document.createElement('span')
    label.className = 'pin-label'
    label.textContent = text
    pin.element.replaceChildren(iconElement(kind, 17), ...(arrow ? [badge] : []), ...(text ? [label] : []))
  }
  const update = (assets: Asset[], next: MapWords) => {
    speak = next
    let moved = false
    const seen = new Set<number>()
    for (const asset of assets) {
      if (
        asset.kind === 'site' ||
        asset.latitude === null ||
        asset.latitude === undefined ||
        asset.longitude === null ||
        asset.longitude === undefined
      )
        continue
      seen.add(asset.asset)
      let pin = pins.get(asset.asset)
      if (!pin) {
        pin = add(asset)
        pins.set(asset.asset, pin)
        moved = true
      }
      if (pin.asset.latitude !== asset.latitude || pin.asset.longitude !== asset.longitude) moved = true
      pin.asset = asset
      draw(pin)
    }
    for (const [key, pin] of pins)
      if (!seen.has(key)) {
        pin.marker.remove()
        pin.leader.remove()
        pins.delete(key)
        moved = true
      }
    if (moved) arrange()
  }
  map.on('zoomend viewreset', arrange)
  let untouched = true
  map.on('dragstart zoomstart', () => {
    untouched = false
  })
  const resized = new ResizeObserver(() => {
    map.invalidateSize({ animate: false })
    if (untouched) {
      fit()
      untouched = true
    }
  })
  untouched = true
  resized.observe(host)
  return {
    update,
    tiles,
    destroy() {
      resized.disconnect()
      map.remove()
    },
  }
}
