/** What a station keeps of a customer: asked for, or erased (OCPP 2.0.1 N09, N10; what the GDPR lets people ask for). */
import { type Clock, formatInstant, type Instant, Problem, say } from '#kernel'
import { asTimestamp, type Store } from '#store'
import type { Commands } from './commands.ts'
import { type Gatherer, nextRequest } from './gather.ts'
import { SAYING } from './saying.ts'
import type { Station } from './station.ts'

export interface CustomerQuestion {
  /** Whether it shall tell what it keeps, and whether it shall erase it. */
  report: boolean
  clear: boolean
  token?: { idToken: string; type: string }
  identifier?: string
  /** Hash of the certificate of the customer's contract. */
  certificate?: object
}

export interface ListedCustomerAnswer {
  requestId: number
  customer: string | null
  cleared: boolean
  status: string
  text: string | null
  by: string | null
  askedAt: string
  completeAt: string | null
}

export interface Customers {
  /** Asks, and waits for the last part of what is told. @throws Problem `report-incomplete`, `nothing-asked` (422) and those of commands */
  ask(station: Station, question: CustomerQuestion, by?: string): Promise<ListedCustomerAnswer>
  list(identity: string, zone: string): Promise<ListedCustomerAnswer[]>
}

export function openCustomers(parts: {
  store: Store
  clock: Clock
  commands: Commands
  gather: Gatherer<string>
  patience: number
  zone: string
}): Customers {
  const { store, clock, commands, gather, patience } = parts

  const list: Customers['list'] = async (identity, zone) => {
    const rows = await store.query<{ [column: string]: never }>(
      'select * from cariflex.customer_information where station = $1 order by request_id desc limit 200',
      [identity],
    )
    return rows.map((row) => ({
      requestId: row['request_id']!,
      customer: row['customer']!,
      cleared: row['cleared']!,
      status: row['status']!,
      text: row['text']!,
      by: row['asked_by']!,
      askedAt: formatInstant(row['asked_at']!, zone),
      completeAt: row['complete_at'] === null ? null : formatInstant(row['complete_at']!, zone),
    }))
  }

  return {
    list,
    async ask(station, { report, clear, token, identifier, certificate }, by) {
      const given = [token, identifier, certificate].filter((one) => one !== undefined).length
      if (given !== 1 || (!report && !clear))
        throw new Problem('nothing-asked', say(SAYING.oneCustomer), { status: 422, hint: say(SAYING.reportOrClear) })
      const { identity } = station.record
      const requestId = await nextRequest(store)
      const customer = token ? `…${token.idToken.slice(-4)}` : (identifier ?? null)
      await store.query(
        `insert into cariflex.customer_information (request_id, station, customer, cleared, status, asked_by, asked_at) values ($1, $2, $3, $4, 'sent', $5, $6)`,
        [requestId, identity, customer, clear, by ?? null, asTimestamp(clock.now())],
      )
      const told = (status: string, text: string | null, at: Instant | null) =>
        store.query(
          'update cariflex.customer_information set status = $3, text = $4, complete_at = $5 where station = $1 and request_id = $2',
          [identity, requestId, status, text, at === null ? null : asTimestamp(at)],
        )
      const expected = gather.expect(identity, requestId, patience)
      expected.catch(() => undefined)
      try {
        const { status } = await commands.send(
          station,
          'CustomerInformation',
          {
            ...{ requestId, report, clear },
            ...(token ? { idToken: token } : {}),
            ...(identifier === undefined ? {} : { customerIdentifier: identifier }),
            ...(certificate ? { customerCertificate: certificate } : {}),
          },
          by,
        )
        await told(status, null, null)
        // A station that only erases need not tell anything of it (N10.FR.03 asks for one message; many send none).
        if (status === 'Accepted' && report) await told(status, (await expected).join(''), clock.now())
      } finally {
        if (report) gather.forget(identity, requestId)
      }
      return (await list(identity, parts.zone)).find((one) => one.requestId === requestId)!
    },
  }
}
