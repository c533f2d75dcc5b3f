/** Drawn by hand, 24 × 24, one stroke: kinds of energy, pages, outcomes. Always beside words, so hidden from screen readers. */
import type { Kind, Outcome } from '../wire.ts'

const PATHS = {
  pv: 'M12 7.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.8 1.8M17.2 17.2 19 19M19 5l-1.8 1.8M6.8 17.2 5 19',
  battery: 'M3 8.5h15.5v8H3zM18.5 11h2.5v3h-2.5M6 11.2v2.6M9.2 11.2v2.6M12.4 11.2v2.6',
  evse: 'M4.5 21V4.5A1.5 1.5 0 0 1 6 3h6a1.5 1.5 0 0 1 1.5 1.5V21M3 21h12M13.500 12h2a1.500 1.500 0 0 1 1.500 1.500V16a1.800 1.800 0 0 0 3.600 0V9.500L17.500 6.500M9.800 6.500 7.500 10.500h3L8.300 14.500',
  vehicle:
    'M3 16.500v-3.200l1.800-.8L7 8h9l3 4.400 2 .9v3.200M3 16.500h2M9 16.500h6M19 16.500h2M5.200 12.500h13M7 14.800a1.800 1.800 0 1 1 0 3.600 1.800 1.800 0 0 1 0-3.600M17 14.800a1.800 1.800 0 1 1 0 3.600 1.800 1.800 0 0 1 0-3.600',
  weather: 'M7.500 18.500h9.800a3.700 3.700 0 0 0 .4-7.380A5.500 5.500 0 0 0 7.100 10 4.270 4.270 0 0 0 7.500 18.500',
  grid: 'M12 2.500 8 21.500M12 2.500l4 19M9.700 10.500h4.600M5 7.500h14M8.800 15.500l6.400-5M15.200 15.500l-6.400-5M6 21.500h12',
  site: 'M3.500 11 12 3.500 20.500 11M6 9.500v11h12v-11M10 20.500v-6h4v6',
  overview: 'M9 4 3.500 6v14L9 18l6 2 5.500-2V4L15 6 9 4M9 4v14M15 6v14',
  assets: 'M4 5.500h3.500v3.500H4zM4 15h3.500v3.500H4zM11 7.200h9.500M11 16.800h9.500',
  plan: 'M4 6.500h9M8 12h12M4 17.500h7M15 17.500h5M3.500 3v18',
  stations:
    'M4.500 21V4.500A1.500 1.500 0 0 1 6 3h6a1.500 1.500 0 0 1 1.500 1.500V21M3 21h12M7 7h4M13.500 12h2A1.500 1.500 0 0 1 17 13.500V16a1.800 1.800 0 0 0 3.600 0V9.500L17.500 6.500',
  world: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c3 3 3.500 6 3.500 9s-.5 6-3.500 9c-3-3-3.500-6-3.500-9S9 6 12 3',
  jobs: 'M4 6h10M4 12h16M4 18h7M17 4v4M20 10v4M14 16v4',
  forecast: 'M3.500 3v17.500h17M6.500 16.500l4-5 3 2.500M13.500 14l1.600-2M16.700 9.900l1.500-2M19.700 6l.8-1',
  sources:
    'M12 3.500c4.400 0 7.500 1.300 7.500 3S16.400 9.500 12 9.500 4.500 8.200 4.500 6.500s3.100-3 7.500-3M4.500 6.500v11c0 1.700 3.100 3 7.500 3s7.500-1.300 7.500-3v-11M4.500 12c0 1.700 3.100 3 7.500 3s7.500-1.300 7.500-3',
  reports: 'M5.500 3h9l4 4v14h-13V3M14 3v4.500h4.500M9 17.500v-3M12 17.500v-6M15 17.500v-4',
  automations: 'M20 12a8 8 0 1 1-2.700-6M20 3.500V7.500h-4M12 8v4.300l2.800 1.700',
  retention: 'M4 6.500h16M9.500 6.500V4h5v2.500M6 6.500l1 14h10l1-14M10 10.500v6M14 10.500v6',
  mail: 'M3.500 5.500h17v13h-17v-13M4 6.500l8 6.500 8-6.500',
  bell: 'M12 3.500a5.500 5.500 0 0 1 5.500 5.500c0 4.500 2 6 2 7.500h-15c0-1.500 2-3 2-7.500A5.500 5.500 0 0 1 12 3.500M10 19.500a2 2 0 0 0 4 0',
  badge: 'M3.500 6h17v12h-17zM7 9.500h3v3H7zM13 10h4.500M13 14h4.500M7 15.500h3',
  tariff: 'M12.500 3.500H20v7.500l-9 9-7.500-7.500 9-9M16 7.200v.3',
  hook: 'M9.500 14.500l5-5M8 11l-2.500 2.500a3.500 3.500 0 0 0 5 5L13 16M16 13l2.500-2.500a3.500 3.500 0 0 0-5-5L11 8',
  accounts: 'M3.500 20.500h17M5.500 20.500V5.500l7-2.500v17.500M12.500 9l6 2v9.500M8 9h2M8 13h2M8 17h2M15 14h1.500M15 17h1.500',
  users:
    'M9 4.500a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7M2.500 20c0-3.600 2.900-6 6.500-6s6.500 2.400 6.500 6M15.500 5a3.300 3.300 0 0 1 0 6.200M17.500 14.500c2.500.7 4 2.800 4 5.500',
  person: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8M4.500 20.500c0-3.900 3.300-6.500 7.500-6.500s7.500 2.600 7.500 6.500',
  settings:
    'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.800a2.200 2.200 0 1 1 0 4.400 2.200 2.200 0 0 1 0-4.400M9 14.800a2.200 2.200 0 1 1 0 4.400 2.200 2.200 0 0 1 0-4.400',
  more: 'M4 4.500h6v6H4zM14 4.500h6v6h-6zM4 13.500h6v6H4zM14 13.500h6v6h-6z',
  obeyed: 'M4.500 12.500 10 18 20 6.500',
  clipped: 'M5 5v14h14M9 15h7M9 11h4',
  refused: 'M6 6l12 12M18 6 6 18',
  silent: 'M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17M8 12h8',
  waiting: 'M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17M12 7.500V12l3 2',
  alert: 'M12 3.500 2.500 20h19L12 3.500M12 10v4.500M12 17.200v.3',
  info: 'M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17M12 11v5.500M12 7.600v.3',
  pin: 'M9 3h6l-.8 6 3.300 3.500v1.500h-11v-1.500L9.800 9 9 3M12 14v7',
  download: 'M12 4v11.500M7.500 11l4.500 4.500L16.500 11M4.500 19.500h15',
  out: 'M14 4h5.500v16H14M4 12h11M11 8l4 4-4 4',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name, size = 22 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}

/** The same drawing as an element, for what is not drawn by Preact (markers of the map). */
export function iconElement(name: Kind | Outcome, size: number): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  for (const [key, value] of Object.entries({ class: 'icon', width: size, height: size, viewBox: '0 0 24 24', 'aria-hidden': 'true' }))
    svg.setAttribute(key, String(value))
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  path.setAttribute('d', PATHS[name])
  svg.append(path)
  return svg
}
