/** The car's end of DIN 70121. */
import { pause } from '#kernel'
import { evDemandOf, evParametersOf, evStatusOf } from './direct-current.ts'
import type { ExiObject } from './exi/codec.ts'
import type { DinBody, DinMessages } from './messages.gen.ts'
import { fromPhysical, physical } from './numbers.ts'
import { TIMING } from './timing.ts'
import { exchange, poll, type VehicleEnd, type VehicleSession } from './vehicle-session.ts'

type Requests = { [Name in keyof DinBody as Name extends `${infer Stem}Req` ? Stem : never]-?: NonNullable<DinBody[Name]> }
type Answers = { [Name in keyof DinBody as Name extends `${infer Stem}Res` ? Stem : never]-?: NonNullable<DinBody[Name]> }

/** Volts that the station may be off the car's own before the contactors close. */
const CLOSE_ENOUGH = 20

/** Runs one session to its end. @throws Problem v2g-refused, v2g-silent, v2g-closed, … */
export async function driveDin(session: VehicleSession): Promise<VehicleEnd> {
  const { channel, vehicle, clock } = session
  let sessionId = '00'
  let turns = 0

  const ask = async <Step extends keyof Requests & keyof Answers>(step: Step, request: Requests[Step], limit?: number) => {
    const unpack = (message: ExiObject) => {
      const { V2G_Message: inner } = message as Partial<DinMessages>
      if (step === 'SessionSetup' && inner) sessionId = inner.Header.SessionID
      return (inner?.Body as ExiObject | undefined)?.[`${step}Res`] as ExiObject | undefined
    }
    const message = { V2G_Message: { Header: { SessionID: sessionId }, Body: { [`${step}Req`]: request } } } as unknown as ExiObject
    return (await exchange(channel, 'din', message, step, unpack, limit)) as unknown as Answers[Step]
  }
  const DC_EVStatus = () => evStatusOf(vehicle)

  await ask('SessionSetup', { EVCCID: vehicle.evccId }, TIMING.handshake)
  const { ChargeService } = await ask('ServiceDiscovery', { ServiceCategory: 'EVCharging' })
  await ask('ServicePaymentSelection', {
    SelectedPaymentOption: 'ExternalPayment',
    SelectedServiceList: { SelectedService: [{ ServiceID: ChargeService.ServiceTag.ServiceID }] },
  })
  await poll(session, () => ask('ContractAuthentication', {}), TIMING.payment)
  const parameters = { EVRequestedEnergyTransferType: 'DC_extended' as const, DC_EVChargeParameter: evParametersOf(vehicle) }
  const { SAScheduleList } = await poll(session, () => ask('ChargeParameterDiscovery', parameters))
  const tuple = SAScheduleList?.SAScheduleTuple[0]
  await poll(session, () => ask('CableCheck', { DC_EVStatus: DC_EVStatus() }), TIMING.cableCheck)
  await poll(
    session,
    async () => {
      const request = { DC_EVStatus: DC_EVStatus(), EVTargetVoltage: physical(vehicle.voltage, 'V'), EVTargetCurrent: physical(0, 'A') }
      const { EVSEPresentVoltage } = await ask('PreCharge', request)
      return { EVSEProcessing: Math.abs(fromPhysical(EVSEPresentVoltage) - vehicle.voltage) <= CLOSE_ENOUGH ? 'Finished' : 'Ongoing' }
    },
    TIMING.preCharge,
  )
  const deliver = (ReadyToChargeState: boolean) =>
    ask('PowerDelivery', {
      ReadyToChargeState,
      ...(ReadyToChargeState &&
        tuple && {
          ChargingProfile: {
            SAScheduleTupleID: tuple.SAScheduleTupleID,
            ProfileEntry: tuple.PMaxSchedule.PMaxScheduleEntry.map(({ PMax, RelativeTimeInterval }) => ({
              ChargingProfileEntryStart: RelativeTimeInterval?.start ?? 0,
              ChargingProfileEntryMaxPower: Math.round(Math.min(PMax, vehicle.state().maxCharge)),
            })),
          },
        }),
      DC_EVPowerDeliveryParameter: { DC_EVStatus: DC_EVStatus(), ChargingComplete: !ReadyToChargeState },
    })
  await deliver(true)
  for (;;) {
    turns++
    const { EVSEMaximumPowerLimit: limit, DC_EVSEStatus } = await ask('CurrentDemand', evDemandOf(vehicle), TIMING.loopAnswer)
    vehicle.told({ kind: 'limit', power: limit ? fromPhysical(limit) : Number.POSITIVE_INFINITY })
    // The protocol knows neither a pause nor new terms: both end the session.
    if (DC_EVSEStatus.EVSENotification !== 'None' || DC_EVSEStatus.EVSEStatusCode !== 'EVSE_Ready' || vehicle.wish() !== 'charge') break
    await pause(clock, session.every, session.signal)
  }
  await deliver(false)
  await ask('WeldingDetection', { DC_EVStatus: DC_EVStatus() })
  await ask('SessionStop', {})
  return { sessionId, end: 'terminated', turns }
}
