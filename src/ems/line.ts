/** The straight line of one site, put together: everything a heartbeat needs, and nothing it would carry over. */
import { type Bus, type Clock, describeError, type Log, SECOND } from '#kernel'
import type { Store } from '#store'
import { type Alarms, openAlarms } from './alarms.ts'
import type { Beliefs, SourceKey } from './belief.ts'
import type { Devices } from './device.ts'
import type { LimitSource } from './limit.ts'
import { type Limits, openLimits } from './limits.ts'
import { openWatch, type Watch } from './look.ts'
import type { News } from './news.ts'
import { type Overrides, openOverrides } from './overrides.ts'
import { openPlans, type Plans } from './plans.ts'
import { openRecorder, type Recorder } from './recorder.ts'
import type { Sensors } from './sensors.ts'
import { openSetpoints, type Setpoints } from './setpoints.ts'
import type { Site } from './site.ts'
import { type Lanes, openLanes } from './tell.ts'

export interface Line {
  site: Site
  store: Store
  clock: Clock
  bus: Bus<News>
  log: Log
  devices: Devices
  /** Time between two looks at the devices, ms. */
  period: number
  beliefs: Beliefs
  sensors: Sensors
  recorder: Recorder
  watch: Watch
  plans: Plans
  limits: Limits
  overrides: Overrides
  setpoints: Setpoints
  lanes: Lanes
  alarms: Alarms
}

export interface LineParts {
  site: Site
  store: Store
  clock: Clock
  bus: Bus<News>
  log: Log
  devices: Devices
  beliefs: Beliefs
  sensors: Sensors
  /** Limits beside the posted ones: signal sensors, programmes. */
  limitSources?: readonly LimitSource[]
  /** Who measured what devices tell; default a gateway named after the site's author. */
  readingSource?: SourceKey
  /** Time between two looks at the devices, ms; default 10 s. */
  period?: number
  /** How long one look at the devices lasts at most, ms. */
  patience?: number
}

/** Puts the line of a site together. Nothing runs yet: `startHeartbeat` and `startPlanner` do that. */
export function openLine({ limitSources = [], readingSource, patience, period = 10 * SECOND, ...parts }: LineParts): Line {
  const { site, store, clock, bus, log, devices, beliefs, sensors } = parts
  const source = readingSource ?? { name: site.author, type: 'gateway' }
  const recorder = openRecorder({ store, clock, bus, beliefs, sensors, site: site.asset, source })
  const setpoints = openSetpoints(store, site)
  const onError = (error: unknown, name: string) => log.warn({ source: name, error: describeError(error) }, 'a source of limits failed')
  return {
    ...parts,
    period,
    recorder,
    setpoints,
    watch: openWatch({ devices, recorder, clock, log, ...(patience !== undefined && { patience }) }),
    plans: openPlans(store),
    limits: openLimits({ store, clock, bus, site, sources: limitSources, onError }),
    overrides: openOverrides({ store, clock, bus, site }),
    alarms: openAlarms({ store, clock, bus }),
    lanes: openLanes(clock, async (entry, answer) => {
      bus.tell({ kind: 'setpoint', device: entry.device, asset: entry.asset })
      await setpoints.answered(entry.id, answer, clock.now())
    }),
  }
}
