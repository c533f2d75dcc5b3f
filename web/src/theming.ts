/**
 * The face of an organisation on the shell: its first colour becomes the accent, its second the band under the header, its logo stands
 * before the name. Colours are moved towards black or white until everything written in them can be read (4.5 : 1, WCAG 2.2 AA).
 */
type Rgb = readonly [number, number, number]

const READABLE = 4.5
/** Grounds that the accent is written on, by theme: page, card, tint of what is chosen. */
const GROUNDS: Record<'light' | 'dark', { card: Rgb; page: Rgb; ink: Rgb }> = {
  light: { card: [255, 255, 255], page: [243, 245, 248], ink: [0, 0, 0] },
  dark: { card: [22, 30, 44], page: [14, 20, 32], ink: [255, 255, 255] },
}

/** `#1a6fb0` or `#abc` as numbers; undefined for anything else. */
export function rgbOf(colour: string): Rgb | undefined {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(colour.trim())?.[1]
  if (hex === undefined) return undefined
  const whole = hex.length === 3 ? [...hex].map((each) => each + each).join('') : hex
  return [0, 2, 4].map((at) => Number.parseInt(whole.slice(at, at + 2), 16)) as unknown as Rgb
}
const hexOf = (rgb: Rgb): string => `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`
const mix = (from: Rgb, to: Rgb, share: number): Rgb =>
  from.map((part, index) => Math.round(part + (to[index]! - part) * share)) as unknown as Rgb

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as unknown as Rgb
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** Contrast of two colours after WCAG 2: 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

export interface Accent {
  /** For text, lines and buttons. */
  accent: string
  /** What is written on a button of this colour. */
  onAccent: string
  /** Ground of what is chosen. */
  tint: string
}

/** The colour as it may be used in a theme; undefined when it is none. */
export function accentOf(colour: string, theme: 'light' | 'dark'): Accent | undefined {
  const wanted = rgbOf(colour)
  if (!wanted) return undefined
  const { card, page, ink } = GROUNDS[theme]
  for (let step = 0; ; step++) {
    const accent = mix(wanted, ink, Math.min(1, step / 25))
    const tint = mix(card, accent, theme === 'light' ? 0.1 : 0.14)
    if (step < 25 && [card, page, tint].some((ground) => contrast(accent, ground) < READABLE)) continue
    const [white, black]: [Rgb, Rgb] = [
      [255, 255, 255],
      [14, 20, 32],
    ]
    const onAccent = contrast(accent, white) >= contrast(accent, black) ? white : black
    return { accent: hexOf(accent), onAccent: hexOf(onAccent), tint: hexOf(tint) }
  }
}

export interface Face {
  primaryColor: string | null
  secondaryColor: string | null
  logoUrl: string | null
}

/** Address of a picture that may be shown: https, or a path of this server. */
export const logoOf = (face: Partial<Face> | undefined): string | undefined =>
  face?.logoUrl && (/^https:\/\//i.test(face.logoUrl) || /^\/(?!\/)/.test(face.logoUrl)) ? face.logoUrl : undefined

/** Style properties of a face; none for what it leaves to the platform. */
export function propertiesOf(face: Partial<Face> | undefined): Record<string, string> {
  const [light, dark] = [accentOf(face?.primaryColor ?? '', 'light'), accentOf(face?.primaryColor ?? '', 'dark')]
  const band = [face?.secondaryColor, face?.primaryColor].find((colour) => colour && rgbOf(colour))
  return {
    ...(light && dark
      ? {
          '--accent': `light-dark(${light.accent}, ${dark.accent})`,
          '--on-accent': `light-dark(${light.onAccent}, ${dark.onAccent})`,
          '--tint': `light-dark(${light.tint}, ${dark.tint})`,
        }
      : {}),
    ...(band ? { '--band': band } : {}),
  }
}
