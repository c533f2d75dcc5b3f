/** What every set of routes is given. */
import type {
  AccountPlans,
  Accounts,
  Assets,
  Automations,
  Beliefs,
  Forecasts,
  LastEvents,
  Line,
  Mails,
  NamedForecast,
  News,
  Reports,
  Schedules,
  Sensors,
  Sources,
  UploadReader,
  Users,
} from '#ems'
import type { Bus, Clock, FlexMeasuresSettings, Log, SecuritySettings } from '#kernel'
import type { Queue, Store } from '#store'
import type { RateLimits } from './flexmeasures/rate-limit.ts'
import type { Identity } from './identity.ts'
import type { Metrics } from './metrics.ts'
import type { Presence } from './presence.ts'
import type { Hub } from './sse.ts'
import type { Tokens } from './tokens.ts'

export interface ServerConfig {
  host: string
  /** 0 = any free one. */
  port: number
  platformName: string
  /** Default time zone of sensors made through the API (`FLEXMEASURES_TIMEZONE`). */
  timezone: string
  /** Address under which people reach us, without a slash at its end; where we listen unless said. */
  publicUrl?: string
  /** Language of what we write to people, default fr. */
  language?: 'fr' | 'en'
  /** Forecasts that the configuration names. */
  forecasts?: readonly NamedForecast[]
  /** Folder of the built UI. */
  web: string
  /** True behind a proxy that sets X-Forwarded-*. */
  trustProxy?: boolean
  /** Largest body of sensor data, bytes (`FLEXMEASURES_MAX_SENSOR_DATA_INGESTION_BYTES`), default 3.1 MiB. */
  ingestLimit?: number
  /** Rows that an uploaded file may have, default a million. */
  uploadRows?: number
  /** Largest body of other requests, bytes, default 1 MiB. */
  bodyLimit?: number
  /** Largest sum of request headers, bytes, default 16 KiB. */
  headerLimit?: number
  /** A request that takes longer to arrive is dropped, ms, default 60 s. */
  requestTimeout?: number
  /** How long a sign-in lasts, ms, default 30 days. */
  sessionLength?: number
  /** Settings of the FlexMeasures API; its defaults when absent. */
  flexMeasures?: FlexMeasuresSettings
  security?: SecuritySettings
  /** Lets posts replace values (`FLEXMEASURES_ALLOW_DATA_OVERWRITE`). */
  allowOverwrite?: boolean
}

/** The site that this program steers; a program without territory has none. */
export interface SteeredSite {
  line: Line
  demo: boolean
  /** Which car stands at which charger, both ways: 'V2G003' → 'CP004' and 'CP004' → 'V2G003'. */
  plugged?: () => ReadonlyMap<string, string>
  /** Whether the station of a charger is connected. */
  online?: (device: string) => boolean
}

/** Everything routes need; one value handed to every set of routes. */
export interface Rooms {
  config: ServerConfig
  /** Whole, with the defaults. */
  flexMeasures: FlexMeasuresSettings
  security: SecuritySettings
  store: Store
  clock: Clock
  log: Log
  bus: Bus<News>
  accounts: Accounts
  accountPlans: AccountPlans
  /** How often the FlexMeasures API may be asked. */
  rateLimits: RateLimits
  users: Users
  assets: Assets
  sensors: Sensors
  sources: Sources
  beliefs: Beliefs
  uploads: UploadReader
  lastEvents: LastEvents
  queue: Queue
  schedules: Schedules
  forecasts: Forecasts
  reports: Reports
  automations: Automations
  identity: Identity
  tokens: Tokens
  mails: Mails
  presence: Presence
  hub: Hub
  metrics: Metrics
  steered: SteeredSite | undefined
}
