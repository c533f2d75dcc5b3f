/** What the operator of the charging room may decide; every value has a default. */
import { DAY, MINUTE, SECOND } from '#kernel'
import type { CitrineSettings } from './bridge/citrineos-settings.ts'

export interface SecurePort {
  host: string
  /** 0 = a free one. */
  port: number
  /** Host names and addresses that stations call us by; for the certificate that our own authority issues. */
  names: string[]
  /** PEM files, certificate chain and key; an RSA and an ECDSA pair may stand side by side. Empty: our own authority issues both. */
  certificates: { certificate: string; key: string }[]
}

export interface ChargingConfig {
  /** The least of every station. 0: one that was registered without a password needs none. 1: password. 2: encrypted. 3: own certificate. */
  securityProfile: 0 | 1 | 2 | 3
  /** The operator (CPO) as certificates of stations name it. */
  organization: string
  /** The encrypted port of stations; absent: there is none. */
  tls?: SecurePort
  /** The pool of the market where cars get their contracts; absent: our own, for trials. */
  contracts?: { url: string; token?: string }
  /** A running CitrineOS whose stations are ours as well; absent: there is none. */
  citrineos?: CitrineSettings
  /** A proxy in front takes the encryption off and says so (X-Forwarded-Proto). */
  trustProxy: boolean
  /** A station that nobody registered: refused with 404, let in but kept Pending until a person approves it, or taken as it is. */
  unknownStations: 'refuse' | 'park' | 'accept'
  /** Whether cars without any token (start button, NoAuthorization) may charge. */
  freeVend: boolean
  /** Time zone of the territory, for 'by the next 07:00'. */
  zone: string
  /** Seconds between Heartbeats. */
  heartbeat: number
  /** Seconds between meter values of a transaction. */
  sampling: number
  /** Seconds that a Pending station waits before its next BootNotification, when our trigger did not reach it. */
  pendingInterval: number
  /** Milliseconds between our answer to a boot and our first call: many stations are not ready for it at once. */
  bootPause: number
  /** Milliseconds to wait for an answer to an order. */
  patience: number
  /** Milliseconds to wait for the last part of a report. */
  reportPatience: number
  /** Milliseconds between pings; 0 = none. */
  ping: number
  /** Amperes per phase that a station falls back to when no order of ours is in force. */
  safeCurrent: number
  /** Nominal phase voltage, V. */
  voltage: number
  /** Milliseconds that a profile outlives its order, for clocks and delays. */
  margin: number
  /** Milliseconds that a station's clock may be off and is still believed. */
  clockTolerance: number
  /** Models that are held to the letter of OCPP: 'Vendor/Model', * for anything. */
  strictModels: readonly string[]
  /** Models that are read though they break the schema, where their meaning is beyond doubt. */
  lenientModels: readonly string[]
  /** Bytes of the longest message that is read, at most 16 MiB. */
  longestMessage: number
  /** Messages per second that are read of one station in the long run; ten seconds' worth may come at once. */
  mostMessages: number
  /** Connections of one station from one address within a minute. */
  mostConnections: number
  /** Milliseconds between two states of charge of one car that are kept. */
  socEvery: number
  /** Milliseconds that samples are kept (the means made of them are kept for ever). */
  samplesKept: number
  /** A car we know nothing of: Wh of its battery and the share we take to be in it. */
  strangerCapacity: number
  strangerShare: number
  /** Share of the capacity wanted when nobody said more, and the local time at which it is wanted. */
  target: number
  readyBy: string
}

export const DEFAULTS: ChargingConfig = {
  securityProfile: 0,
  organization: 'Cariflex',
  trustProxy: false,
  unknownStations: 'refuse',
  freeVend: false,
  zone: 'America/Martinique',
  heartbeat: 60,
  sampling: 10,
  pendingInterval: 10,
  bootPause: SECOND / 2,
  patience: 10 * SECOND,
  reportPatience: 2 * MINUTE,
  ping: 30 * SECOND,
  safeCurrent: 6,
  voltage: 230,
  margin: MINUTE,
  clockTolerance: MINUTE,
  strictModels: [],
  lenientModels: [],
  longestMessage: 1 << 20,
  mostMessages: 500,
  mostConnections: 60,
  socEvery: MINUTE,
  samplesKept: 2 * DAY,
  strangerCapacity: 50_000,
  strangerShare: 0.3,
  target: 0.8,
  readyBy: '07:00',
}
