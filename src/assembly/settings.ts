import type { ChargingConfig } from '#charging'
import type { BeliefPolicy } from '#ems'
import type { MailSettings, MqttSettings, Territory } from '#kernel'
import type { ServerConfig } from '#server'

/** What the platform needs to know to start; the command line makes it from the configuration. */
export interface Settings {
  /** Folder of everything that lasts. */
  data: string
  /** The operator's own PostgreSQL; absent: the embedded one in the data folder. */
  databaseUrl?: string
  /** Instead of the file `secret-key` in the data folder. */
  secretKey?: string
  /** Private addresses that webhooks, responders and the like may name all the same. */
  outwardAllow?: readonly string[]
  /** Programs on this machine may use the interfaces of CitrineOS without a token. */
  citrineosOnLoopback?: boolean
  host: string
  port: number
  platformName: string
  timezone: string
  mail: MailSettings
  /** The broker that is told of events. */
  mqtt?: MqttSettings & { url: string }
  /** Longest time, ms, between runs of tasks by name, and between calls of users by email. */
  monitoring?: { tasks: Record<string, number>; users: Record<string, number> }
  admin: { email?: string; password?: string }
  /** From the configuration file. */
  territory?: Territory
  /** False: an empty database stays empty. */
  demo: boolean
  /** File with the territory of the demo; that of the package otherwise. */
  demoTerritory?: string
  seed: number
  /** Ports of simulated devices by id; free ones otherwise. */
  simulatedPorts: Readonly<Record<string, number>>
  /** Length of the past made up at the first start of the demo, ms. */
  history: number
  heartbeat: number
  replan: number
  /** Between two refreshes of the forecasts, ms. */
  forecast: number
  retention: { jobs: number; conversations: number; outbox: number; beliefs?: Record<string, Omit<BeliefPolicy, 'name'>> }
  solverDeadline: number
  demandResponseLevels: readonly number[]
  charging: Partial<ChargingConfig>
  /** Limits and habits of the HTTP port. */
  server: Omit<ServerConfig, 'host' | 'port' | 'platformName' | 'timezone' | 'web'>
}
