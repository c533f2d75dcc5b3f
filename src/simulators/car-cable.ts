/**
 * The cable between a simulated car and its station: an ISO 15118-20 session over a real loopback socket. What the station knows of the car came
 * through it, and what the car draws is what it was told there.
 */
import { type Clock, type Instant, MINUTE, pause, SECOND, type Watts, watts } from '#kernel'
import {
  type ContractQuestion,
  type ContractVerdict,
  type Needs,
  type Order,
  openSecc,
  runEvcc,
  type Supply,
  type Vehicle,
  type VehicleState,
} from '#protocols/iso15118'
import { readCertificates, toPem, validateChain } from '#protocols/pki'
import type { Car } from './car.ts'
import { LEAST_CURRENT, type PluggedCar, VOLTAGE } from './station-outlet.ts'

export interface CableParts {
  clock: Clock
  identity: string
  nominal: Watts
  /** Its electronics can give power back. */
  v2x: boolean
  /** Whether the station may let energy flow: authorized, in service, in order. */
  mayCharge(): boolean
  /** Chain and key towards cars (PEM), once the CSMS signed them. */
  secc(): { chain: string; key: string } | undefined
  /** Roots of contracts (PEM) that were installed in it; with none it takes no contract. */
  contractRoots(): string[]
  /** Has the CSMS judge a contract whose signature was right: its eMAID and its certificates (PEM). Resolves with whether the car may charge. */
  contract(emaid: string, certificates: string): Promise<boolean>
  /** Has the CSMS ask its pool for a contract: EXI both ways, undefined when none came. */
  install(request: ContractQuestion): Promise<Buffer | undefined>
  /** W its profiles allow now; negative: the car shall give back. */
  setpoint(): number
  /** Phases the power is spread over now. */
  phases(): number
  /** W that flow now. */
  present(): number
  meter(): { imported: number; exported: number }
  onFault?(error: unknown): void
}

export interface Cable {
  /** What the outlet sees of the car: its reactions as the protocol agreed on them. */
  readonly seen: PluggedCar
  /** What the car said of its needs, once it said all of them. */
  needs(): (Needs & { at: Instant }) | undefined
  /** Whether the car pays by contract here: it could, and was not asked for a card instead. */
  hasContract(): boolean
  /** Percent, as the car said it last. */
  soc(): number | undefined
  close(): Promise<void>
}

/** Turns of the charging loop: often enough to follow a signal of the grid, rarely enough for ten cars on a small machine. */
const EVERY = 2 * SECOND
const AGAIN = 5 * SECOND
const AFTER_REFUSAL = MINUTE
const ASK = SECOND

/** Plugs a car. The session begins at once, is taken up again when it breaks, and ends with `close`. */
export function openCable(car: Car, parts: CableParts): Cable {
  const { clock } = parts
  const unplugged = new AbortController()
  const { signal } = unplugged
  let order: Order | undefined
  let contract = car.spec.contract
  /** The session that runs began without a contract, for instance because the root of contracts was not here yet. */
  let asksForCard = false
  let said: (Needs & { at: Instant }) | undefined

  /** What a station can find out by itself, before it asks: whether the chain leads to a root it holds. */
  const judge = async (chain: readonly string[]): Promise<ContractVerdict> => {
    const certificates = chain.flatMap((der) => readCertificates(pemOf(der)))
    const verdict = validateChain(certificates, { roots: parts.contractRoots().flatMap((pem) => readCertificates(pem)), now: clock.now() })
    if (!verdict.ok) return { fault: verdict.fault }
    const { subject, x509 } = certificates[0]!
    return { emaid: subject.commonName, key: x509.publicKey }
  }

  const supply: Supply = {
    evseId: `FR*SIM*E${parts.identity}`.slice(0, 37),
    protocols: ['iso20-ac', 'iso2'],
    current: 'AC',
    bidirectional: parts.v2x,
    controls: ['dynamic', 'scheduled'],
    get judge() {
      return parts.contractRoots().length > 0 ? judge : undefined
    },
    install: (request) => parts.install(request),
    async authorize(token) {
      asksForCard = token.kind === 'external'
      if (token.kind === 'contract' && !parts.mayCharge())
        return (await parts.contract(token.emaid, token.chain.map(pemOf).join(''))) ? 'accepted' : 'rejected'
      while (!parts.mayCharge() && !signal.aborted) await pause(clock, ASK, signal)
      return signal.aborted ? 'rejected' : 'accepted'
    },
    limits: () => ({
      maxCharge: parts.nominal,
      minCharge: LEAST_CURRENT * VOLTAGE * 3,
      maxDischarge: parts.v2x ? parts.nominal : 0,
      phases: 3,
      voltage: VOLTAGE,
    }),
    needs(needs) {
      said = { ...needs, at: clock.now() }
    },
    offers: async () => [],
    setpoint: () => Math.min(parts.nominal, parts.setpoint()),
    present: () => parts.present(),
    meter: () => ({ id: parts.identity, charged: parts.meter().imported, discharged: parts.meter().exported }),
    receipts: true,
    wish: () => (parts.mayCharge() ? 'charge' : 'stop'),
    closed() {
      // The station's own contactor follows its authorization.
    },
  }
  const vehicle: Vehicle = {
    evccId: macOf(car.spec.id),
    // Contracts are fetched by -2.
    get protocols() {
      return contract || !car.spec.maker ? (['iso20-ac', 'iso2'] as const) : (['iso2'] as const)
    },
    current: 'AC',
    phases: 3,
    voltage: VOLTAGE,
    bidirectional: car.spec.discharge > 0,
    control: 'dynamic',
    get contract() {
      return contract
    },
    ...(car.spec.maker && {
      install: {
        ...car.spec.maker,
        installed(given) {
          contract = given
          // It keeps it for the next time.
          car.spec.contract = given
        },
      },
    }),
    state: () => stateOf(car, clock.now(), parts.present()),
    told(next) {
      order = next
    },
    wish: () => 'charge',
  }

  const live = async () => {
    const { roots } = car.spec
    const own = roots && parts.secc()
    const tls = own && { cert: own.chain, key: own.key, ca: [] }
    const secc = await openSecc({ supply, clock, host: '127.0.0.1', ...(tls && { tls }) })
    try {
      while (!signal.aborted) {
        const { reason = '' } = await runEvcc({
          vehicle,
          host: '127.0.0.1',
          port: secc.port,
          clock,
          every: EVERY,
          signal,
          tls: tls && { ca: roots },
        })
        order = undefined
        await pause(clock, reason.includes('refused') ? AFTER_REFUSAL : AGAIN, signal)
      }
    } finally {
      await secc.close()
    }
  }
  const alive = live().catch((error: unknown) => parts.onFault?.(error))

  return {
    seen: {
      // An outlet counts in three phases, an order in all that are on.
      acceptance: () => watts(order && order.power > 0 ? Math.min(car.acceptance(), (order.power * 3) / parts.phases()) : 0),
      giving: () => watts(order && order.power < 0 ? Math.min(car.giving(), -order.power) : 0),
      take: (energy) => car.take(energy),
    },
    needs: () => (said?.state.target === undefined ? undefined : said),
    hasContract: () => !asksForCard && (contract ?? car.spec.maker) !== undefined && parts.contractRoots().length > 0,
    soc: () => said?.state.soc,
    async close() {
      unplugged.abort()
      await alive
    },
  }
}

const pemOf = (der: string): string => toPem('CERTIFICATE', Buffer.from(der, 'base64'))

/** What a car says of itself. */
function stateOf(car: Car, now: Instant, power: number): VehicleState {
  const { capacity, reserve, discharge } = car.spec
  const { departure, energy } = car.wish(now)
  const held = car.soc()
  const spare = Math.max(0, held - reserve * capacity)
  return {
    soc: car.percent(),
    capacity,
    target: energy,
    least: Math.max(0, reserve * capacity - held),
    most: capacity - held,
    departure: Math.max(0, (departure - now) / SECOND),
    maxCharge: car.acceptance(),
    minCharge: Math.min(car.acceptance(), LEAST_CURRENT * VOLTAGE * 3),
    maxDischarge: car.giving(),
    v2x: discharge > 0 ? { most: capacity - held, least: -spare } : undefined,
    power,
  }
}

/** A MAC address of its own for a car, in the range for local use. */
function macOf(id: string): string {
  let hash = 0
  for (const character of id) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0
  return `02CF${hash.toString(16).padStart(8, '0').toUpperCase()}`
}
