/** TransactionEvents on their way: kept while the station is off line, sent in order, tried again (OCPP 2.0.1 E04, E08, E12, E13). */
import { type Clock, type Instant, instant, SECOND } from '#kernel'
import { CallError, type TransactionEventRequest, type TransactionEventResponse } from '#protocols/ocpp'
import type { Variables } from './station-variables.ts'

export interface Outbox {
  add(event: TransactionEventRequest): void
  /** Sends what waits, if it can. */
  flush(): void
  /** Events of a transaction (or any) that the CSMS has not got. */
  waiting(transactionId?: string): number
  memory(): TransactionEventRequest[]
}

export interface OutboxParts {
  clock: Clock
  variables: Variables
  isOnline(): boolean
  send(event: TransactionEventRequest): Promise<TransactionEventResponse>
  onAnswer(event: TransactionEventRequest, answer: TransactionEventResponse): void
  /** The CSMS refused it as often as the station tries. */
  onDrop(event: TransactionEventRequest, error: unknown): void
  /** An event was numbered and is about to go. */
  onEvent(): void
  kept?: readonly TransactionEventRequest[]
}

/** Above this, periodic samples of the middle are thinned out (E04.FR.07); their numbers stay missing. */
const ROOM = 1000

export function openOutbox({ clock, variables, isOnline, send, onAnswer, onDrop, onEvent, kept = [] }: OutboxParts): Outbox {
  const queue: TransactionEventRequest[] = kept.map((event) => ({ ...event, offline: true }))
  let sending = false
  let attempts = 0
  let notBefore: Instant = clock.now()

  const flush = () => {
    const event = queue[0]
    if (!event || sending || !isOnline() || clock.now() < notBefore) return
    sending = true
    send(event)
      .then(
        (answer) => {
          attempts = 0
          queue.shift()
          onAnswer(event, answer)
        },
        (error: unknown) => {
          // A lost connection is no attempt: the event waits for the next one.
          if (!isOnline()) return
          if (++attempts >= variables.number('OCPPCommCtrlr', 'MessageAttempts') && error instanceof CallError) {
            queue.shift()
            attempts = 0
            onDrop(event, error)
          } else notBefore = instant(clock.now() + attempts * variables.number('OCPPCommCtrlr', 'MessageAttemptInterval') * SECOND)
        },
      )
      .finally(() => {
        sending = false
        flush()
      })
  }

  return {
    add(event) {
      queue.push(event)
      if (queue.length > ROOM) {
        const middle = queue.findIndex((one, index) => index > 0 && one.triggerReason === 'MeterValuePeriodic')
        if (middle > 0) queue.splice(middle, 1)
      }
      onEvent()
      flush()
    },
    flush,
    waiting: (transactionId) =>
      transactionId === undefined ? queue.length : queue.filter((event) => event.transactionInfo.transactionId === transactionId).length,
    memory: () => structuredClone(queue),
  }
}
