/** Explanations as they are kept with a plan and shown: rounded numbers, runs of slots, and a sentence for each. */
import { say } from '#kernel'
import { SAYING as EMS } from '../saying.ts'
import type { Explanation, FlowExplanation, HeldRun, Hold } from './explain.ts'
import { SAYING } from './saying.ts'

/** What holds a device in the slots `from` to `to` (exclusive): codes for programs, a sentence for people. */
export interface ToldRun {
  from: number
  to: number
  /** 'absent', 'power', 'mode', 'full', 'empty', 'price', or 'limit: …', 'commitment: …', 'balance: …' with the name. */
  limitedBy: string[]
  because: string
}

/** What a larger thing would bring over the plan, currency; 0s are left out. */
export interface MoreTold {
  /** For one kWh more. */
  storage?: number
  /** For one kW more, each way. */
  consumption?: number
  production?: number
  because: string
}

export interface ToldDevice {
  limits: ToldRun[]
  /** What one kWh more in the storage after each slot is worth, currency per kWh. */
  storedValue?: number[]
  more?: MoreTold
}

export interface ToldFlow {
  name: string
  /** What one kW more in each slot costs, currency per kWh. */
  marginalPrice?: number[]
  /** Slots at which a limit or a priced capacity binds or is broken. */
  bound: FlowExplanation['bound']
  more?: MoreTold
}

export interface ToldExplanation {
  devices: ToldDevice[]
  flows: ToldFlow[]
}

/** Currency above which a gain is worth a sentence. */
const TOLD = 1e-4

/** Five digits say enough. */
const brief = (value: number): number => (value === 0 ? 0 : Number(value.toPrecision(5)) || 0)

/** The explanation in short; `currency` as in 'EUR'. */
export function tellExplanation({ devices, flows }: Explanation, currency: string): ToldExplanation {
  return {
    devices: devices.map(({ held, storedValue, moreStorage, moreConsumption, moreProduction }) => {
      const more = moreTold({ storage: moreStorage, consumption: moreConsumption, production: moreProduction }, currency, SAYING.morePower)
      return { limits: held.map(toldRun), ...(storedValue && { storedValue: storedValue.map(brief) }), ...(more && { more }) }
    }),
    flows: flows.map(({ name, bound, marginalPrice, moreConsumption, moreProduction }) => {
      const more = moreTold({ consumption: moreConsumption, production: moreProduction }, currency, SAYING.moreConnection)
      return { name, bound, ...(marginalPrice && { marginalPrice: marginalPrice.map(brief) }), ...(more && { more }) }
    }),
  }
}

const toldRun = ({ from, to, holds }: HeldRun): ToldRun => ({
  from,
  to,
  limitedBy: holds.map((hold) => ('name' in hold ? `${hold.by}: ${hold.name}` : hold.by)),
  because: [...new Set(holds.map(sayHold))].join(' '),
})

/** One sentence for what holds a device. */
export function sayHold(hold: Hold): string {
  switch (hold.by) {
    case 'absent':
      return say(SAYING.heldAbsent)
    case 'power':
      return say(SAYING.heldPower)
    case 'mode':
      return say(SAYING.heldMode)
    case 'full':
      return say(SAYING.heldFull)
    case 'empty':
      return say(SAYING.heldEmpty)
    case 'price':
      return say(SAYING.heldPrice)
    case 'balance':
      return say(SAYING.heldBalance)
    default: {
      const known = KNOWN.find(([pattern]) => pattern.test(hold.name))?.[1]
      if (known) return say(known)
      return say(hold.by === 'limit' ? SAYING.heldLimit : SAYING.heldCommitment, { name: hold.name })
    }
  }
}

/** Limits and commitments that everybody has, in words. */
const KNOWN = [
  [/^flexible consumption$/, EMS.heldByLoadControl],
  [/^site import$/, EMS.heldByImport],
  [/^site export$/, EMS.heldByExport],
  [/peak$/, SAYING.heldPeak],
  [/breach/, SAYING.heldCapacity],
  [/^floor /, EMS.floor],
  [/^(minimum|maximum|target) |^(any|all) soc |soft soc max/, SAYING.heldWish],
  [/^wear$|^cycle cost|^calendar wear/, SAYING.heldWear],
] as const

function moreTold(
  given: { storage?: number | undefined; consumption?: number | undefined; production?: number | undefined },
  currency: string,
  power: typeof SAYING.morePower | typeof SAYING.moreConnection,
): MoreTold | undefined {
  const { storage = 0, consumption = 0, production = 0 } = given
  const price = (value: number) => `${value >= 1 ? value.toFixed(2) : value.toFixed(4)} ${currency}`
  const sentences = [
    ...(storage > TOLD ? [say(SAYING.moreStorage, { price: price(storage) })] : []),
    ...(Math.max(consumption, production) > TOLD ? [say(power, { price: price(Math.max(consumption, production)) })] : []),
  ]
  if (sentences.length === 0) return undefined
  return {
    ...(brief(storage) > 0 && { storage: brief(storage) }),
    ...(brief(consumption) > 0 && { consumption: brief(consumption) }),
    ...(brief(production) > 0 && { production: brief(production) }),
    because: sentences.join(' '),
  }
}
