/** Monitors on variables of a simulated station, and the events they raise (OCPP 2.0.1 N02–N08). */
import { type Clock, SECOND } from '#kernel'
import type { Messages, MonitoringDataType, SetMonitoringDataType } from '#protocols/ocpp'
import type { Link } from './station-link.ts'
import { zulu } from './station-meter.ts'
import type { Variables } from './station-variables.ts'

type Answers = { [A in keyof Messages]?: (request: Messages[A]['request']) => Messages[A]['response'] }

export interface Monitors {
  readonly answers: Answers
  /** Once a second: looks at every monitored variable. */
  tick(): void
}

interface Monitor extends SetMonitoringDataType {
  id: number
  /** What it saw last. */
  last: string | undefined
  /** A threshold that is exceeded. */
  raised: boolean
}

const MOST = 20

export function openMonitors({
  clock,
  variables,
  link,
  isCharging,
}: {
  clock: Clock
  variables: Variables
  link(): Link
  isCharging(): boolean
}): Monitors {
  const monitors = new Map<number, Monitor>()
  let level = 9
  let lastId = 0
  let eventId = 10_000

  const currentOf = ({ component, variable }: SetMonitoringDataType) => {
    const found = variables.get({ component, variable })
    return found.attributeStatus === 'Accepted' ? found.attributeValue : undefined
  }
  const tell = (monitor: Monitor, actualValue: string, trigger: 'Alerting' | 'Delta' | 'Periodic', cleared: boolean) => {
    if (monitor.severity > level) return
    const timestamp = zulu(clock.now())
    const event = {
      ...{ eventId: ++eventId, timestamp, trigger, actualValue, cleared, variableMonitoringId: monitor.id },
      ...{ eventNotificationType: 'CustomMonitor' as const, component: monitor.component, variable: monitor.variable },
    }
    void link()
      .call('NotifyEvent', { generatedAt: timestamp, seqNo: 0, eventData: [event] })
      .catch(() => undefined)
  }

  const look = (monitor: Monitor) => {
    if (monitor.transaction && !isCharging()) return
    const value = currentOf(monitor)
    if (value === undefined) return
    const before = monitor.last
    const number = Number(value)
    if (monitor.type === 'UpperThreshold' || monitor.type === 'LowerThreshold') {
      const beyond = monitor.type === 'UpperThreshold' ? number > monitor.value : number < monitor.value
      if (beyond !== monitor.raised) tell(monitor, value, 'Alerting', !beyond)
      monitor.raised = beyond
      monitor.last = value
    } else if (monitor.type === 'Delta') {
      const hasMoved = Number.isFinite(number) ? Math.abs(number - Number(before)) >= monitor.value : value !== before
      if (before !== undefined && !hasMoved) return
      monitor.last = value
      if (before !== undefined) tell(monitor, value, 'Delta', false)
    } else {
      const due = Math.floor(clock.now() / (Math.max(1, monitor.value) * SECOND))
      if (before !== undefined && Number(before) !== due) tell(monitor, value, 'Periodic', false)
      monitor.last = String(due)
    }
  }

  const set = (data: SetMonitoringDataType): Messages['SetVariableMonitoring']['response']['setMonitoringResult'][number] => {
    const about = { type: data.type, severity: data.severity, component: data.component, variable: data.variable }
    const { attributeStatus } = variables.get({ component: data.component, variable: data.variable })
    if (attributeStatus === 'UnknownComponent' || attributeStatus === 'UnknownVariable') return { ...about, status: attributeStatus }
    if (data.id !== undefined && !monitors.has(data.id)) return { ...about, status: 'Rejected', statusInfo: { reasonCode: 'NotFound' } }
    if (data.type !== 'Delta' && data.value < 0) return { ...about, status: 'Rejected', statusInfo: { reasonCode: 'ValueOutOfRange' } }
    const same = [...monitors.values()].find(
      (one) =>
        one.id !== data.id &&
        one.type === data.type &&
        one.severity === data.severity &&
        JSON.stringify([one.component, one.variable]) === JSON.stringify([data.component, data.variable]),
    )
    if (same) return { ...about, status: 'Duplicate' }
    if (monitors.size >= MOST) return { ...about, status: 'Rejected', statusInfo: { reasonCode: 'OutOfStorage' } }
    const id = data.id ?? ++lastId
    const monitor: Monitor = { ...data, id, last: undefined, raised: false }
    monitors.set(id, monitor)
    return { ...about, id, status: 'Accepted' }
  }

  return {
    answers: {
      SetVariableMonitoring: ({ setMonitoringData }) => ({ setMonitoringResult: setMonitoringData.map(set) }),
      ClearVariableMonitoring: ({ id }) => ({
        clearMonitoringResult: id.map((one) => ({ id: one, status: monitors.delete(one) ? ('Accepted' as const) : ('NotFound' as const) })),
      }),
      SetMonitoringBase({ monitoringBase }) {
        if (monitoringBase !== 'All') monitors.clear()
        return { status: 'Accepted' }
      },
      SetMonitoringLevel({ severity }) {
        if (severity < 0 || severity > 9) return { status: 'Rejected', statusInfo: { reasonCode: 'ValueOutOfRange' } }
        level = severity
        return { status: 'Accepted' }
      },
      GetMonitoringReport({ requestId, monitoringCriteria, componentVariable }) {
        const kinds = {
          ThresholdMonitoring: ['UpperThreshold', 'LowerThreshold'],
          DeltaMonitoring: ['Delta'],
          PeriodicMonitoring: ['Periodic', 'PeriodicClockAligned'],
        }
        const wanted = monitoringCriteria?.flatMap((criterion) => kinds[criterion])
        const found = [...monitors.values()].filter(
          (one) =>
            (!wanted || wanted.includes(one.type)) &&
            (!componentVariable ||
              componentVariable.some(
                ({ component, variable }) =>
                  component.name === one.component.name && (variable?.name ?? one.variable.name) === one.variable.name,
              )),
        )
        if (found.length === 0) return { status: 'EmptyResultSet' }
        const parts: MonitoringDataType[] = found.map(({ id, component, variable, type, value, severity, transaction = false }) => ({
          component,
          variable,
          variableMonitoring: [{ id, type, value, severity, transaction }],
        }))
        setImmediate(async () => {
          for (const [seqNo, part] of parts.entries())
            await link()
              .call('NotifyMonitoringReport', {
                requestId,
                seqNo,
                generatedAt: zulu(clock.now()),
                tbc: seqNo < parts.length - 1,
                monitor: [part],
              })
              .catch(() => undefined)
        })
        return { status: 'Accepted' }
      },
    },
    tick() {
      for (const monitor of monitors.values()) look(monitor)
    },
  }
}
