/**
 * What a simulated station keeps for its operator: the local list, a reservation, messages on its display, customers
 * (OCPP 2.0.1 D01, D02, H01–H04, N09, N10, O01–O06, P01).
 */
import { type Clock, parseInstant, SECOND } from '#kernel'
import type { AuthorizationData, IdTokenInfoType, IdTokenType, MessageInfoType, Messages } from '#protocols/ocpp'
import type { Link } from './station-link.ts'
import { zulu } from './station-meter.ts'
import type { Variables } from './station-variables.ts'

type Answers = { [A in keyof Messages]?: (request: Messages[A]['request']) => Messages[A]['response'] }

export interface Counter {
  readonly answers: Answers
  /** What the local list says of a token. */
  listed(token: IdTokenType): IdTokenInfoType | undefined
  reservation(): { id: number; token: string; group: string | undefined } | undefined
  /** The token may charge although the place is reserved; then the reservation is used. */
  mayUse(token: IdTokenType, group: string | undefined): boolean
  /** A reservation that the transaction uses. */
  use(token: IdTokenType): number | undefined
  /** Once a second. */
  tick(): void
}

export interface CounterParts {
  clock: Clock
  variables: Variables
  link(): Link
  /** Whether the connector is free. */
  isFree(): 'free' | 'occupied' | 'faulted' | 'unavailable'
  /** The connector is reserved, or not any more. */
  onReservation(): void
  /** Forgets what the cache holds of a token. */
  forgetToken(token: string): void
  remembers(token: string): boolean
}

const keyOf = ({ idToken }: IdTokenType) => idToken.toLowerCase()
const MESSAGES = 10

export function openCounter(parts: CounterParts): Counter {
  const { clock, variables, link } = parts
  let version = 0
  let list = new Map<string, AuthorizationData>()
  let reserved: Messages['ReserveNow']['request'] | undefined
  const messages = new Map<number, MessageInfoType>()
  const afterwards = (work: () => Promise<unknown>) => void setImmediate(() => work().catch(() => undefined))

  const endReservation = (status?: 'Expired' | 'Removed') => {
    const id = reserved?.id
    reserved = undefined
    if (status && id !== undefined)
      void link()
        .call('ReservationStatusUpdate', { reservationId: id, reservationUpdateStatus: status })
        .catch(() => undefined)
    parts.onReservation()
  }

  const answers: Answers = {
    SendLocalList({ versionNumber, updateType, localAuthorizationList = [] }) {
      if (!variables.flag('LocalAuthListCtrlr', 'Enabled')) return { status: 'Failed', statusInfo: { reasonCode: 'NotEnabled' } }
      if (localAuthorizationList.length > variables.number('LocalAuthListCtrlr', 'ItemsPerMessage'))
        return { status: 'Failed', statusInfo: { reasonCode: 'TooManyElements' } }
      if (updateType === 'Differential' && versionNumber <= version) return { status: 'VersionMismatch' }
      const next = updateType === 'Full' ? new Map<string, AuthorizationData>() : new Map(list)
      for (const entry of localAuthorizationList) {
        if (updateType === 'Full' && !entry.idTokenInfo) return { status: 'Failed', statusInfo: { reasonCode: 'MissingParam' } }
        if (entry.idTokenInfo) next.set(keyOf(entry.idToken), entry)
        else next.delete(keyOf(entry.idToken))
      }
      list = next
      version = versionNumber
      variables.put('LocalAuthListCtrlr', 'Entries', String(list.size))
      return { status: 'Accepted' }
    },
    GetLocalListVersion: () => ({ versionNumber: variables.flag('LocalAuthListCtrlr', 'Enabled') ? version : 0 }),

    ReserveNow(request) {
      if (!variables.flag('ReservationCtrlr', 'Enabled')) return { status: 'Rejected', statusInfo: { reasonCode: 'NotEnabled' } }
      if (request.evseId !== undefined && request.evseId !== 1) return { status: 'Rejected', statusInfo: { reasonCode: 'UnknownEvse' } }
      const state = parts.isFree()
      if (state !== 'free') return { status: state === 'occupied' ? 'Occupied' : state === 'faulted' ? 'Faulted' : 'Unavailable' }
      if (reserved && reserved.id !== request.id) return { status: 'Occupied' }
      reserved = request
      afterwards(async () => parts.onReservation())
      return { status: 'Accepted' }
    },
    CancelReservation({ reservationId }) {
      if (reserved?.id !== reservationId) return { status: 'Rejected', statusInfo: { reasonCode: 'NotFound' } }
      afterwards(async () => endReservation())
      return { status: 'Accepted' }
    },

    SetDisplayMessage({ message }) {
      if (message.message.format !== 'UTF8' && message.message.format !== 'ASCII') return { status: 'NotSupportedMessageFormat' }
      if (messages.size >= MESSAGES && !messages.has(message.id)) return { status: 'Rejected', statusInfo: { reasonCode: 'OutOfStorage' } }
      messages.set(message.id, message)
      return { status: 'Accepted' }
    },
    ClearDisplayMessage: ({ id }) => ({ status: messages.delete(id) ? 'Accepted' : 'Unknown' }),
    GetDisplayMessages({ requestId, id, priority, state }) {
      const found = [...messages.values()].filter(
        (one) => (!id || id.includes(one.id)) && (!priority || one.priority === priority) && (!state || one.state === state),
      )
      if (found.length === 0) return { status: 'Unknown' }
      afterwards(async () => {
        for (const [index, one] of found.entries())
          await link().call('NotifyDisplayMessages', { requestId, messageInfo: [one], tbc: index < found.length - 1 })
      })
      return { status: 'Accepted' }
    },

    CustomerInformation({ requestId, report, clear, idToken, customerIdentifier, customerCertificate }) {
      if (!idToken && customerIdentifier === undefined && !customerCertificate) return { status: 'Invalid' }
      const known = idToken !== undefined && (parts.remembers(idToken.idToken) || list.has(keyOf(idToken)))
      const data = known ? `{"idToken":"${idToken.idToken}","cached":true}` : ''
      if (clear && idToken) parts.forgetToken(idToken.idToken)
      const half = Math.ceil(data.length / 2)
      const texts = report && data !== '' ? [data.slice(0, half), data.slice(half)] : ['']
      afterwards(async () => {
        for (const [seqNo, text] of texts.entries())
          await link().call('NotifyCustomerInformation', {
            ...{ requestId, seqNo, data: text, generatedAt: zulu(clock.now()) },
            tbc: seqNo < texts.length - 1,
          })
      })
      return { status: 'Accepted' }
    },

    DataTransfer: ({ vendorId, messageId }) =>
      vendorId === 'Cariflex' ? { status: messageId === 'Echo' ? 'Accepted' : 'UnknownMessageId' } : { status: 'UnknownVendorId' },
  }

  return {
    answers,
    listed: (token) => (variables.flag('LocalAuthListCtrlr', 'Enabled') ? list.get(keyOf(token))?.idTokenInfo : undefined),
    reservation: () => reserved && { id: reserved.id, token: reserved.idToken.idToken, group: reserved.groupIdToken?.idToken },
    mayUse: (token, group) =>
      !reserved || keyOf(reserved.idToken) === keyOf(token) || (group !== undefined && reserved.groupIdToken?.idToken === group),
    use(token) {
      if (!reserved) return undefined
      const { id, idToken, groupIdToken } = reserved
      if (keyOf(idToken) !== keyOf(token) && !groupIdToken) return undefined
      reserved = undefined
      return id
    },
    tick() {
      if (reserved && clock.now() >= parseInstant(reserved.expiryDateTime) + SECOND / 2) endReservation('Expired')
    },
  }
}
