/** The station's end of ISO 15118-2: which request may follow which, and what is answered. */
import { type KeyObject, randomBytes } from 'node:crypto'
import { isProblem } from '#kernel'
import { isSameEmaid } from './contract.ts'
import { currentDemandOf, dcNeedsOf, dcParametersOf, dcStatusOf } from './direct-current.ts'
import type { ExiObject } from './exi/codec.ts'
import type { Iso2Body, Iso2MessageHeader, Iso2ResponseCode } from './messages.gen.ts'
import { fromPhysical, physical } from './numbers.ts'
import { NAMESPACES, type Needs, type Offer } from './parties.ts'
import { within } from './schedule.ts'
import { verifyPart } from './signature.ts'
import { newSessionId, type StationEnd, type StationSession } from './station-session.ts'
import { Refusal, serveTurns } from './station-turns.ts'

type Requests = { [Name in keyof Iso2Body as Name extends `${infer Stem}Req` ? Stem : never]-?: NonNullable<Iso2Body[Name]> }
type Answers = { [Name in keyof Iso2Body as Name extends `${infer Stem}Res` ? Stem : never]-?: NonNullable<Iso2Body[Name]> }
type Step = keyof Requests

const SERVICE = 1
/** Contract certificates by way of the station: parameter set 1 installs, 2 renews. */
export const CERTIFICATES = 2
const ACTIONS: Record<string, 'Install' | 'Update'> = { CertificateInstallation: 'Install', CertificateUpdate: 'Update' }

/** After each step, what the car may ask next. */
const NEXT: Record<string, readonly Step[]> = {
  start: ['SessionSetup'],
  SessionSetup: ['ServiceDiscovery'],
  ServiceDiscovery: ['ServiceDetail', 'PaymentServiceSelection'],
  ServiceDetail: ['ServiceDetail', 'PaymentServiceSelection'],
  PaymentServiceSelection: ['PaymentDetails', 'Authorization', 'CertificateInstallation', 'CertificateUpdate'],
  CertificateInstallation: ['PaymentDetails'],
  CertificateUpdate: ['PaymentDetails'],
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
  const { supply, clock } = session
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

  const acStatus = () => ({ NotificationMaxDelay: 0, EVSENotification: dcStatusOf(supply).EVSENotification, RCD: false })
  const dcStatus = () => dcStatusOf(supply)
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
        const ParameterSet = ['Installation', 'Update'].map((stringValue, index) => ({
          ParameterSetID: index + 1,
          Parameter: [{ Name: 'Service', stringValue }],
        }))
        return { ResponseCode: 'OK', ServiceID, ServiceParameterList: { ParameterSet } }
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
        needs = needsOf(request) ?? refuse('FAILED_WrongChargeParameter')
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
      const { maxCharge, phases, voltage } = supply.limits()
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
              DC_EVSEChargeParameter: dcParametersOf(supply),
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
      mustSign = supply.receipts === true && contract !== undefined
      return {
        ResponseCode: 'OK',
        ...currentDemandOf(supply, EVTargetVoltage),
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

  return serveTurns(session, {
    schema: 'iso2',
    sessionId: () => (state === 'start' ? undefined : sessionId),
    isOpen(step) {
      const open: readonly string[] = mustSign && step !== 'MeteringReceipt' && step !== 'PowerDelivery' ? [] : (NEXT[state] ?? [])
      return open.includes(step) && !OTHER[supply.current].includes(step as Step)
    },
    async answer(step, request, header, exi) {
      const action = ACTIONS[step]
      const work = handle[step as Step] as ((request: unknown, header: unknown) => unknown) | undefined
      const answer = action ? await supply.install?.({ namespace: NAMESPACES.iso2, action, exi }) : await work?.(request, header)
      if (!answer) return refuse('FAILED_NoCertificateAvailable')
      advance(step as Step, request)
      return answer as ExiObject | Buffer
    },
    turns: () => turns,
    end: () => end,
  })
}

function needsOf(request: Requests['ChargeParameterDiscovery']): Needs | undefined {
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
  return dc && dcNeedsOf('iso2', dc)
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
