/** The versions this program speaks. */
import type { Dialect, OcppVersion } from './dialect.ts'
import { v16 } from './v16.ts'
import { v21 } from './v21.ts'
import { v201 } from './v201.ts'

/** Best first: a station end offers them in this order. */
export const DIALECTS: readonly Dialect[] = [v21, v201, v16]

/** The dialect of a version, whether written as a subprotocol ('ocpp1.6', in any case) or by its number ('1.6'). */
export const dialectOf = (version: string): Dialect | undefined => {
  const wanted = version.trim().toLowerCase()
  return DIALECTS.find((one) => one.version === wanted || one.name === wanted)
}

/**
 * Which of the offered subprotocols to speak: the client's order is its preference; compared without regard to case, answered as offered.
 * Nothing offered, or nothing known: undefined.
 */
export const chooseVersion = (
  offered: Iterable<string>,
  spoken: readonly OcppVersion[] = DIALECTS.map(({ version }) => version),
): { offered: string; version: OcppVersion } | undefined => {
  for (const name of offered) {
    const version = spoken.find((known) => known === name.trim().toLowerCase())
    if (version) return { offered: name, version }
  }
  return undefined
}
