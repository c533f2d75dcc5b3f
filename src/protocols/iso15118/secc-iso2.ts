/** The station's end of ISO 15118-2: which request may follow which, and what is answered. */
import { type KeyObject, randomBytes } from 'node:crypto'
import { isProblem, Problem } from '#kernel'
import { isSameEmaid } from './contract.ts'
import { blank } from './exi/blank.ts'
import type { ExiObject } from './exi/codec.ts'
import { schema } from './exi/schemas.ts'
import type { Iso2Body, Iso2MessageHeader, Iso2Messages, Iso2ResponseCode } from './messages.gen.ts'
import { fromPhysical, physical } from './numbers.ts'
import type { Needs, Offer } from './parties.ts'
import { within } from './schedule.ts'
import { verifyPart } from './signature.ts'
import { newSessionId, type StationEnd, type StationSession } from './station-session.ts'
import { TIMING } from './timing.ts'

type Requests = { [Name in keyof Iso2Body as Name extends `${infer Stem}Req` ? Stem : never]-?: NonNullable<Iso2Body[Name]> }
type Answers = { [Name in keyof Iso2Body as Name extends `${infer Stem}Res` ? Stem : never]-?: NonNullable<Iso2Body[Name]> }
type Step = keyof Requests

const SERVICE = 1
/** Contract certificates by way of the station: parameter set 1 installs. */
export const CERTIFICATES = 2

/** After each step, what the car may ask next. */
const NEXT: Record<string, readonly Step[]> = {
  start: ['SessionSetup'],
  SessionSetup: ['ServiceDiscovery'],
  ServiceDiscovery: ['ServiceDetail', 'PaymentServiceSelection'],
  ServiceDetail: ['ServiceDetail', 'PaymentServiceSelection'],
  PaymentServiceSelection: ['PaymentDetails', 'Authorization', 'CertificateInstallation'],
  CertificateInstallation: ['PaymentDetails'],
  PaymentDetails: ['Authorization'],
  Authorization: ['Authorization', 'ChargeParameterDiscovery'],
  ChargeParameterDiscovery: ['ChargeParameterDiscovery', 'PowerDelivery', 'CableCheck'],
  CableCheck: ['CableCheck', 'PreCharge'],
  PreCharge: ['PreCharge', 'PowerDelivery'],
  charging: ['ChargingStatus', 'CurrentDemand', 'PowerDelivery', 'MeteringReceipt'],
  renegotiating: ['ChargeParameterDiscovery'],
  stopped: ['WeldingDetection', 'SessionStop'],
}

/** What belongs to the other kind of current. */
const OTHER: Record<'AC' | 'DC', readonly Step[]> = {
  AC: ['CableCheck', 'PreCharge', 'CurrentDemand', 'WeldingDetection'],
  DC: ['ChargingStatus'],
}

export async function serveIso2(session: StationSession): Promise<StationEnd> {
  const { channel, supply, clock } = session
  const grammar = schema('iso2')
  let sessionId = ''
  let state = 'start'
  let turns = 0
  let contract: { emaid: string; chain: string[]; challenge: string; key: KeyObject } | undefined
  let payment: 'Contract' | 'ExternalPayment' | undefined
  let authorized: Promise<'accepted' | 'rejected'> | undefined
  let verdict: 'accepted' | 'rejected' | undefined
  let needs: Needs | undefined
  let offered: Promise<Offer[]> | undefined
  let offers: Offer[] | undefined
  let end: StationEnd['end'] | undefined
  let chosen = 1
  let mustSign = false
  /** The voltage of the car is on the cable (DC). */
  let ready = false

  const notice = () => {
    const wish = supply.wish()
    const EVSENotification = wish === 'charge' ? 'None' : wish === 'renegotiate' ? 'ReNegotiation' : 'StopCharging'
    return { NotificationMaxDelay: 0, EVSENotification } as const
  }
  const acStatus = () => ({ ...notice(), RCD: false })
  const dcStatus = () =>
    ({ ...notice(), EVSEIsolationStatus: 'Valid', EVSEStatusCode: supply.wish() === 'stop' ? 'EVSE_Shutdown' : 'EVSE_Ready' }) as const
  const status = () => (supply.current === 'AC' ? { AC_EVSEStatus: acStatus() } : { DC_EVSEStatus: dcStatus() })
  const meterInfo = () => {
    const { id, charged } = supply.meter()
    return { MeterID: id.slice(0, 32), MeterReading: Math.round(charged), TMeter: Math.floor(clock.now() / 1000) }
  }
  const refuse = (ResponseCode: Iso2ResponseCode): never => {
    throw new Refusal(ResponseCode)
  }

  const handle: { [Name in Step]?: (request: Requests[Name], header: Iso2MessageHeader) => Answers[Name] | Promise<Answers[Name]> } = {
    SessionSetup(_request, header) {
      const kept = session.paused.get(header.SessionID)
      sessionId = kept ? header.SessionID : newSessionId(randomBytes)
      session.paused.delete(sessionId)
      return {
        ResponseCode: kept ? 'OK_OldSessionJoined' : 'OK_NewSessionEstablished',
        EVSEID: supply.evseId,
        EVSETimeStamp: Math.floor(clock.now() / 1000),
      }
    },
    ServiceDiscovery: () => ({
      ResponseCode: 'OK',
      PaymentOptionList: { PaymentOption: supply.judge ? ['Contract', 'ExternalPayment'] : ['ExternalPayment'] },
      ChargeService: {
        ServiceID: SERVICE,
        ServiceCategory: 'EVCharging',
        FreeService: false,
        SupportedEnergyTransferMode: {
          EnergyTransferMode: supply.current === 'AC' ? ['AC_three_phase_core', 'AC_single_phase_core'] : ['DC_extended', 'DC_core'],
        },
      },
      ...(supply.install && {
        ServiceList: { Service: [{ ServiceID: CERTIFICATES, ServiceCategory: 'ContractCertificate', FreeService: true }] },
      }),
    }),
    ServiceDetail({ ServiceID }) {
      if (ServiceID === CERTIFICATES && supply.install) {
        const installing = { ParameterSetID: 1, Parameter: [{ Name: 'Service', stringValue: 'Installation' }] }
        return { ResponseCode: 'OK', ServiceID, ServiceParameterList: { ParameterSet: [installing] } }
      }
      if (ServiceID !== SERVICE) return refuse('FAILED_ServiceIDInvalid')
      return { ResponseCode: 'OK', ServiceID }
    },
    PaymentServiceSelection({ SelectedPaymentOption, SelectedServiceList }) {
      if (!SelectedServiceList.SelectedService.some(({ ServiceID }) => ServiceID === SERVICE)) refuse('FAILED_NoChargeServiceSelected')
      if (SelectedPaymentOption === 'Contract' && !supply.judge) refuse('FAILED_PaymentSelectionInvalid')
      payment = SelectedPaymentOption
      return { ResponseCode: 'OK' }
    },
    async PaymentDetails({ eMAID, ContractSignatureCertChain }) {
      const chain = [ContractSignatureCertChain.Certificate, ...(ContractSignatureCertChain.SubCertificates?.Certificate ?? [])]
      const verdict = (await supply.judge?.(chain)) ?? { fault: 'NoCertificateAvailable' }
      if ('fault' in verdict) return refuse(`FAILED_${verdict.fault}`)
      if (!isSameEmaid(verdict.emaid, eMAID)) return refuse('FAILED_CertChainError')
      contract = { emaid: eMAID, chain, key: verdict.key, challenge: randomBytes(16).toString('base64') }
      return { ResponseCode: 'OK', GenChallenge: contract.challenge, EVSETimeStamp: Math.floor(clock.now() / 1000) }
    },
    async Authorization(request, header) {
      if (payment === 'Contract' && !authorized) {
        if (!contract) return refuse('FAILED_SequenceError')
        if (request.GenChallenge !== contract.challenge) refuse('FAILED_ChallengeInvalid')
        signedBy(contract.key, 'AuthorizationReq', request, header)
      }
      authorized ??= supply.authorize(contract ? { kind: 'contract', emaid: contract.emaid, chain: contract.chain } : { kind: 'external' })
      void authorized.then(
        (answer) => {
          verdict = answer
        },
        () => {
          verdict = 'rejected'
        },
      )
      await Promise.resolve()
      if (verdict === 'rejected') refuse('FAILED')
      const waiting = payment === 'Contract' ? 'Ongoing' : 'Ongoing_WaitingForCustomerInteraction'
      return { ResponseCode: 'OK', EVSEProcessing: verdict ? 'Finished' : waiting }
    },
    async ChargeParameterDiscovery(request) {
      if (verdict !== 'accepted') return refuse('FAILED_SequenceError')
      const isAc = request.RequestedEnergyTransferMode.startsWith('AC')
      if (isAc !== (supply.current === 'AC')) return refuse('FAILED_WrongEnergyTransferMode')
      if (!offered) {
        needs = needsOf(request)
        supply.needs(needs)
        offered = supply.offers(needs)
        void offered.then(
          (list) => {
            offers = list
          },
          () => {
            offers = []
          },
        )
      }
      await Promise.resolve()
      const { maxCharge, minCharge, phases, voltage } = supply.limits()
      const list = offers && offers.length > 0 ? offers : undefined
      return {
        ResponseCode: 'OK',
        EVSEProcessing: offers ? 'Finished' : 'Ongoing',
        ...(list && { SAScheduleList: { SAScheduleTuple: list.slice(0, 3).map(tupleOf) } }),
        ...(isAc
          ? {
              AC_EVSEChargeParameter: {
                AC_EVSEStatus: acStatus(),
                EVSENominalVoltage: physical(voltage, 'V'),
                EVSEMaxCurrent: physical(maxCharge / (voltage * phases), 'A'),
              },
            }
          : {
              DC_EVSEChargeParameter: {
                DC_EVSEStatus: dcStatus(),
                EVSEMaximumCurrentLimit: physical(maxCharge / voltage, 'A'),
                EVSEMaximumPowerLimit: physical(maxCharge, 'W'),
                EVSEMaximumVoltageLimit: physical(voltage, 'V'),
                EVSEMinimumCurrentLimit: physical(minCharge / voltage, 'A'),
                EVSEMinimumVoltageLimit: physical(0, 'V'),
                EVSEPeakCurrentRipple: physical(1, 'A'),
              },
            }),
      }
    },
    CableCheck: () => ({ ResponseCode: 'OK', DC_EVSEStatus: dcStatus(), EVSEProcessing: 'Finished' }),
    PreCharge({ EVTargetVoltage }) {
      ready = true
      return { ResponseCode: 'OK', DC_EVSEStatus: dcStatus(), EVSEPresentVoltage: EVTargetVoltage }
    },
    PowerDelivery(request) {
      if (request.ChargeProgress === 'Start') {
        if (!offers || (supply.current === 'DC' && !ready)) return refuse('FAILED_SequenceError')
        const offer = offers.find(({ id }) => id === request.SAScheduleTupleID)
        if (offers.length > 0 && !offer) return refuse('FAILED_TariffSelectionInvalid')
        const profile = request.ChargingProfile?.ProfileEntry.map((entry) => ({
          start: entry.ChargingProfileEntryStart,
          power: fromPhysical(entry.ChargingProfileEntryMaxPower),
        }))
        if (profile && offer && (!within(profile, offer) || supply.chosen?.(offer.id, profile) === false))
          return refuse('FAILED_ChargingProfileInvalid')
        if (offer) chosen = offer.id
        supply.closed(true)
      } else {
        if (request.ChargeProgress === 'Stop') supply.closed(false)
        offered = undefined
        offers = undefined
      }
      return { ResponseCode: 'OK', ...status() }
    },
    ChargingStatus() {
      turns++
      const { phases, voltage } = supply.limits()
      mustSign = supply.receipts === true && contract !== undefined
      return {
        ResponseCode: 'OK',
        EVSEID: supply.evseId,
        SAScheduleTupleID: chosen,
        EVSEMaxCurrent: physical(Math.max(0, supply.setpoint()) / (voltage * phases), 'A'),
        MeterInfo: meterInfo(),
        ReceiptRequired: mustSign,
        AC_EVSEStatus: acStatus(),
      }
    },
    CurrentDemand({ DC_EVStatus, EVTargetVoltage }) {
      turns++
      if (needs) supply.needs({ ...needs, state: { ...needs.state, soc: DC_EVStatus.EVRESSSOC } })
      const limit = Math.max(0, supply.setpoint())
      const voltage = Math.max(1, fromPhysical(EVTargetVoltage))
      mustSign = supply.receipts === true && contract !== undefined
      return {
        ResponseCode: 'OK',
        DC_EVSEStatus: dcStatus(),
        EVSEPresentVoltage: EVTargetVoltage,
        EVSEPresentCurrent: physical(supply.present() / voltage, 'A'),
        EVSECurrentLimitAchieved: false,
        EVSEVoltageLimitAchieved: false,
        EVSEPowerLimitAchieved: supply.present() >= limit,
        EVSEMaximumVoltageLimit: physical(supply.limits().voltage, 'V'),
        EVSEMaximumCurrentLimit: physical(limit / voltage, 'A'),
        EVSEMaximumPowerLimit: physical(limit, 'W'),
        EVSEID: supply.evseId,
        SAScheduleTupleID: chosen,
        MeterInfo: meterInfo(),
        ReceiptRequired: mustSign,
      }
    },
    MeteringReceipt(request, header) {
      if (!contract) return refuse('FAILED_SequenceError')
      signedBy(contract.key, 'MeteringReceiptReq', request, header)
      mustSign = false
      return { ResponseCode: 'OK', ...status() }
    },
    WeldingDetection: () => ({ ResponseCode: 'OK', DC_EVSEStatus: dcStatus(), EVSEPresentVoltage: physical(0, 'V') }),
    SessionStop({ ChargingSession }) {
      end = ChargingSession === 'Pause' ? 'paused' : 'terminated'
      if (end === 'paused') session.paused.set(sessionId, { emaid: contract?.emaid })
      return { ResponseCode: 'OK' }
    },
  }

  const signedBy = (key: KeyObject, name: string, content: { Id?: string }, header: Iso2MessageHeader) => {
    try {
      verifyPart({ schema: 'iso2', name, content }, header.Signature, key)
    } catch (problem) {
      if (!isProblem(problem)) throw problem
      session.log?.warn({ problem: problem.message }, 'a signature was refused')
      refuse(name === 'MeteringReceiptReq' ? 'FAILED_MeteringSignatureNotValid' : 'FAILED_SignatureError')
    }
  }

  const advance = (step: Step, request: ExiObject) => {
    if (step === 'MeteringReceipt') return
    if (step === 'PowerDelivery')
      state = { Start: 'charging', Stop: 'stopped', Renegotiate: 'renegotiating' }[String(request['ChargeProgress'])] ?? state
    else if (step !== 'ChargingStatus' && step !== 'CurrentDemand' && step !== 'WeldingDetection') state = step
  }

  try {
    while (!end) {
      const { message, exi } = await channel.receive(TIMING.sequence, 'The next request of the car')
      const { Header, Body } = (message as Partial<Iso2Messages>).V2G_Message ?? {}
      const [name, content] = Object.entries(Body ?? {})[0] ?? []
      const step = name?.replace(/Req$/, '') as Step | undefined
      const work = step && name?.endsWith('Req') ? handle[step] : undefined
      if (!Header || !step)
        throw new Problem('v2g-out-of-order', `The car sent ${name ?? 'nothing'} where a request belongs.`, { status: 502 })
      let answer: ExiObject
      let fault: Iso2ResponseCode | undefined
      try {
        const open = mustSign && step !== 'MeteringReceipt' && step !== 'PowerDelivery' ? [] : (NEXT[state] ?? [])
        if (
          (!work && step !== 'CertificateInstallation') ||
          !open.includes(step) ||
          OTHER[supply.current].includes(step) ||
          (step === 'SessionStop' && state !== 'stopped')
        )
          throw new Refusal('FAILED_SequenceError')
        if (state !== 'start' && Header.SessionID !== sessionId) throw new Refusal('FAILED_UnknownSession')
        if (!work) {
          const passed = await supply.install?.(exi)
          if (!passed) throw new Refusal('FAILED_NoCertificateAvailable')
          channel.pass('iso2', passed)
          state = step
          continue
        }
        answer = (await (work as (request: unknown, header: Iso2MessageHeader) => unknown)(content, Header)) as ExiObject
        advance(step, content as ExiObject)
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal
        fault = refusal.code
        answer = { ...blank(grammar, `${step}ResType`), ResponseCode: fault }
      }
      channel.send('iso2', { V2G_Message: { Header: { SessionID: sessionId || '00' }, Body: { [`${step}Res`]: answer } } })
      if (fault) return { sessionId, end: 'failed', reason: `${step}: ${fault}`, turns }
    }
    return { sessionId, end, turns }
  } finally {
    supply.closed(false)
  }
}

/** A request that is answered with a failure, after which the session is over. */
class Refusal extends Error {
  readonly code: Iso2ResponseCode
  constructor(code: Iso2ResponseCode) {
    super(code)
    this.code = code
  }
}

function needsOf(request: Requests['ChargeParameterDiscovery']): Needs {
  const shared = { protocol: 'iso2', bidirectional: false, control: 'scheduled' } as const
  const { AC_EVChargeParameter: ac, DC_EVChargeParameter: dc } = request
  if (ac) {
    const [voltage, max, min] = [ac.EVMaxVoltage, ac.EVMaxCurrent, ac.EVMinCurrent].map(fromPhysical) as [number, number, number]
    const phases = request.RequestedEnergyTransferMode === 'AC_three_phase_core' ? 3 : 1
    return {
      ...shared,
      current: 'AC',
      phases,
      state: {
        target: fromPhysical(ac.EAmount),
        departure: ac.DepartureTime,
        maxCharge: voltage * max * phases,
        minCharge: voltage * min * phases,
      },
      currents: { max, min, voltage },
    }
  }
  const optional = (value: Parameters<typeof fromPhysical>[0] | undefined) => (value ? fromPhysical(value) : undefined)
  const voltage = optional(dc?.EVMaximumVoltageLimit) ?? 0
  const current = optional(dc?.EVMaximumCurrentLimit) ?? 0
  const [capacity, target] = [optional(dc?.EVEnergyCapacity), optional(dc?.EVEnergyRequest)]
  return {
    ...shared,
    current: 'DC',
    phases: 3,
    state: {
      departure: dc?.DepartureTime,
      maxCharge: optional(dc?.EVMaximumPowerLimit) ?? voltage * current,
      ...(dc && { soc: dc.DC_EVStatus.EVRESSSOC }),
      ...(capacity !== undefined && { capacity }),
      ...(target !== undefined && { target }),
    },
    dc: {
      maxCurrent: current,
      maxVoltage: voltage,
      ...(dc?.FullSOC !== undefined && { fullSoc: dc.FullSOC }),
      ...(dc?.BulkSOC !== undefined && { bulkSoc: dc.BulkSOC }),
    },
  }
}

/** An offer as a tuple: power by time, and prices as levels from the cheapest (1) up. */
function tupleOf({ id, power, until, prices }: Offer) {
  const interval = (list: readonly { start: number }[], index: number) => ({
    start: list[index]!.start,
    ...(index === list.length - 1 && { duration: Math.max(1, until - list[index]!.start) }),
  })
  const levels = [...new Set(prices?.map(({ price }) => price))].sort((a, b) => a - b)
  return {
    SAScheduleTupleID: id,
    PMaxSchedule: {
      PMaxScheduleEntry: power.map((entry, index) => ({
        RelativeTimeInterval: interval(power, index),
        PMax: physical(Math.max(0, entry.power), 'W'),
      })),
    },
    ...(prices && {
      SalesTariff: {
        SalesTariffID: id,
        NumEPriceLevels: levels.length,
        SalesTariffEntry: prices.map(({ price }, index) => ({
          RelativeTimeInterval: interval(prices, index),
          EPriceLevel: levels.indexOf(price) + 1,
        })),
      },
    }),
  }
}
