/** Signals of the network operator that arrive as sensor values: load control in percent, demand response in levels (reference grid 10.3). */

import { type Beliefs, flexibleNominal, type Limit, type LimitSource, type Site } from '#ems'
import { after, DAY, formatInstant, type Instant, MINUTE, say, type Watts, watts } from '#kernel'
import { SAYING } from './saying.ts'

/** Length of an event of a signal sensor. */
const STEP = 15 * MINUTE

interface Run {
  from: Instant
  until: Instant
  value: number
}

/**
 * The load control sensor (percent of the flexible devices' nominal charging power that may be consumed, 100 = no limit) and the demand
 * response sensor (level 0 … 3 → shares of the site) as grid limits on flexible consumption. A value holds for its event; equal
 * neighbours make one limit; values that do not limit make none.
 */
export function signalLimits(beliefs: Beliefs, site: Site, step: number = STEP): LimitSource {
  const { loadControl, demandResponse } = site.sensors
  // A day more on either side, so that begin and end of a limit do not depend on the window.
  const runs = async (sensor: number | undefined, from: Instant, until: Instant): Promise<Run[]> =>
    sensor === undefined
      ? []
      : joined(await beliefs.events({ sensor, from: after(from, -DAY), until: after(until, DAY) }), step).filter(
          (run) => run.until > from && run.from < until,
        )
  return {
    name: 'signal sensors',
    async limits(_, from, until) {
      // Stations join a running site: the sum is not known once and for all.
      const nominal = flexibleNominal(site)
      const [percents, levels] = await Promise.all([runs(loadControl, from, until), runs(demandResponse, from, until)])
      const limit = (sensor: number, run: Run, share: number, said: string): Limit[] => {
        if (!(share < 1)) return []
        const max = watts(Math.max(0, share) * nominal)
        const because = sentence(said, share, max, formatInstant(run.until, site.zone).slice(11, 16))
        const id = `sensor-${sensor}-${formatInstant(run.from)}`
        const origin = `sensor ${sensor}`
        return [
          { id, rung: 'grid', asset: site.asset, from: run.from, until: run.until, max, scope: 'flexible-consumption', because, origin },
        ]
      }
      return [
        ...percents.flatMap((run) => limit(loadControl!, run, run.value / 100, say(SAYING.loadControl))),
        ...levels.flatMap((run) => {
          const shares = site.demandResponseShares
          const level = Math.min(Math.max(Math.round(run.value), 0), shares.length - 1)
          return limit(demandResponse!, run, shares[level] ?? 1, say(SAYING.demandResponse, { level }))
        }),
      ]
    },
  }
}

const sentence = (signal: string, share: number, max: Watts, time: string): string =>
  share <= 0
    ? say(SAYING.nothingAllowed, { time, signal })
    : say(SAYING.shareAllowed, { share: `${Math.round(share * 100)} %`, power: `${Math.round(max / 1000)} kW`, time, signal })

/** Equal values one after another as runs. */
function joined(events: readonly { start: Instant; value: number }[], step: number): Run[] {
  const runs: Run[] = []
  for (const { start, value } of events) {
    const last = runs.at(-1)
    if (last && last.until === start && last.value === value) last.until = after(start, step)
    else runs.push({ from: start, until: after(start, step), value })
  }
  return runs
}
