/** The car's end of ISO 15118-2. */
import { pause } from '#kernel'
import { evDemandOf, evParametersOf, evStatusOf } from './direct-current.ts'
import type { ExiObject } from './exi/codec.ts'
import { installationRequest, openInstallation, updateRequest } from './installation.ts'
import type { Iso2Body, Iso2Messages, Iso2MeterInfo, Iso2SAScheduleList, Iso2Signature } from './messages.gen.ts'
import { fromPhysical, physical } from './numbers.ts'
import type { Offer } from './parties.ts'
import { CERTIFICATES } from './secc-iso2.ts'
import { signPart } from './signature.ts'
import { TIMING } from './timing.ts'
import { exchange, poll, type VehicleEnd, type VehicleSession } from './vehicle-session.ts'

type Requests = { [Name in keyof Iso2Body as Name extends `${infer Stem}Req` ? Stem : never]-?: NonNullable<Iso2Body[Name]> }
type Answers = { [Name in keyof Iso2Body as Name extends `${infer Stem}Res` ? Stem : never]-?: NonNullable<Iso2Body[Name]> }

const MOST_ENTRIES = 24

/** Runs one session to its end. @throws Problem v2g-refused, v2g-silent, v2g-closed, … */
export async function driveIso2(session: VehicleSession): Promise<VehicleEnd> {
  const { channel, vehicle, clock } = session
  let sessionId = session.sessionId ?? '00'
  let turns = 0

  const ask = async <Step extends keyof Requests & keyof Answers>(
    step: Step,
    request: Requests[Step],
    signature?: Iso2Signature,
    limit?: number,
  ): Promise<Answers[Step]> => {
    const Header = { SessionID: sessionId, ...(signature && { Signature: signature }) }
    const unpack = (message: ExiObject) => {
      const { V2G_Message: inner } = message as Partial<Iso2Messages>
      if (step === 'SessionSetup' && inner) sessionId = inner.Header.SessionID
      return (inner?.Body as ExiObject | undefined)?.[`${step}Res`] as ExiObject | undefined
    }
    const message = { V2G_Message: { Header, Body: { [`${step}Req`]: request } } } as unknown as ExiObject
    return (await exchange(channel, 'iso2', message, step, unpack, limit)) as unknown as Answers[Step]
  }
  const evStatus = () => evStatusOf(vehicle)

  await ask('SessionSetup', { EVCCID: vehicle.evccId }, undefined, TIMING.handshake)
  const { PaymentOptionList, ServiceList } = await ask('ServiceDiscovery', {})
  const isTaken = PaymentOptionList.PaymentOption.includes('Contract')
  const isOffered = ServiceList?.Service.some(({ ServiceCategory }) => ServiceCategory === 'ContractCertificate')
  let contract = isTaken ? vehicle.contract : undefined
  const isDue = !contract || vehicle.install?.isOld?.(contract) === true
  const seeker = isTaken && isOffered && isDue ? vehicle.install : undefined
  await ask('PaymentServiceSelection', {
    SelectedPaymentOption: contract || seeker ? 'Contract' : 'ExternalPayment',
    SelectedServiceList: {
      SelectedService: [{ ServiceID: 1 }, ...(seeker ? [{ ServiceID: CERTIFICATES, ParameterSetID: contract ? 2 : 1 }] : [])],
    },
  })
  if (seeker) {
    const { provisioning, isTrusted, installed } = seeker
    const request = contract ? updateRequest(contract, provisioning.roots, sessionId) : installationRequest(provisioning, sessionId)
    channel.send('iso2', request)
    const { message } = await channel.receive(TIMING.slowAnswer, 'The answer to the request for a contract')
    contract = await openInstallation(message, (contract ?? provisioning).key, isTrusted)
    installed(contract)
  }
  if (contract) {
    const [Certificate = '', ...others] = contract.chain
    const details = {
      eMAID: contract.emaid,
      ContractSignatureCertChain: { Certificate, ...(others.length > 0 && { SubCertificates: { Certificate: others } }) },
    }
    const { GenChallenge } = await ask('PaymentDetails', details, undefined, TIMING.slowAnswer)
    const content = { Id: 'ID1', GenChallenge }
    const signature = signPart({ schema: 'iso2', name: 'AuthorizationReq', content }, contract.key)
    await poll(session, () => ask('Authorization', content, signature), TIMING.ongoing)
  } else await poll(session, () => ask('Authorization', {}), TIMING.payment)

  let stopping = false
  let first = true
  while (!stopping) {
    const { SAScheduleList } = await poll(session, () => ask('ChargeParameterDiscovery', parameters(session)))
    const offers = offersOf(SAScheduleList)
    const chosen = offers[vehicle.choose?.(offers) ?? 0] ?? offers[0]
    if (vehicle.current === 'DC' && first) {
      await poll(session, () => ask('CableCheck', { DC_EVStatus: evStatus() }), TIMING.cableCheck)
      const EVTargetVoltage = physical(vehicle.voltage, 'V')
      const preCharge = { DC_EVStatus: evStatus(), EVTargetVoltage, EVTargetCurrent: physical(0, 'A') }
      await ask('PreCharge', preCharge, undefined, TIMING.preCharge)
    }
    first = false
    const SAScheduleTupleID = chosen?.id ?? 1
    await ask('PowerDelivery', {
      ChargeProgress: 'Start',
      SAScheduleTupleID,
      ...(chosen && { ChargingProfile: { ProfileEntry: profileOf(chosen, vehicle.state().maxCharge) } }),
    })
    let renegotiating = false
    while (!stopping && !renegotiating) {
      turns++
      let receipt: Iso2MeterInfo | undefined
      let notification: string
      if (vehicle.current === 'AC') {
        const answer = await ask('ChargingStatus', {}, undefined, TIMING.loopAnswer)
        const amps = answer.EVSEMaxCurrent ? fromPhysical(answer.EVSEMaxCurrent) : Number.POSITIVE_INFINITY
        vehicle.told({ kind: 'limit', power: amps * vehicle.voltage * vehicle.phases })
        notification = answer.AC_EVSEStatus.EVSENotification
        receipt = answer.ReceiptRequired ? answer.MeterInfo : undefined
      } else {
        const answer = await ask('CurrentDemand', evDemandOf(vehicle), undefined, TIMING.loopAnswer)
        vehicle.told({
          kind: 'limit',
          power: answer.EVSEMaximumPowerLimit ? fromPhysical(answer.EVSEMaximumPowerLimit) : Number.POSITIVE_INFINITY,
        })
        notification = answer.DC_EVSEStatus.EVSENotification
        receipt = answer.ReceiptRequired ? answer.MeterInfo : undefined
      }
      if (receipt && contract) {
        const content = { Id: `ID${turns + 1}`, SessionID: sessionId, SAScheduleTupleID, MeterInfo: receipt }
        await ask('MeteringReceipt', content, signPart({ schema: 'iso2', name: 'MeteringReceiptReq', content }, contract.key))
      }
      const wish = vehicle.wish()
      if (notification === 'StopCharging' || wish === 'stop' || wish === 'pause') stopping = true
      else if (notification === 'ReNegotiation' || wish === 'renegotiate') renegotiating = true
      else await pause(clock, session.every, session.signal)
    }
    await ask('PowerDelivery', { ChargeProgress: stopping ? 'Stop' : 'Renegotiate', SAScheduleTupleID })
  }
  if (vehicle.current === 'DC') await ask('WeldingDetection', { DC_EVStatus: evStatus() })
  const isPause = vehicle.wish() === 'pause'
  await ask('SessionStop', { ChargingSession: isPause ? 'Pause' : 'Terminate' })
  return { sessionId, end: isPause ? 'paused' : 'terminated', turns }
}

function parameters({ vehicle }: VehicleSession): Requests['ChargeParameterDiscovery'] {
  const { target, departure, maxCharge, minCharge } = vehicle.state()
  const timing = departure === undefined ? {} : { DepartureTime: Math.max(0, Math.round(departure)) }
  const { voltage, phases } = vehicle
  if (vehicle.current === 'AC')
    return {
      MaxEntriesSAScheduleTuple: MOST_ENTRIES,
      RequestedEnergyTransferMode: phases === 3 ? 'AC_three_phase_core' : 'AC_single_phase_core',
      AC_EVChargeParameter: {
        ...timing,
        EAmount: physical(Math.max(0, target), 'Wh'),
        EVMaxVoltage: physical(voltage, 'V'),
        EVMaxCurrent: physical(maxCharge / (voltage * phases), 'A'),
        EVMinCurrent: physical(minCharge / (voltage * phases), 'A'),
      },
    }
  return {
    MaxEntriesSAScheduleTuple: MOST_ENTRIES,
    RequestedEnergyTransferMode: 'DC_extended',
    DC_EVChargeParameter: { ...timing, ...evParametersOf(vehicle) },
  }
}

function offersOf(list: Iso2SAScheduleList | undefined): Offer[] {
  return (list?.SAScheduleTuple ?? []).map(({ SAScheduleTupleID, PMaxSchedule, SalesTariff }) => {
    const power = PMaxSchedule.PMaxScheduleEntry.map((entry) => ({
      start: entry.RelativeTimeInterval?.start ?? 0,
      power: fromPhysical(entry.PMax),
    }))
    const last = PMaxSchedule.PMaxScheduleEntry.at(-1)?.RelativeTimeInterval
    return {
      id: SAScheduleTupleID,
      power,
      until: (last?.start ?? 0) + (last?.duration ?? 86_400),
      ...(SalesTariff && {
        prices: SalesTariff.SalesTariffEntry.map((entry) => ({
          start: entry.RelativeTimeInterval?.start ?? 0,
          price: entry.EPriceLevel ?? 1,
        })),
      }),
    }
  })
}

/** What the car will take of an offer: all of it up to its own most, in at most 24 entries. */
const profileOf = (offer: Offer, most: number) =>
  offer.power.slice(0, MOST_ENTRIES).map(({ start, power }) => ({
    ChargingProfileEntryStart: start,
    ChargingProfileEntryMaxPower: physical(Math.min(power, most), 'W'),
  }))
