import type { ContractQuestion } from '#protocols/iso15118'

/**
 * Where contract certificates lie that cars may fetch: a pool of the market behind its own interface, or ours. Requests and responses are the EXI
 * bytes of ISO 15118; what is in them only the car can read.
 */
export interface ContractPool {
  /** Where it is, for people: 'own', or an address. */
  readonly place: string
  /** The answer for the car, and whether it carries a contract. @throws Problem when there is no answer at all */
  answer(question: ContractQuestion): Promise<{ ok: boolean; exi: Uint8Array }>
}
