/** What the simulated world is told about itself, and what it tells: plain data that crosses the border between processes. */
import type { Place } from './sky.ts'

export interface WorldSpec {
  seed: number
  zone: string
  place: Place
  pvs: { id: string; peakKw: number; latitude: number; longitude: number; port?: number }[]
  batteries: {
    id: string
    capacityKwh: number
    powerKw: number
    minSocKwh: number
    maxSocKwh: number
    speaks: 'sunspec' | 'plain'
    port?: number
  }[]
  stations: { identity: string; password?: string; nominalKw: number; version?: '1.6' | '2.0.1' | '2.1' }[]
  vehicles: { id: string; token: string; capacityKwh: number; home: string; v2g: boolean; targetPercent: number; floorPercent: number }[]
  /** File where the world keeps its state over restarts. */
  memory?: string
  /** Asks for a past made by the same models, ending now. */
  history?: { from: number; until: number; step: number }
}

/** One measured series of the past: `values[i]` over the step that starts at `start + i · step`; null = nothing measured. */
export interface PastSeries {
  device: string
  measure: 'power' | 'soc' | 'irradiance' | 'temperature'
  start: number
  step: number
  /** kW (consumption positive), kWh, W/m², °C. */
  values: (number | null)[]
}

/** Where the world finds the platform once it listens. */
export interface PlatformAddress {
  /** Endpoint of charging stations, without identity. */
  ocpp: string
  /** Base of the HTTP API, for the weather station that posts its measurements. */
  http: string
  token: string
  /** Sensor ids that the weather station posts to. */
  weather: { irradiance?: number; temperature?: number }
  /** A car that pays by contract (Plug & Charge): provisioning certificate with its issuer, and its key (PEM). */
  contract?: { vehicle: string; certificate: string; key: string } | undefined
}

export interface WorldState {
  now: number
  /** Share of the sky hidden by clouds, 0–1. */
  cloudCover: number
  frozen: boolean
  vehicles: { id: string; plugged: string | null; socPercent: number; departure: number | null }[]
  devices: { id: string; fault: boolean; connected: boolean }[]
  stations: SimulatedStation[]
}

/** What one of its stations does; kW, consumption positive. */
export interface SimulatedStation {
  id: string
  version: string
  phases: number
  nominalKw: number
  connected: boolean
  fault: boolean
  /** Id of the plugged car. */
  plugged: string | null
  connector: string
  powerKw: number
  /** What its profiles allow. */
  limitKw: number
  /** A session goes on. */
  session: boolean
  /** Added by hand: it may be taken out. */
  guest: boolean
}

export type ToWorld =
  | { kind: 'open'; spec: WorldSpec }
  | { kind: 'go'; platform: PlatformAddress }
  | { kind: 'state'; question: number }
  | { kind: 'command'; question: number; name: string; body: Record<string, unknown> }

export type FromWorld =
  | { kind: 'ready'; ports: Record<string, number> }
  | { kind: 'past'; series: PastSeries[] }
  | { kind: 'answer'; question: number; value?: unknown; problem?: { code: string; message: string; hint?: string; status: number } }
