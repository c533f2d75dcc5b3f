/** The functional blocks of OCPP 2.0.1 that people use, put together: each with its store, all through one list of commands. */
import { type Clock, describeError, type Instant, type Log, say } from '#kernel'
import type { MessageInfoType, MonitoringDataType } from '#protocols/ocpp'
import { asTimestamp, type Store } from '#store'
import { type Campaigns, openCampaigns } from './campaigns.ts'
import { type Commands, openCommands } from './commands.ts'
import type { ChargingConfig } from './config.ts'
import { type Customers, openCustomers } from './customers.ts'
import type { Variable } from './device-model.ts'
import { type Displays, openDisplays } from './display.ts'
import { type Errands, openErrands } from './errands.ts'
import { openStationFiles, type StationFiles } from './files.ts'
import { type Gatherer, gatherer } from './gather.ts'
import { type LocalLists, openLocalLists } from './local-list.ts'
import { type Monitoring, openMonitoring } from './monitoring.ts'
import { openReservations, type Reservations } from './reservations.ts'
import { SAYING } from './saying.ts'
import type { ReportedProfile } from './smart/held-profiles.ts'
import type { Station } from './station.ts'
import { openVariableDesk, type Variables } from './variables.ts'

/** What operators use; see the interface of each. */
export interface Blocks {
  commands: Commands
  variables: Variables
  localLists: LocalLists
  reservations: Reservations
  files: StationFiles
  errands: Errands
  campaigns: Campaigns
  monitoring: Monitoring
  customers: Customers
  displays: Displays
}

/** Where the parts of long answers are put together. */
export interface Gatherers {
  reports: Gatherer<[string, Variable]>
  monitors: Gatherer<MonitoringDataType>
  customers: Gatherer<string>
  displays: Gatherer<MessageInfoType>
  profiles: Gatherer<ReportedProfile>
}

export interface BlockParts {
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
  stations: ReadonlyMap<string, Station>
  alarm(station: Station, code: string, sentence: string | undefined): void
  /** Where stations reach us over HTTP, without a slash at its end. */
  origin(station: Station): string
}

/** No report is larger than this many variables. */
const MOST_VARIABLES = 20_000
const MOST_MONITORS = 10_000
const MOST_TEXTS = 1000
const MOST_PROFILES = 1000

export function openBlocks({
  store,
  clock,
  log,
  config,
  stations,
  alarm,
  origin,
}: BlockParts): Blocks & { gatherers: Gatherers; sweep(): Promise<void>; forgetBefore(at: Instant): Promise<number> } {
  const gatherers: Gatherers = {
    reports: gatherer(clock, MOST_VARIABLES),
    monitors: gatherer(clock, MOST_MONITORS),
    customers: gatherer(clock, MOST_TEXTS),
    displays: gatherer(clock, MOST_TEXTS),
    profiles: gatherer(clock, MOST_PROFILES),
  }
  const commands = openCommands({ store, clock, log, config })
  const files = openStationFiles({ store, clock })
  const patience = config.reportPatience
  const house = { store, clock, log, commands }
  const variables = openVariableDesk({ ...house, reports: gatherers.reports, reportPatience: patience })
  const monitoring = openMonitoring({ ...house, gather: gatherers.monitors, patience, alarm })
  const reservations = openReservations(house)
  const errands = openErrands({
    ...house,
    files,
    origin,
    onEnd(station, kind, outcome, status) {
      if (kind === 'firmware') advanceQuietly()
      if (kind === 'log') return
      const slots = { station: station.record.identity, answer: status }
      alarm(station, 'station-firmware', outcome === 'failed' ? say(SAYING.firmwareFailed, slots) : undefined)
    },
  })
  const campaigns = openCampaigns({ store, clock, log, errands, stations, checkFile: (file) => files.offer(file) })
  const advanceQuietly = () =>
    void campaigns.advance().catch((error: unknown) => log.warn({ error: describeError(error) }, 'firmware campaigns do not go on'))
  return {
    ...{ commands, variables, reservations, files, errands, campaigns, monitoring, gatherers },
    localLists: openLocalLists(house),
    customers: openCustomers({ ...house, gather: gatherers.customers, patience, zone: config.zone }),
    displays: openDisplays({ ...house, gather: gatherers.displays, patience }),
    async sweep() {
      await reservations.sweep()
      await campaigns.advance()
    },
    async forgetBefore(at) {
      const old = 'delete from cariflex.charging_command where at < $1 returning 1'
      const gone = await store.query(old, [asTimestamp(at)])
      return gone.length + (await monitoring.forgetBefore(at)) + (await variables.forgetBefore(at)) + (await files.forgetBefore(at))
    },
  }
}
