/** The station's end of DIN 70121: direct current, paid outside, without schedules. */
import { randomBytes } from 'node:crypto'
import { currentDemandOf, dcNeedsOf, dcParametersOf, dcStatusOf } from './direct-current.ts'
import type { ExiObject } from './exi/codec.ts'
import type { DinBody, DinResponseCode } from './messages.gen.ts'
import { physical } from './numbers.ts'
import type { Needs } from './parties.ts'
import { newSessionId, type StationEnd, type StationSession } from './station-session.ts'
import { Refusal, serveTurns } from './station-turns.ts'

type Requests = { [Name in keyof DinBody as Name extends `${infer Stem}Req` ? Stem : never]-?: NonNullable<DinBody[Name]> }
type Answers = { [Name in keyof DinBody as Name extends `${infer Stem}Res` ? Stem : never]-?: NonNullable<DinBody[Name]> }
type Step = keyof Requests

const SERVICE = 1
const TUPLE = 1
/** PMax is a short number of W: what is beyond is told by the power limit alone. */
const LARGEST_PMAX = 32_767

/** After each step, what the car may ask next; SessionStop may come at any time but in the loop. */
const NEXT: Record<string, readonly Step[]> = {
  start: ['SessionSetup'],
  SessionSetup: ['ServiceDiscovery'],
  ServiceDiscovery: ['ServicePaymentSelection'],
  ServicePaymentSelection: ['ContractAuthentication'],
  ContractAuthentication: ['ContractAuthentication', 'ChargeParameterDiscovery'],
  ChargeParameterDiscovery: ['ChargeParameterDiscovery', 'CableCheck'],
  CableCheck: ['CableCheck', 'PreCharge'],
  PreCharge: ['PreCharge', 'PowerDelivery'],
  charging: ['CurrentDemand', 'PowerDelivery'],
  stopped: ['WeldingDetection'],
}

export async function serveDin(session: StationSession): Promise<StationEnd> {
  const { supply, clock, log } = session
  let sessionId = ''
  let state = 'start'
  let turns = 0
  let authorized: Promise<'accepted' | 'rejected'> | undefined
  let verdict: 'accepted' | 'rejected' | undefined
  let needs: Needs | undefined
  let isOver = false

  const refuse = (code: DinResponseCode): never => {
    throw new Refusal(code)
  }
  /** A car that says that something is wrong with it gets no more energy. */
  const heed = ({ EVErrorCode, EVRESSSOC }: Requests['CableCheck']['DC_EVStatus']) => {
    if (EVErrorCode !== 'NO_ERROR') {
      log?.warn({ fault: EVErrorCode }, 'a car reports a fault')
      refuse('FAILED')
    }
    if (needs && needs.state.soc !== EVRESSSOC) {
      needs = { ...needs, state: { ...needs.state, soc: EVRESSSOC } }
      supply.needs(needs)
    }
  }

  const handle: { [Name in Step]?: (request: Requests[Name]) => Answers[Name] | Promise<Answers[Name]> } = {
    SessionSetup() {
      sessionId = newSessionId(randomBytes)
      return {
        ResponseCode: 'OK_NewSessionEstablished',
        EVSEID: Buffer.from(supply.evseId, 'latin1').toString('hex').toUpperCase(),
        DateTimeNow: Math.floor(clock.now() / 1000),
      }
    },
    ServiceDiscovery: () => ({
      ResponseCode: 'OK',
      PaymentOptions: { PaymentOption: ['ExternalPayment'] },
      ChargeService: {
        ServiceTag: { ServiceID: SERVICE, ServiceCategory: 'EVCharging' },
        FreeService: false,
        EnergyTransferType: 'DC_extended',
      },
    }),
    ServicePaymentSelection({ SelectedPaymentOption, SelectedServiceList }) {
      if (SelectedPaymentOption !== 'ExternalPayment') refuse('FAILED_PaymentSelectionInvalid')
      if (!SelectedServiceList.SelectedService.some(({ ServiceID }) => ServiceID === SERVICE)) refuse('FAILED_ServiceSelectionInvalid')
      return { ResponseCode: 'OK' }
    },
    async ContractAuthentication() {
      authorized ??= supply.authorize({ kind: 'external' })
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
      return { ResponseCode: 'OK', EVSEProcessing: verdict ? 'Finished' : 'Ongoing' }
    },
    ChargeParameterDiscovery({ EVRequestedEnergyTransferType, DC_EVChargeParameter: said }) {
      if (verdict !== 'accepted') return refuse('FAILED_SequenceError')
      if (!EVRequestedEnergyTransferType.startsWith('DC')) return refuse('FAILED_WrongEnergyTransferType')
      if (!said) return refuse('FAILED_WrongChargeParameter')
      heed(said.DC_EVStatus)
      needs = dcNeedsOf('din', said)
      supply.needs(needs)
      const PMax = Math.min(LARGEST_PMAX, supply.limits().maxCharge)
      const entry = { RelativeTimeInterval: { start: 0, duration: 86_400 }, PMax }
      return {
        ResponseCode: 'OK',
        EVSEProcessing: 'Finished',
        SAScheduleList: {
          SAScheduleTuple: [{ SAScheduleTupleID: TUPLE, PMaxSchedule: { PMaxScheduleID: TUPLE, PMaxScheduleEntry: [entry] } }],
        },
        DC_EVSEChargeParameter: dcParametersOf(supply),
      }
    },
    CableCheck({ DC_EVStatus }) {
      heed(DC_EVStatus)
      return { ResponseCode: 'OK', DC_EVSEStatus: dcStatusOf(supply), EVSEProcessing: 'Finished' }
    },
    PreCharge({ DC_EVStatus, EVTargetVoltage }) {
      heed(DC_EVStatus)
      return { ResponseCode: 'OK', DC_EVSEStatus: dcStatusOf(supply), EVSEPresentVoltage: EVTargetVoltage }
    },
    PowerDelivery({ ReadyToChargeState, ChargingProfile, DC_EVPowerDeliveryParameter }) {
      if (ReadyToChargeState) {
        if (DC_EVPowerDeliveryParameter) heed(DC_EVPowerDeliveryParameter.DC_EVStatus)
        if (state === 'charging') return refuse('FAILED_SequenceError')
        if (ChargingProfile && ChargingProfile.SAScheduleTupleID !== TUPLE) return refuse('FAILED_TariffSelectionInvalid')
        const most = Math.min(LARGEST_PMAX, supply.limits().maxCharge)
        if (ChargingProfile?.ProfileEntry.some((entry) => entry.ChargingProfileEntryMaxPower > most))
          return refuse('FAILED_ChargingProfileInvalid')
      }
      supply.closed(ReadyToChargeState)
      return { ResponseCode: 'OK', DC_EVSEStatus: dcStatusOf(supply) }
    },
    CurrentDemand({ DC_EVStatus, EVTargetVoltage }) {
      turns++
      heed(DC_EVStatus)
      return { ResponseCode: 'OK', ...currentDemandOf(supply, { Unit: 'V', ...EVTargetVoltage } as Parameters<typeof currentDemandOf>[1]) }
    },
    WeldingDetection: () => ({ ResponseCode: 'OK', DC_EVSEStatus: dcStatusOf(supply), EVSEPresentVoltage: physical(0, 'V') }),
    SessionStop() {
      isOver = true
      return { ResponseCode: 'OK' }
    },
  }

  return serveTurns(session, {
    schema: 'din',
    sessionId: () => (state === 'start' ? undefined : sessionId),
    isOpen: (step) =>
      step === 'SessionStop' ? state !== 'start' && state !== 'charging' : (NEXT[state] as readonly string[]).includes(step),
    async answer(step, request) {
      const answer = await (handle[step as Step] as (request: unknown) => unknown)(request)
      if (step === 'PowerDelivery') state = request['ReadyToChargeState'] === true ? 'charging' : 'stopped'
      else if (step !== 'CurrentDemand' && step !== 'WeldingDetection') state = step
      return answer as ExiObject
    },
    turns: () => turns,
    end: () => (isOver ? 'terminated' : undefined),
  })
}
