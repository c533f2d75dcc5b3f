// Pictures of OpenStreetMap under a map, when there are any; the coast is built in and stays without them.
import L from 'leaflet'
import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'
import { useCell } from '../cell.ts'
import { settings } from '../settings.ts'
import { useWords } from '../words.ts'

export const TILES = 'https://tile.openstreetmap.org/{z}/{x}/{y}.png'

/** Lays tiles under a map while the settings want them; the map's element says by its class whether some came. */
export function useTiles(map: RefObject<L.Map | null>, host: RefObject<HTMLElement | null>): void {
  const { t } = useWords()
  const { tiles } = useCell(settings)
  useEffect(() => {
    const { current } = map
    if (!current || !tiles || !navigator.onLine) return
    const layer = L.tileLayer(TILES, { attribution: t('map.attribution'), maxZoom: 17 })
    layer.once('tileload', () => host.current?.classList.add('has-tiles'))
    layer.once('tileerror', () => {
      if (!host.current?.classList.contains('has-tiles')) layer.remove()
    })
    layer.addTo(current)
    return () => {
      layer.remove()
      host.current?.classList.remove('has-tiles')
    }
  }, [tiles, t])
}
