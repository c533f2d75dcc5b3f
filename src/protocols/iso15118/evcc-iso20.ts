/** The car's end of ISO 15118-20. */
import { Problem, pause } from '#kernel'
import type { ExiObject } from './exi/codec.ts'
import { installationRequest20, openInstallation20 } from './installation20.ts'
import { type Answer, CONTROL, energyOf, type Request, type Step, schemaOf, serviceOf, v2xOf } from './iso20.ts'
import type { Iso20CertificateInstallationRes, Iso20ScheduleTuple, Iso20Signature } from './messages.gen.ts'
import { fromRational, rational } from './numbers.ts'
import type { Offer } from './parties.ts'
import { signPart } from './signature.ts'
import { TIMING } from './timing.ts'
import { exchange, poll, type VehicleEnd, type VehicleSession } from './vehicle-session.ts'

const SUPPORTING_POINTS = 1024
const MOST_ENTRIES = 96

/** Runs one session to its end. @throws Problem v2g-refused, v2g-silent, v2g-closed, … */
export async function driveIso20(session: VehicleSession): Promise<VehicleEnd> {
  const { channel, vehicle, clock, protocol } = session
  const current = protocol === 'iso20-ac' ? 'AC' : 'DC'
  let sessionId = session.sessionId ?? '00'
  let turns = 0

  const ask = async <Name extends Step>(
    step: Name,
    request: Request<Name>,
    limit?: number,
    signature?: Iso20Signature,
  ): Promise<Answer<Name>> => {
    const Header = { SessionID: sessionId, TimeStamp: Math.floor(clock.now() / 1000), ...(signature && { Signature: signature }) }
    const unpack = (message: ExiObject) => {
      const answer = message[`${step}Res`] as (ExiObject & { Header: { SessionID: string } }) | undefined
      if (step === 'SessionSetup' && answer) sessionId = answer.Header.SessionID
      return answer
    }
    const message = { [`${step}Req`]: { Header, ...request } } as unknown as ExiObject
    return (await exchange(channel, schemaOf(step), message, step, unpack, limit)) as unknown as Answer<Name>
  }

  await ask('SessionSetup', { EVCCID: vehicle.evccId }, TIMING.handshake)
  const setup = await ask('AuthorizationSetup', {})
  const isTaken = setup.AuthorizationServices.includes('PnC')
  const seeker = isTaken && setup.CertificateInstallationService && !vehicle.contract ? vehicle.install : undefined
  let contract = isTaken ? vehicle.contract : undefined
  if (seeker) {
    const { request, signature } = installationRequest20(seeker.provisioning)
    const answer = await ask('CertificateInstallation', request, TIMING.slowAnswer, signature)
    contract = await openInstallation20(answer as Iso20CertificateInstallationRes, seeker.provisioning, seeker.isTrusted)
    seeker.installed(contract)
  }
  if (contract) {
    const [Certificate = '', ...others] = contract.chain
    const mode = {
      Id: 'ID1',
      GenChallenge: setup.PnC_ASResAuthorizationMode?.GenChallenge ?? '',
      ContractCertificateChain: { Certificate, SubCertificates: { Certificate: others } },
    }
    const signature = signPart({ schema: 'iso20', name: 'PnC_AReqAuthorizationMode', content: mode }, contract.key)
    const request: Request<'Authorization'> = { SelectedAuthorizationService: 'PnC', PnC_AReqAuthorizationMode: mode }
    const { ResponseCode } = await poll(session, () => ask('Authorization', request, TIMING.slowAnswer, signature))
    if (ResponseCode.startsWith('WARNING'))
      throw new Problem('v2g-refused', `The station refused Authorization: ${ResponseCode}.`, {
        status: 403,
        details: { code: ResponseCode },
      })
  } else
    await poll(session, () => ask('Authorization', { SelectedAuthorizationService: 'EIM', EIM_AReqAuthorizationMode: {} }), TIMING.payment)

  const discovered = await ask('ServiceDiscovery', {})
  const offered = discovered.EnergyTransferServiceList.Service.map(({ ServiceID }) => ServiceID)
  const bidirectional = vehicle.bidirectional && offered.includes(serviceOf(current, true))
  const ServiceID = serviceOf(current, bidirectional)
  const { ServiceParameterList } = await ask('ServiceDetail', { ServiceID })
  const modeOf = (set: (typeof ServiceParameterList.ParameterSet)[number]) =>
    set.Parameter.find(({ Name }) => Name === 'ControlMode')?.intValue
  const set =
    ServiceParameterList.ParameterSet.find((each) => modeOf(each) === CONTROL[vehicle.control]) ?? ServiceParameterList.ParameterSet[0]!
  const control = modeOf(set) === CONTROL.dynamic ? 'dynamic' : 'scheduled'
  await ask('ServiceSelection', { SelectedEnergyTransferService: { ServiceID, ParameterSetID: set.ParameterSetID } })
  await discoverParameters()

  async function discoverParameters(): Promise<void> {
    const { maxCharge, minCharge, maxDischarge } = vehicle.state()
    const powers = { EVMaximumChargePower: rational(maxCharge), EVMinimumChargePower: rational(minCharge) }
    const back = { EVMaximumDischargePower: rational(maxDischarge), EVMinimumDischargePower: rational(0) }
    if (current === 'AC') {
      await ask('AC_ChargeParameterDiscovery', {
        ...(bidirectional ? { BPT_AC_CPDReqEnergyTransferMode: { ...powers, ...back } } : { AC_CPDReqEnergyTransferMode: powers }),
      })
      return
    }
    const amps = (power: number) => rational(power / vehicle.voltage)
    const mode = {
      ...powers,
      EVMaximumChargeCurrent: amps(maxCharge),
      EVMinimumChargeCurrent: amps(minCharge),
      EVMaximumVoltage: rational(vehicle.voltage),
      EVMinimumVoltage: rational(vehicle.voltage / 2),
    }
    const currents = { EVMaximumDischargeCurrent: amps(maxDischarge), EVMinimumDischargeCurrent: rational(0) }
    await ask('DC_ChargeParameterDiscovery', {
      ...(bidirectional ? { BPT_DC_CPDReqEnergyTransferMode: { ...mode, ...back, ...currents } } : { DC_CPDReqEnergyTransferMode: mode }),
    })
  }

  const seconds = () => {
    const { departure } = vehicle.state()
    return departure === undefined ? undefined : Math.max(0, Math.round(departure))
  }
  const schedule = async (): Promise<Offer | undefined> => {
    const state = vehicle.state()
    const departure = seconds()
    if (control === 'dynamic') {
      const mode = { DepartureTime: departure ?? 86_400, ...energyOf(state), ...(bidirectional && v2xOf(state)) }
      await poll(session, () => ask('ScheduleExchange', { MaximumSupportingPoints: SUPPORTING_POINTS, Dynamic_SEReqControlMode: mode }))
      return undefined
    }
    const mode = { ...(departure !== undefined && { DepartureTime: departure }), ...energyOf(state) }
    const answer = await poll(session, () =>
      ask('ScheduleExchange', { MaximumSupportingPoints: SUPPORTING_POINTS, Scheduled_SEReqControlMode: mode }),
    )
    const offers = (answer.Scheduled_SEResControlMode?.ScheduleTuple ?? []).map(offerOf)
    return offers[vehicle.choose?.(offers) ?? 0] ?? offers[0]
  }

  const turn = async (): Promise<string | undefined> => {
    turns++
    const state = vehicle.state()
    const departure = seconds()
    const DisplayParameters = {
      PresentSOC: Math.max(0, Math.min(100, Math.round(state.soc))),
      BatteryEnergyCapacity: rational(state.capacity),
    }
    const powers = { EVMaximumChargePower: rational(state.maxCharge), EVMinimumChargePower: rational(state.minCharge) }
    const dynamic = { ...(departure !== undefined && { DepartureTime: departure }), ...energyOf(state), ...powers }
    const back = { EVMaximumDischargePower: rational(state.maxDischarge), EVMinimumDischargePower: rational(0) }
    const prefix = bidirectional ? 'BPT_' : ''
    if (current === 'AC') {
      const present = { EVPresentActivePower: rational(state.power) }
      const mode =
        control === 'dynamic'
          ? { ...dynamic, ...present, EVPresentReactivePower: rational(0), ...(bidirectional && { ...back, ...v2xOf(state) }) }
          : { ...energyOf(state), ...powers, ...present }
      const name = `${prefix}${control === 'dynamic' ? 'Dynamic' : 'Scheduled'}_AC_CLReqControlMode`
      const answer = await ask('AC_ChargeLoop', { DisplayParameters, MeterInfoRequested: true, [name]: mode }, TIMING.loopAnswer)
      const said =
        answer.BPT_Dynamic_AC_CLResControlMode ??
        answer.Dynamic_AC_CLResControlMode ??
        answer.BPT_Scheduled_AC_CLResControlMode ??
        answer.Scheduled_AC_CLResControlMode
      if (said?.EVSETargetActivePower)
        vehicle.told({ kind: control === 'dynamic' ? 'setpoint' : 'limit', power: fromRational(said.EVSETargetActivePower) })
      return answer.EVSEStatus?.EVSENotification
    }
    const amps = (power: number) => rational(power / vehicle.voltage)
    const volts = { EVMaximumVoltage: rational(vehicle.voltage), EVMinimumVoltage: rational(vehicle.voltage / 2) }
    const currents = {
      EVMaximumChargeCurrent: amps(state.maxCharge),
      ...(bidirectional && { EVMaximumDischargeCurrent: amps(state.maxDischarge) }),
    }
    const mode =
      control === 'dynamic'
        ? { ...dynamic, ...volts, ...currents, ...(bidirectional && { ...back, ...v2xOf(state) }) }
        : { ...energyOf(state), EVTargetCurrent: amps(state.maxCharge), EVTargetVoltage: rational(vehicle.voltage), ...powers }
    const name = `${prefix}${control === 'dynamic' ? 'Dynamic' : 'Scheduled'}_DC_CLReqControlMode`
    const EVPresentVoltage = rational(vehicle.voltage)
    const answer = await ask(
      'DC_ChargeLoop',
      { DisplayParameters, MeterInfoRequested: true, EVPresentVoltage, [name]: mode },
      TIMING.loopAnswer,
    )
    const bpt = answer.BPT_Dynamic_DC_CLResControlMode ?? answer.BPT_Scheduled_DC_CLResControlMode
    const said = bpt ?? answer.Dynamic_DC_CLResControlMode ?? answer.Scheduled_DC_CLResControlMode
    if (said?.EVSEMaximumChargePower) {
      const give = bpt?.EVSEMaximumDischargePower ? fromRational(bpt.EVSEMaximumDischargePower) : 0
      const power = give > 0 ? -give : fromRational(said.EVSEMaximumChargePower)
      vehicle.told({ kind: control === 'dynamic' ? 'setpoint' : 'limit', power })
    }
    return answer.EVSEStatus?.EVSENotification
  }

  let stopping = false
  let pausing = false
  let first = true
  while (!stopping) {
    const chosen = await schedule()
    if (current === 'DC' && first) {
      await poll(session, () => ask('DC_CableCheck', {}), TIMING.cableCheck)
      const volts = rational(vehicle.voltage)
      await ask('DC_PreCharge', { EVProcessing: 'Finished', EVPresentVoltage: volts, EVTargetVoltage: volts }, TIMING.preCharge)
    }
    first = false
    await ask('PowerDelivery', {
      EVProcessing: 'Finished',
      ChargeProgress: 'Start',
      ...(chosen && {
        EVPowerProfile: {
          TimeAnchor: Math.floor(clock.now() / 1000),
          Scheduled_EVPPTControlMode: { SelectedScheduleTupleID: chosen.id },
          EVPowerProfileEntries: { EVPowerProfileEntry: profileOf(chosen, vehicle.state().maxCharge) },
        },
      }),
    })
    let renegotiating = false
    while (!stopping && !renegotiating) {
      const notification = await turn()
      const wish = vehicle.wish()
      pausing = wish === 'pause' || notification === 'Pause'
      if (pausing || wish === 'stop' || notification === 'Terminate') stopping = true
      else if (wish === 'renegotiate' || notification === 'ScheduleRenegotiation') renegotiating = true
      else await pause(clock, session.every, session.signal)
    }
    await ask('PowerDelivery', { EVProcessing: 'Finished', ChargeProgress: stopping ? 'Stop' : 'ScheduleRenegotiation' })
  }
  if (current === 'DC') await ask('DC_WeldingDetection', { EVProcessing: 'Finished' })
  await ask('SessionStop', { ChargingSession: pausing ? 'Pause' : 'Terminate' })
  return { sessionId, end: pausing ? 'paused' : 'terminated', turns }
}

function offerOf({ ScheduleTupleID, ChargingSchedule }: Iso20ScheduleTuple): Offer {
  let start = 0
  const power = ChargingSchedule.PowerSchedule.PowerScheduleEntries.PowerScheduleEntry.map(({ Duration, Power }) => {
    const entry = { start, power: fromRational(Power) }
    start += Duration
    return entry
  })
  const price = ChargingSchedule.AbsolutePriceSchedule
  let from = 0
  return {
    id: ScheduleTupleID,
    power,
    until: start,
    ...(price && {
      currency: price.Currency,
      prices: price.PriceRuleStacks.PriceRuleStack.map(({ Duration, PriceRule }) => {
        const entry = { start: from, price: fromRational(PriceRule[0]!.EnergyFee) }
        from += Duration
        return entry
      }),
    }),
  }
}

/** What the car will take of an offer: all of it, up to its own most. */
const profileOf = ({ power, until }: Offer, most: number) =>
  power.slice(0, MOST_ENTRIES).map((entry, index) => ({
    Duration: Math.max(1, (power[index + 1]?.start ?? until) - entry.start),
    Power: rational(Math.min(entry.power, most)),
  }))
