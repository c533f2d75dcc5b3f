/** What a station tells unasked: its availability, a few variables that change by themselves, what the driver of the car wants. */
import type { Clock } from '#kernel'
import { CallError, type ConnectorStatusEnumType } from '#protocols/ocpp'
import type { ChargingNeeds } from './charging-needs.ts'
import type { Link } from './station-link.ts'
import { zulu } from './station-meter.ts'
import type { Variables } from './station-variables.ts'

export interface Notices {
  /** Tells the status now (G01). */
  status(status: ConnectorStatusEnumType): Promise<void>
  /** Tells the status if it is another than the one told last. */
  changedStatus(status: ConnectorStatusEnumType): void
  /** Tells watched variables that changed, by NotifyEvent (N07, hard-wired). */
  changedVariables(): void
  /** Tells once per car what it wants (K15), as soon as that is known. */
  needs(wanted: () => ChargingNeeds | undefined): void
  /** The car is another, or was told of in an earlier life. */
  newCar(needsTold: boolean): void
  /** The CSMS may have missed the status, or everything. */
  forget(what: 'status' | 'everything'): void
}

const WATCHED = [
  ['V2XChargingCtrlr', 'Available'],
  ['Connector', 'Problem'],
] as const

export function openNotices(parts: { clock: Clock; variables: Variables; link(): Link; v2x: boolean }): Notices {
  const { clock, variables, link } = parts
  const watched = WATCHED.filter(([component]) => component !== 'V2XChargingCtrlr' || parts.v2x)
  const told = new Map<string, string>()
  let toldStatus: ConnectorStatusEnumType | undefined
  let needsTold = false
  let eventId = 0
  /** A refusal is final; what did not arrive is told again. */
  const unless = (undo: () => void) => (error: unknown) => {
    if (!(error instanceof CallError)) undo()
  }

  const status: Notices['status'] = async (connectorStatus) => {
    toldStatus = connectorStatus
    for (const component of ['Connector', 'EVSE', 'ChargingStation']) variables.put(component, 'AvailabilityState', connectorStatus)
    await link()
      .call('StatusNotification', { timestamp: zulu(clock.now()), connectorStatus, evseId: 1, connectorId: 1 })
      .catch(
        unless(() => {
          toldStatus = undefined
        }),
      )
  }

  return {
    status,
    changedStatus(connectorStatus) {
      if (connectorStatus !== toldStatus) void status(connectorStatus)
    },
    changedVariables() {
      for (const [component, variable] of watched) {
        const actualValue = variables.value(component, variable)
        const key = `${component}.${variable}`
        // At first they are told whatever they are: the CSMS may remember another value from an earlier life of ours.
        if (told.get(key) === actualValue) continue
        told.set(key, actualValue)
        const place = variables.find([{ component: { name: component }, variable: { name: variable } }])[0]!
        const timestamp = zulu(clock.now())
        link()
          .call('NotifyEvent', {
            generatedAt: timestamp,
            seqNo: 0,
            eventData: [
              {
                eventId: ++eventId,
                timestamp,
                trigger: 'Delta',
                actualValue,
                eventNotificationType: 'HardWiredNotification',
                component: place.component,
                variable: place.variable,
              },
            ],
          })
          .catch(unless(() => told.delete(key)))
      }
    },
    needs(wanted) {
      const chargingNeeds = needsTold ? undefined : wanted()
      if (!chargingNeeds) return
      needsTold = true
      link()
        .call('NotifyEVChargingNeeds', { evseId: 1, chargingNeeds })
        .catch(
          unless(() => {
            needsTold = false
          }),
        )
    },
    newCar(isTold) {
      needsTold = isTold
    },
    forget(what) {
      toldStatus = undefined
      if (what === 'everything') told.clear()
    },
  }
}
