/** The station's end of ISO 15118-20: AC and DC, in one or both directions, scheduled or dynamic. */
import { randomBytes } from 'node:crypto'
import { isProblem, Problem } from '#kernel'
import { blank } from './exi/blank.ts'
import type { ExiObject } from './exi/codec.ts'
import { schema } from './exi/schemas.ts'
import {
  type Answer,
  CONTROL,
  type Header,
  type ParameterSet,
  type Request,
  type ResponseCode,
  type Step,
  schemaOf,
  serviceOf,
  stateOf,
} from './iso20.ts'
import { fromRational, rational } from './numbers.ts'
import type { Needs, Offer } from './parties.ts'
import { within } from './schedule.ts'
import { verifyPart } from './signature.ts'
import { newSessionId, type StationEnd, type StationSession } from './station-session.ts'
import { Refusal } from './station-turns.ts'
import { TIMING } from './timing.ts'

/** After each step, what the car may ask next; SessionStop may come at any time once a session is open. */
const NEXT: Record<string, readonly Step[]> = {
  start: ['SessionSetup'],
  SessionSetup: ['AuthorizationSetup'],
  AuthorizationSetup: ['Authorization', 'CertificateInstallation'],
  CertificateInstallation: ['Authorization'],
  Authorization: ['Authorization', 'ServiceDiscovery'],
  ServiceDiscovery: ['ServiceDetail'],
  ServiceDetail: ['ServiceDetail', 'ServiceSelection'],
  ServiceSelection: ['AC_ChargeParameterDiscovery', 'DC_ChargeParameterDiscovery'],
  AC_ChargeParameterDiscovery: ['ScheduleExchange'],
  DC_ChargeParameterDiscovery: ['ScheduleExchange'],
  ScheduleExchange: ['ScheduleExchange', 'PowerDelivery', 'DC_CableCheck'],
  DC_CableCheck: ['DC_CableCheck', 'DC_PreCharge'],
  DC_PreCharge: ['DC_PreCharge', 'PowerDelivery'],
  charging: ['AC_ChargeLoop', 'DC_ChargeLoop', 'PowerDelivery'],
  renegotiating: ['ScheduleExchange'],
  stopped: ['DC_WeldingDetection'],
}

/** As stations name the schema of the messages that carry contracts. */
const CONTRACTS = 'urn:iso:std:iso:15118:-20:CommonMessages'

const WARNINGS = {
  SignatureError: 'WARNING_CertificateValidationError',
  CertificateExpired: 'WARNING_CertificateExpired',
  CertificateRevoked: 'WARNING_CertificateRevoked',
  CertChainError: 'WARNING_CertificateValidationError',
  NoCertificateAvailable: 'WARNING_NoCertificateAvailable',
} as const

const NOTIFICATIONS = { pause: 'Pause', stop: 'Terminate', renegotiate: 'ScheduleRenegotiation' } as const

export async function serveIso20(session: StationSession): Promise<StationEnd> {
  const { channel, supply, clock, protocol } = session
  const current = protocol === 'iso20-ac' ? 'AC' : 'DC'
  const other = current === 'AC' ? 'DC_' : 'AC_'
  let sessionId = ''
  let state = 'start'
  let turns = 0
  const challenge = randomBytes(16).toString('base64')
  let contract: { emaid: string; chain: string[] } | undefined
  let authorized: Promise<'accepted' | 'rejected'> | undefined
  let verdict: 'accepted' | 'rejected' | undefined
  let needs: Needs = {
    protocol,
    current,
    bidirectional: false,
    control: supply.controls[0] ?? 'dynamic',
    phases: supply.limits().phases,
    state: {},
  }
  let offered: Promise<Offer[]> | undefined
  let offers: Offer[] | undefined
  let ready = false
  let end: StationEnd['end'] | undefined

  const refuse = (ResponseCode: ResponseCode): never => {
    throw new Refusal(ResponseCode)
  }
  const learn = (said: Parameters<typeof stateOf>[0], more: Partial<Needs['state']> = {}) => {
    needs = { ...needs, state: { ...needs.state, ...stateOf(said), ...more } }
    supply.needs(needs)
  }
  const status = () => {
    const wish = supply.wish()
    return wish === 'charge' ? {} : { EVSEStatus: { NotificationMaxDelay: 0, EVSENotification: NOTIFICATIONS[wish] } }
  }
  const meter = () => {
    const { id, charged, discharged } = supply.meter()
    return {
      MeterInfo: {
        MeterID: id.slice(0, 32),
        ChargedEnergyReadingWh: Math.round(charged),
        ...(needs.bidirectional && { BPT_DischargedEnergyReadingWh: Math.round(discharged) }),
        MeterTimestamp: Math.floor(clock.now() / 1000),
      },
    }
  }
  const display = ({ PresentSOC, BatteryEnergyCapacity }: Request<'AC_ChargeLoop'>['DisplayParameters'] & object) => ({
    ...(PresentSOC !== undefined && { soc: PresentSOC }),
    ...(BatteryEnergyCapacity && { capacity: fromRational(BatteryEnergyCapacity) }),
  })
  const bounds = () => {
    const { maxCharge, minCharge, maxDischarge, voltage } = supply.limits()
    return { maxCharge, minCharge, maxDischarge, voltage, amps: (power: number) => rational(power / Math.max(1, voltage)) }
  }

  const handle: { [Name in Step]?: (request: Request<Name>, header: Header) => Answer<Name> | Promise<Answer<Name>> } = {
    SessionSetup(_request, header) {
      const kept = session.paused.has(header.SessionID)
      sessionId = kept ? header.SessionID : newSessionId(randomBytes)
      session.paused.delete(sessionId)
      return { ResponseCode: kept ? 'OK_OldSessionJoined' : 'OK_NewSessionEstablished', EVSEID: supply.evseId }
    },
    AuthorizationSetup: () => ({
      ResponseCode: 'OK',
      AuthorizationServices: supply.judge ? ['PnC', 'EIM'] : ['EIM'],
      CertificateInstallationService: supply.judge !== undefined && supply.install !== undefined,
      ...(supply.judge ? { PnC_ASResAuthorizationMode: { GenChallenge: challenge } } : { EIM_ASResAuthorizationMode: {} }),
    }),
    async Authorization({ SelectedAuthorizationService, PnC_AReqAuthorizationMode: pnc }, header) {
      if (SelectedAuthorizationService === 'PnC' && !authorized) {
        if (!pnc || !supply.judge) return refuse('FAILED')
        if (pnc.GenChallenge !== challenge) return { ResponseCode: 'WARNING_ChallengeInvalid', EVSEProcessing: 'Finished' }
        const chain = [pnc.ContractCertificateChain.Certificate, ...pnc.ContractCertificateChain.SubCertificates.Certificate]
        const judged = await supply.judge(chain)
        if ('fault' in judged) return { ResponseCode: WARNINGS[judged.fault], EVSEProcessing: 'Finished' }
        try {
          verifyPart({ schema: 'iso20', name: 'PnC_AReqAuthorizationMode', content: pnc }, header.Signature, judged.key)
          contract = { emaid: judged.emaid, chain }
        } catch (problem) {
          if (!isProblem(problem)) throw problem
          session.log?.warn({ problem: problem.message }, 'a contract was refused')
          return refuse('FAILED_SignatureError')
        }
      }
      authorized ??= supply.authorize(contract ? { kind: 'contract', ...contract } : { kind: 'external' })
      void authorized.then(
        (answer) => {
          verdict = answer
        },
        () => {
          verdict = 'rejected'
        },
      )
      await Promise.resolve()
      if (verdict === 'rejected') return refuse('FAILED')
      const waiting = contract ? 'Ongoing' : 'Ongoing_WaitingForCustomerInteraction'
      return { ResponseCode: 'OK', EVSEProcessing: verdict ? 'Finished' : waiting }
    },
    ServiceDiscovery() {
      if (verdict !== 'accepted') return refuse('FAILED_SequenceError')
      const ids = supply.bidirectional ? [serviceOf(current, true), serviceOf(current, false)] : [serviceOf(current, false)]
      return {
        ResponseCode: 'OK',
        ServiceRenegotiationSupported: false,
        EnergyTransferServiceList: { Service: ids.map((ServiceID) => ({ ServiceID, FreeService: false })) },
      }
    },
    ServiceDetail({ ServiceID }) {
      if (!isOurs(ServiceID)) return refuse('FAILED_ServiceIDInvalid')
      return {
        ResponseCode: 'OK',
        ServiceID,
        ServiceParameterList: { ParameterSet: supply.controls.map((control) => parameters(control, ServiceID)) },
      }
    },
    ServiceSelection({ SelectedEnergyTransferService: { ServiceID, ParameterSetID } }) {
      const control = supply.controls.find((each) => CONTROL[each] === ParameterSetID)
      if (!isOurs(ServiceID)) return refuse('FAILED_NoEnergyTransferServiceSelected')
      if (!control) return refuse('FAILED_ServiceSelectionInvalid')
      needs = { ...needs, control, bidirectional: ServiceID === serviceOf(current, true) }
      return { ResponseCode: 'OK' }
    },
    AC_ChargeParameterDiscovery(request) {
      const said = needs.bidirectional ? request.BPT_AC_CPDReqEnergyTransferMode : request.AC_CPDReqEnergyTransferMode
      if (!said) return refuse('FAILED_WrongChargeParameter')
      learn(said)
      const { maxCharge, minCharge, maxDischarge } = bounds()
      const mode = {
        EVSEMaximumChargePower: rational(maxCharge),
        EVSEMinimumChargePower: rational(minCharge),
        EVSENominalFrequency: rational(50),
        EVSEPresentActivePower: rational(supply.present()),
      }
      const discharge = { EVSEMaximumDischargePower: rational(maxDischarge), EVSEMinimumDischargePower: rational(0) }
      return {
        ResponseCode: 'OK',
        ...(needs.bidirectional ? { BPT_AC_CPDResEnergyTransferMode: { ...mode, ...discharge } } : { AC_CPDResEnergyTransferMode: mode }),
      }
    },
    DC_ChargeParameterDiscovery(request) {
      const said = needs.bidirectional ? request.BPT_DC_CPDReqEnergyTransferMode : request.DC_CPDReqEnergyTransferMode
      if (!said) return refuse('FAILED_WrongChargeParameter')
      needs = { ...needs, dc: { maxCurrent: fromRational(said.EVMaximumChargeCurrent), maxVoltage: fromRational(said.EVMaximumVoltage) } }
      learn(said)
      const { maxCharge, minCharge, maxDischarge, voltage, amps } = bounds()
      const mode = {
        EVSEMaximumChargePower: rational(maxCharge),
        EVSEMinimumChargePower: rational(minCharge),
        EVSEMaximumChargeCurrent: amps(maxCharge),
        EVSEMinimumChargeCurrent: amps(minCharge),
        EVSEMaximumVoltage: rational(voltage),
        EVSEMinimumVoltage: rational(0),
      }
      const discharge = {
        EVSEMaximumDischargePower: rational(maxDischarge),
        EVSEMinimumDischargePower: rational(0),
        EVSEMaximumDischargeCurrent: amps(maxDischarge),
        EVSEMinimumDischargeCurrent: rational(0),
      }
      return {
        ResponseCode: 'OK',
        ...(needs.bidirectional ? { BPT_DC_CPDResEnergyTransferMode: { ...mode, ...discharge } } : { DC_CPDResEnergyTransferMode: mode }),
      }
    },
    async ScheduleExchange({ Dynamic_SEReqControlMode: dynamic, Scheduled_SEReqControlMode: scheduled }) {
      if (needs.control === 'dynamic') {
        if (!dynamic) return refuse('FAILED_WrongChargeParameter')
        learn(dynamic)
        return { ResponseCode: 'OK', EVSEProcessing: 'Finished', Dynamic_SEResControlMode: {} }
      }
      if (!scheduled) return refuse('FAILED_WrongChargeParameter')
      if (!offered) {
        learn(scheduled)
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
      const { maxCharge } = bounds()
      const list = offers && offers.length > 0 ? offers : [{ id: 1, power: [{ start: 0, power: maxCharge }], until: 86_400 }]
      if (offers) offers = list
      return {
        ResponseCode: 'OK',
        EVSEProcessing: offers ? 'Finished' : 'Ongoing',
        Scheduled_SEResControlMode: { ScheduleTuple: list.slice(0, 3).map((offer) => tupleOf(offer, Math.floor(clock.now() / 1000))) },
      }
    },
    DC_CableCheck: () => ({ ResponseCode: 'OK', EVSEProcessing: 'Finished' }),
    DC_PreCharge({ EVTargetVoltage }) {
      ready = true
      return { ResponseCode: 'OK', EVSEPresentVoltage: EVTargetVoltage }
    },
    PowerDelivery({ ChargeProgress, EVPowerProfile }) {
      if (ChargeProgress === 'Start') {
        if (current === 'DC' && !ready) return refuse('FAILED_SequenceError')
        if (needs.control === 'scheduled') {
          const id = EVPowerProfile?.Scheduled_EVPPTControlMode?.SelectedScheduleTupleID
          const offer = offers?.find((each) => each.id === id)
          if (!offer || !EVPowerProfile) return refuse('FAILED_ScheduleSelectionInvalid')
          let start = 0
          const profile = EVPowerProfile.EVPowerProfileEntries.EVPowerProfileEntry.map(({ Duration, Power }) => {
            const entry = { start, power: fromRational(Power) }
            start += Duration
            return entry
          })
          if (!within(profile, offer) || supply.chosen?.(offer.id, profile) === false) return refuse('FAILED_EVPowerProfileViolation')
        }
        supply.closed(true)
      } else if (ChargeProgress === 'Standby') return refuse('WARNING_StandbyNotAllowed')
      else {
        if (ChargeProgress === 'Stop') supply.closed(false)
        offered = undefined
        offers = undefined
      }
      return { ResponseCode: 'OK', ...status() }
    },
    AC_ChargeLoop(request) {
      turns++
      const said = request.BPT_Dynamic_AC_CLReqControlMode ?? request.Dynamic_AC_CLReqControlMode
      const scheduled = request.BPT_Scheduled_AC_CLReqControlMode ?? request.Scheduled_AC_CLReqControlMode
      if (!(needs.control === 'dynamic' ? said : scheduled)) return refuse('FAILED_WrongChargeParameter')
      learn(said ?? scheduled ?? {}, {
        power: fromRational((said ?? scheduled)!.EVPresentActivePower),
        ...(request.DisplayParameters && display(request.DisplayParameters)),
      })
      const target = rational(supply.setpoint())
      const mode = { EVSETargetActivePower: target, EVSEPresentActivePower: rational(supply.present()) }
      return {
        ResponseCode: 'OK',
        ...status(),
        ...(request.MeterInfoRequested && meter()),
        [`${needs.bidirectional ? 'BPT_' : ''}${needs.control === 'dynamic' ? 'Dynamic' : 'Scheduled'}_AC_CLResControlMode`]: mode,
      }
    },
    DC_ChargeLoop(request) {
      turns++
      const said = request.BPT_Dynamic_DC_CLReqControlMode ?? request.Dynamic_DC_CLReqControlMode
      const scheduled = request.BPT_Scheduled_DC_CLReqControlMode ?? request.Scheduled_DC_CLReqControlMode
      if (!(needs.control === 'dynamic' ? said : scheduled)) return refuse('FAILED_WrongChargeParameter')
      const volts = Math.max(1, fromRational(request.EVPresentVoltage))
      learn(said ?? scheduled ?? {}, request.DisplayParameters ? display(request.DisplayParameters) : {})
      const setpoint = supply.setpoint()
      const [charge, discharge] = [Math.max(0, setpoint), Math.max(0, -setpoint)]
      const mode = {
        EVSEMaximumChargePower: rational(charge),
        EVSEMinimumChargePower: rational(0),
        EVSEMaximumChargeCurrent: rational(charge / volts),
        EVSEMaximumVoltage: rational(bounds().voltage),
      }
      const back = {
        EVSEMaximumDischargePower: rational(discharge),
        EVSEMinimumDischargePower: rational(0),
        EVSEMaximumDischargeCurrent: rational(discharge / volts),
        EVSEMinimumVoltage: rational(0),
      }
      const control = needs.control === 'dynamic' ? 'Dynamic' : 'Scheduled'
      return {
        ResponseCode: 'OK',
        ...status(),
        ...(request.MeterInfoRequested && meter()),
        EVSEPresentCurrent: rational(supply.present() / volts),
        EVSEPresentVoltage: request.EVPresentVoltage,
        EVSEPowerLimitAchieved: Math.abs(supply.present()) >= Math.abs(setpoint),
        EVSECurrentLimitAchieved: false,
        EVSEVoltageLimitAchieved: false,
        ...(needs.bidirectional
          ? { [`BPT_${control}_DC_CLResControlMode`]: { ...mode, ...back } }
          : { [`${control}_DC_CLResControlMode`]: mode }),
      }
    },
    DC_WeldingDetection: () => ({ ResponseCode: 'OK', EVSEPresentVoltage: rational(0) }),
    SessionStop({ ChargingSession }) {
      if (ChargingSession === 'ServiceRenegotiation') return refuse('FAILED_NoServiceRenegotiationSupported')
      end = ChargingSession === 'Pause' ? 'paused' : 'terminated'
      if (end === 'paused') session.paused.set(sessionId, { emaid: contract?.emaid, service: needs.control })
      return { ResponseCode: 'OK' }
    },
  }

  const isOurs = (id: number) => id === serviceOf(current, false) || (supply.bidirectional && id === serviceOf(current, true))

  const parameters = (control: 'dynamic' | 'scheduled', service: number): ParameterSet => {
    const int = (Name: string, intValue: number) => ({ Name, intValue })
    const { phases, voltage } = supply.limits()
    return {
      ParameterSetID: CONTROL[control],
      Parameter: [
        int('Connector', current === 'AC' ? (phases === 3 ? 2 : 1) : 2),
        int('ControlMode', CONTROL[control]),
        ...(current === 'AC' ? [int('EVSENominalVoltage', Math.round(voltage))] : []),
        int('MobilityNeedsMode', 1),
        int('Pricing', 0),
        ...(service === serviceOf(current, true) ? [int('BPTChannel', 1), int('GeneratorMode', 1)] : []),
      ],
    }
  }

  const advance = (step: Step, request: ExiObject) => {
    if (step === 'PowerDelivery')
      state = { Start: 'charging', Stop: 'stopped', ScheduleRenegotiation: 'renegotiating' }[String(request['ChargeProgress'])] ?? state
    else if (!step.endsWith('ChargeLoop') && step !== 'DC_WeldingDetection') state = step
  }

  try {
    while (!end) {
      const { schema: name, message, exi } = await channel.receive(TIMING.sequence, 'The next request of the car')
      const [[root = '', content] = []] = Object.entries(message)
      const step = root.replace(/Req$/, '') as Step
      const { Header: header, ...request } = (content ?? {}) as { Header?: Header } & ExiObject
      if (!header || !root.endsWith('Req') || schemaOf(step) !== name)
        throw new Problem('v2g-out-of-order', `The car sent ${root || 'nothing'} where a request belongs.`, { status: 502 })
      const work = handle[step] as ((request: unknown, header: Header) => unknown) | undefined
      let answer: ExiObject
      let fault: ResponseCode | undefined
      try {
        const allowed = NEXT[state]?.includes(step) || (step === 'SessionStop' && state !== 'start' && state !== 'charging')
        if (!allowed || step.startsWith(other)) throw new Refusal('FAILED_SequenceError')
        if (state !== 'start' && header.SessionID !== sessionId) throw new Refusal('FAILED_UnknownSession')
        if (step === 'CertificateInstallation') {
          const passed = await supply.install?.({ namespace: CONTRACTS, action: 'Install', exi })
          if (passed) {
            channel.pass(name, passed)
            state = step
            continue
          }
          // Without a contract the session may still be paid otherwise.
          state = step
          throw new Refusal('WARNING_NoCertificateAvailable')
        }
        if (!work) throw new Refusal('FAILED_SequenceError')
        answer = (await work(request, header)) as ExiObject
        advance(step, request)
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal
        fault = refusal.code as ResponseCode
        answer = { ...blank(schema(name), `${step}ResType`), ResponseCode: fault }
      }
      const Header = { SessionID: sessionId || '00', TimeStamp: Math.floor(clock.now() / 1000) }
      channel.send(name, { [`${step}Res`]: { ...answer, Header } })
      if (fault?.startsWith('FAILED')) return { sessionId, end: 'failed', reason: `${step}: ${fault}`, turns }
    }
    return { sessionId, end, turns }
  } finally {
    supply.closed(false)
  }
}

/** An offer as a tuple: lengths of power instead of starts, negative power as discharging. */
function tupleOf({ id, power, until, prices, currency }: Offer, TimeAnchor: number) {
  const lengths = (list: readonly { start: number }[], index: number) => Math.max(1, (list[index + 1]?.start ?? until) - list[index]!.start)
  return {
    ScheduleTupleID: id,
    ChargingSchedule: {
      PowerSchedule: {
        TimeAnchor,
        PowerScheduleEntries: {
          PowerScheduleEntry: power.map((entry, index) => ({ Duration: lengths(power, index), Power: rational(entry.power) })),
        },
      },
      ...(prices && {
        AbsolutePriceSchedule: {
          TimeAnchor,
          PriceScheduleID: id,
          Currency: currency ?? 'EUR',
          Language: 'fre',
          PriceAlgorithm: 'urn:iso:std:iso:15118:-20:PriceAlgorithm:1-Power',
          PriceRuleStacks: {
            PriceRuleStack: prices.map(({ price }, index) => ({
              Duration: lengths(prices, index),
              PriceRule: [{ EnergyFee: rational(price), PowerRangeStart: rational(0) }],
            })),
          },
        },
      }),
    },
  }
}
