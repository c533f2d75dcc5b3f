/** What the rooms tell one another. */
import type { Instant } from '#kernel'
import type { Reading } from './reading.ts'

export type News =
  /** Devices told what they measure now (raw, consumption positive, in the sensors' units). */
  | { kind: 'readings'; site: number; readings: (Reading & { device: string })[] }
  /** Beliefs were committed, or deleted; `ahead` when some lie in the future (prices, forecasts, signals). */
  | { kind: 'beliefs'; sensors: number[]; source: number; from: Instant; until: Instant; ahead: boolean }
  | { kind: 'plan'; site: number; plan: string }
  | { kind: 'limits'; site: number }
  | { kind: 'setpoint'; device: string; asset: number }
  | { kind: 'receipt'; device: string; asset: number; outcome: string }
  /** A device came, went, was plugged or unplugged, or changed what it can do: plan again. */
  | { kind: 'device'; device: string; asset: number; what: 'online' | 'offline' | 'plugged' | 'unplugged' | 'changed' | 'faulted' }
  | { kind: 'forecast'; site: number; sensors: number[]; moved: boolean }
  | { kind: 'alarm'; asset: number; code: string; message: string; active: boolean }
  | { kind: 'conversation'; peer: string }
  | { kind: 'job'; job: string }
