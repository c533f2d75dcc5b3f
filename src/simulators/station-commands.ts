/** What a simulated station does on the orders of its CSMS, and how it refuses the rest (OCPP 2.0.1 Part 2). */
import { type Instant, instant, SECOND } from '#kernel'
import {
  CallError,
  type ChargingProfile,
  type Handler,
  limitSourceOf,
  type Messages,
  matchingProfiles,
  type Payload,
  type ReportDataType,
  type StatusInfoType,
  v201,
  validateProfile,
  withoutProfiles,
  withProfile,
} from '#protocols/ocpp'
import type { Chassis } from './station-chassis.ts'
import { zulu } from './station-meter.ts'
import { profileContext, steering } from './station-steering.ts'

type Request<A extends keyof Messages> = Messages[A]['request']
type Commands = { [A in keyof Messages]?: (request: Request<A>) => Messages[A]['response'] }

/** While the boot is not accepted only these are served (charging reference 2.3). */
const WHILE_PENDING = new Set(['SetVariables', 'GetVariables', 'GetBaseReport', 'GetReport', 'TriggerMessage'])
const REPORT_ITEMS = 20

/** The handler of CALLs from the CSMS. */
export function commandHandler(chassis: () => Chassis): Handler {
  let commands: Commands | undefined
  return async (action, payload) => {
    const station = chassis()
    // The answer to its boot may have come in the same packet, just before: it counts first.
    if (station.link.registration() !== 'Accepted') await new Promise(setImmediate)
    const registration = station.link.registration()
    if (registration !== 'Accepted') {
      if (registration === 'Pending' && /^Request(Start|Stop)Transaction$/.test(action)) return { status: 'Rejected' }
      const asksBoot = action === 'TriggerMessage' && payload['requestedMessage'] === 'BootNotification'
      if (!asksBoot && !(registration === 'Pending' && WHILE_PENDING.has(action)))
        throw new CallError('SecurityError', 'The boot of this station is not accepted.')
    }
    commands ??= {
      ...configuration(station),
      ...charging(station),
      ...profiles(station),
      ...station.extras.answers,
      ...station.vault.answers,
      ...(station.till.answers as Commands),
      ...(steering(station) as Commands),
    }
    const command = commands[action as keyof Messages] as ((request: Payload) => Payload) | undefined
    if (!command)
      throw new CallError(v201.isAction(action) ? 'NotSupported' : 'NotImplemented', `${action} is not supported by this station.`)
    return command(payload)
  }
}

/** After the answer is out: the follow-up must not overtake it. When the connection goes meanwhile, the CSMS will have to ask again. */
const afterwards = (work: () => unknown) =>
  void setImmediate(() =>
    Promise.resolve()
      .then(work)
      .catch(() => undefined),
  )
const info = (reasonCode: string, additionalInfo?: string): { statusInfo: StatusInfoType } => ({
  statusInfo: { reasonCode, ...(additionalInfo ? { additionalInfo: additionalInfo.slice(0, 512) } : {}) },
})

function configuration(station: Chassis): Commands {
  const { clock, variables, link } = station
  const sendReport = (requestId: number, data: ReportDataType[]) =>
    afterwards(async () => {
      for (let from = 0, seqNo = 0; from < data.length; from += REPORT_ITEMS, seqNo++)
        await link.call('NotifyReport', {
          requestId,
          generatedAt: zulu(clock.now()),
          seqNo,
          tbc: from + REPORT_ITEMS < data.length,
          reportData: data.slice(from, from + REPORT_ITEMS),
        })
    })
  const tooMany = (count: number) => {
    if (count > REPORT_ITEMS) throw new CallError('OccurrenceConstraintViolation', `At most ${REPORT_ITEMS} items in a message.`)
  }
  return {
    GetVariables({ getVariableData }) {
      tooMany(getVariableData.length)
      return { getVariableResult: getVariableData.map(variables.get) }
    },
    SetVariables({ setVariableData }) {
      tooMany(setVariableData.length)
      return { setVariableResult: setVariableData.map(variables.set) }
    },
    GetBaseReport({ requestId, reportBase }) {
      sendReport(requestId, variables.report(reportBase))
      return { status: 'Accepted' }
    },
    GetReport({ requestId, componentVariable, componentCriteria }) {
      let data = componentVariable ? variables.find(componentVariable) : variables.report('FullInventory')
      // A component meets a criterion when it has that variable and it is true; one without the variable counts as Available and Enabled.
      if (componentCriteria)
        data = data.filter(({ component }) =>
          componentCriteria.some((criterion) => {
            const found = variables.get({ component, variable: { name: criterion } })
            return found.attributeStatus === 'Accepted'
              ? found.attributeValue === 'true'
              : criterion === 'Available' || criterion === 'Enabled'
          }),
        )
      if (data.length === 0) return { status: 'EmptyResultSet' }
      sendReport(requestId, data)
      return { status: 'Accepted' }
    },
    TriggerMessage({ requestedMessage, evse }) {
      if (evse && (evse.id !== 1 || (evse.connectorId ?? 1) !== 1)) return { status: 'Rejected', ...info('UnknownEvse') }
      switch (requestedMessage) {
        case 'BootNotification':
          if (link.registration() === 'Accepted') return { status: 'Rejected', ...info('NotNeeded', 'The boot is accepted already.') } // F06.FR.17
          afterwards(() => link.boot('Triggered'))
          break
        case 'SignChargingStationCertificate':
        case 'SignV2GCertificate':
        case 'SignCombinedCertificate': {
          const kind = requestedMessage === 'SignCombinedCertificate' ? 'both' : (requestedMessage.slice(4) as 'V2GCertificate')
          afterwards(() => station.vault.sign(kind))
          break
        }
        case 'Heartbeat':
          afterwards(() => link.heartbeat())
          break
        case 'StatusNotification':
          afterwards(() => station.sendStatus())
          break
        case 'MeterValues':
          afterwards(() => station.sendMeterValues())
          break
        case 'TransactionEvent':
          if (!station.engine.current()) return { status: 'Rejected', ...info('TxNotFound') }
          afterwards(() => station.engine.update('Trigger', 'Trigger'))
          break
        case 'FirmwareStatusNotification':
          afterwards(() => station.extras.upkeep.sendFirmwareStatus())
          break
        case 'LogStatusNotification':
          afterwards(() => station.extras.upkeep.sendLogStatus())
          break
        default:
          return { status: 'NotImplemented' }
      }
      return { status: 'Accepted' }
    },
    Reset({ type, evseId }) {
      if (evseId !== undefined && evseId !== 1) return { status: 'Rejected', ...info('UnknownEvse') }
      if (type === 'OnIdle' && station.engine.current()) {
        station.resetWhenIdle = true
        return { status: 'Scheduled' }
      }
      afterwards(() => station.restart('RemoteReset'))
      return { status: 'Accepted' }
    },
    ClearCache() {
      if (!variables.flag('AuthCacheCtrlr', 'Enabled')) return { status: 'Rejected' }
      station.tokens.clear()
      return { status: 'Accepted' }
    },
  }
}

function charging(station: Chassis): Commands {
  const { engine } = station
  return {
    RequestStartTransaction({ evseId = 1, idToken, remoteStartId, groupIdToken, chargingProfile }) {
      const running = engine.current()
      if (evseId !== 1) return { status: 'Rejected', ...info('UnknownEvse') }
      if (!station.operative || station.connectorStatus() === 'Faulted') return { status: 'Rejected', ...info('NotAvailable') }
      if (station.authorization) return { status: 'Rejected', ...info('TxInProgress') }
      if (chargingProfile) {
        const verdict = validateProfile(chargingProfile, { ...profileContext(station, evseId), from: 'RequestStartTransaction' })
        if (!verdict.ok) return { status: 'Rejected', ...info(verdict.reason, verdict.info) } // F01.FR.12
        if (running) station.profiles = withProfile(station.profiles, 1, { ...chargingProfile, transactionId: running.id })
        else station.promised = chargingProfile
      }
      const askFirst = station.variables.flag('AuthCtrlr', 'AuthorizeRemoteStart')
      afterwards(async () => {
        await station.present(idToken, { remoteStartId, askFirst })
        if (station.authorization && groupIdToken) station.authorization.group = groupIdToken.idToken
      })
      return { status: 'Accepted', ...(running ? { transactionId: running.id } : {}) }
    },
    RequestStopTransaction({ transactionId }) {
      if (engine.current()?.id !== transactionId) return { status: 'Rejected', ...info('TxNotFound') }
      afterwards(() => {
        if (station.authorization) station.deauthorize('RemoteStop', 'Remote')
        else engine.end('RemoteStop', 'Remote')
      })
      return { status: 'Accepted' }
    },
    GetTransactionStatus({ transactionId }) {
      if (transactionId === undefined) return { messagesInQueue: station.waitingEvents() > 0 }
      return { ongoingIndicator: engine.current()?.id === transactionId, messagesInQueue: station.waitingEvents(transactionId) > 0 }
    },
    UnlockConnector({ evseId, connectorId }) {
      if (evseId !== 1 || connectorId !== 1) return { status: 'UnknownConnector' }
      return { status: station.authorization && engine.current() ? 'OngoingAuthorizedTransaction' : 'Unlocked' }
    },
    ChangeAvailability({ operationalStatus, evse }) {
      if (evse && (evse.id !== 1 || (evse.connectorId ?? 1) !== 1)) return { status: 'Rejected', ...info('UnknownEvse') }
      const operative = operationalStatus === 'Operative'
      if (engine.current() && operative !== station.operative) {
        station.nextOperative = operative
        return { status: 'Scheduled' }
      }
      station.nextOperative = undefined
      afterwards(() => station.setOperative(operative))
      return { status: 'Accepted' }
    },
  }
}

function profiles(station: Chassis): Commands {
  const { clock, link, variables } = station
  const whenEnabled = () => {
    if (!variables.flag('SmartChargingCtrlr', 'Enabled')) throw new CallError('NotSupported', 'Smart charging is switched off.') // K01.FR.29
  }
  return {
    SetChargingProfile({ evseId, chargingProfile }) {
      whenEnabled()
      const verdict = validateProfile(chargingProfile, profileContext(station, evseId))
      if (!verdict.ok) return { status: 'Rejected', ...info(verdict.reason, verdict.info) }
      station.profiles = withProfile(station.profiles, evseId, chargingProfile)
      return { status: 'Accepted' }
    },
    ClearChargingProfile(request) {
      whenEnabled()
      const left = withoutProfiles(station.profiles, request)
      if (left.length === station.profiles.length) return { status: 'Unknown' }
      station.profiles = left
      return { status: 'Accepted' }
    },
    GetChargingProfiles({ requestId, evseId, chargingProfile }) {
      whenEnabled()
      const found = matchingProfiles(station.profiles, chargingProfile, evseId)
      if (found.length === 0) return { status: 'NoProfiles' }
      const groups = new Map<
        string,
        { evseId: number; chargingLimitSource: ReturnType<typeof limitSourceOf>; profiles: ChargingProfile[] }
      >()
      for (const one of found) {
        const source = limitSourceOf(one)
        const group = groups.get(`${one.evseId} ${source}`) ?? { evseId: one.evseId, chargingLimitSource: source, profiles: [] }
        groups.set(`${one.evseId} ${source}`, group)
        group.profiles.push(one.profile)
      }
      afterwards(async () => {
        let left = groups.size
        for (const { evseId: evse, chargingLimitSource, profiles: chargingProfile } of groups.values())
          await link.call('ReportChargingProfiles', { requestId, chargingLimitSource, evseId: evse, chargingProfile, tbc: --left > 0 })
      })
      return { status: 'Accepted' }
    },
    GetCompositeSchedule({ evseId, duration, chargingRateUnit = 'W' }) {
      whenEnabled()
      if (evseId !== 0 && evseId !== 1) return { status: 'Rejected', ...info('UnknownEvse') }
      if (duration <= 0) return { status: 'Rejected', ...info('InvalidValue', 'The duration must be above 0.') }
      const from: Instant = instant(Math.floor(clock.now() / SECOND) * SECOND)
      return {
        status: 'Accepted',
        schedule: {
          evseId,
          duration,
          scheduleStart: zulu(from),
          chargingRateUnit,
          chargingSchedulePeriod: station.composite(from, instant(from + duration * SECOND), chargingRateUnit, evseId),
        },
      }
    },
  }
}
