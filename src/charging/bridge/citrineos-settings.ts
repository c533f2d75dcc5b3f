/** What the bridge to a running CitrineOS needs to know. */
export interface CitrineSettings {
  /** Version of CitrineOS; its topology belongs to it. */
  version: '1.8'
  /** amqp:// or amqps:// with user, password and vhost. */
  amqp: string
  /** PEM of the authority of the broker's certificate, when it is not a public one. */
  authority?: string
  exchange: string
  /** Name of our own queue. */
  queue: string
  tenant: number
  /** Its message API, without a path; needed unless orders are injected. */
  api?: string
  /** Bearer token of that API. */
  token?: string
  /** postgres:// of its database, with a user that may only read. */
  database?: string
  /**
   * How a profile takes the place of the one before. inject: published as CitrineOS would, replaced at once. alternate: through the API, in
   * turn on two stack levels. clear: through the API, the old one cleared first; nothing bounds the car in between but the default.
   */
  orders: 'inject' | 'alternate' | 'clear'
  /** Our profiles have the ids from here to 100 above. */
  firstProfile: number
  /** Milliseconds between two comparisons with CitrineOS. */
  reconcile: number
}
