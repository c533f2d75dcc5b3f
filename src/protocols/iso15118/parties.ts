/** What a car and a station bring to a session: everything the protocol asks of them, in W, Wh, V and seconds. Charging is positive. */
import type { Contract, ContractQuestion, ContractVerdict, Provisioning } from './contract.ts'
import type { DinDC_EVErrorCode, Iso2DC_EVErrorCode } from './messages.gen.ts'

export type Protocol = 'din' | 'iso2' | 'iso20-ac' | 'iso20-dc'

export const NAMESPACES: Record<Protocol, string> = {
  din: 'urn:din:70121:2012:MsgDef',
  iso2: 'urn:iso:15118:2:2013:MsgDef',
  'iso20-ac': 'urn:iso:std:iso:15118:-20:AC',
  'iso20-dc': 'urn:iso:std:iso:15118:-20:DC',
}

export interface InstallationSeeker {
  provisioning: Provisioning
  /** Whether the provider who signed a contract is known to the car. */
  isTrusted(chain: readonly string[]): boolean | Promise<boolean>
  /** Whether the contract it has shall be replaced by a newer one of the same eMAID (-2). */
  isOld?(contract: Contract): boolean
  /** A contract was installed. */
  installed(contract: Contract): void
}

/** What a car says of itself, anew in each message that carries it. */
export interface VehicleState {
  /** Share of the battery, percent. */
  soc: number
  /** Wh of the whole battery. */
  capacity: number
  /** Wh still wanted until departure (at the outlet), at least and at most; negative: more could be given back. */
  target: number
  least: number
  most: number
  /** Seconds until it leaves; undefined: unknown. */
  departure?: number | undefined
  maxCharge: number
  minCharge: number
  /** W it can give back, 0 when it cannot. */
  maxDischarge: number
  /** Wh that may be given back at most, and must stay wanted at least, for use of the battery by others. */
  v2x?: { most: number; least: number } | undefined
  /** W it takes now. */
  power: number
}

export type VehicleFault = Exclude<Iso2DC_EVErrorCode & DinDC_EVErrorCode, 'NO_ERROR'>

export type Wish = 'charge' | 'pause' | 'stop' | 'renegotiate'

/** What the station told in one turn of the loop. */
export interface Order {
  /** W to take (positive) or give (negative). Under dynamic control a setpoint, else the most that may be taken. */
  power: number
  kind: 'setpoint' | 'limit'
}

export interface Vehicle {
  /** MAC address, twelve hexadecimal digits. */
  evccId: string
  /** In the order of its preference. */
  protocols: readonly Protocol[]
  /** The kind of current under ISO 15118-2; the others follow from the protocol. */
  current: 'AC' | 'DC'
  phases: number
  voltage: number
  /** Offers discharging (ISO 15118-20). */
  bidirectional: boolean
  control: 'dynamic' | 'scheduled'
  /** Pays by contract when the station accepts that; otherwise outside. */
  contract?: Contract | undefined
  /** Fetches a contract over the station when it has none, or an old one, and the station offers that. */
  install?: InstallationSeeker | undefined
  state(): VehicleState
  /** What is wrong with the car, in the words of DIN 70121 and ISO 15118-2 (DC); the station stops. */
  fault?(): VehicleFault | undefined
  /** Called after each turn of the loop. */
  told(order: Order): void
  /** Chooses among the offers; default the first. */
  choose?(offers: readonly Offer[]): number
  wish(): Wish
}

/** A profile of power over time that a station offers. */
export interface Offer {
  id: number
  /** W from so many seconds after the offer; the last entry lasts until `until`. */
  power: { start: number; power: number }[]
  until: number
  /** Price of a kWh by the same seconds, in `currency`. */
  prices?: { start: number; price: number }[]
  currency?: string
}

/** What the station learnt of the car's needs. */
export interface Needs {
  protocol: Protocol
  current: 'AC' | 'DC'
  bidirectional: boolean
  control: 'dynamic' | 'scheduled'
  phases: number
  state: Partial<VehicleState>
  /** ISO 15118-2, AC: A per phase and V. */
  currents?: { max: number; min: number; voltage: number }
  dc?: { maxCurrent?: number; maxVoltage?: number; fullSoc?: number; bulkSoc?: number }
}

export interface SupplyLimits {
  maxCharge: number
  minCharge: number
  maxDischarge: number
  phases: number
  /** V between phase and neutral (AC), or the most (DC). */
  voltage: number
}

export interface MeterReading {
  id: string
  charged: number
  discharged: number
}

export type Token = { kind: 'external' } | { kind: 'contract'; emaid: string; chain: string[] }

export interface Supply {
  evseId: string
  protocols: readonly Protocol[]
  current: 'AC' | 'DC'
  bidirectional: boolean
  controls: readonly ('dynamic' | 'scheduled')[]
  /** Judges the certificates of a contract (DER in base64, the leaf first); absent: contracts are not accepted. */
  readonly judge?: ((chain: readonly string[]) => Promise<ContractVerdict>) | undefined
  /** Passes a car's request for a contract on to a pool and brings the answer, EXI both ways; undefined: none came. Absent: not offered. */
  readonly install?: ((request: ContractQuestion) => Promise<Buffer | undefined>) | undefined
  authorize(token: Token): Promise<'accepted' | 'rejected'>
  limits(): SupplyLimits
  /** Told at charge parameter discovery and whenever the car says something new. */
  needs(needs: Needs): void
  /** Alternatives for a car that chooses; at most three. */
  offers(needs: Needs): Promise<Offer[]>
  /** What the car chose; false when it takes more than was offered. */
  chosen?(offer: number, profile: { start: number; power: number }[]): boolean
  /** W now: setpoint under dynamic control (negative: give back), limit otherwise. */
  setpoint(): number
  /** W that flow now. */
  present(): number
  meter(): MeterReading
  /** Asks the car to sign what the meter says (contracts of ISO 15118-2). */
  receipts?: boolean
  wish(): Wish
  /** Energy may flow, or no longer. */
  closed(on: boolean): void
}

/** How a session ended, told by both ends. */
export interface Outcome {
  protocol: Protocol | undefined
  sessionId: string
  end: 'terminated' | 'paused' | 'failed'
  /** Why it failed. */
  reason?: string
  /** Turns of the charging loop. */
  turns: number
}
