/** ISO 15118-20: charging and discharging with alternating current. */
import { grammarOf } from '../grammar.ts'
import { COMMON_TYPES } from './iso20-main.ts'
import { inOrder, SIGNATURE, SIGNATURE_ELEMENTS } from './signature.ts'

/** A value once for the first phase and at most once for each further one. */
const phases = (name: string, mark = ''): string =>
  `${name} RationalNumberType${mark}, ${name}_L2 RationalNumberType?, ${name}_L3 RationalNumberType?`

const NOTATION = `
  AC_CPDReqEnergyTransferModeType: ${phases('EVMaximumChargePower')}, ${phases('EVMinimumChargePower')}
  BPT_AC_CPDReqEnergyTransferModeType < AC_CPDReqEnergyTransferModeType: ${phases('EVMaximumDischargePower')}, ${phases('EVMinimumDischargePower')}
  AC_CPDResEnergyTransferModeType: ${phases('EVSEMaximumChargePower')}, ${phases('EVSEMinimumChargePower')}, EVSENominalFrequency RationalNumberType, MaximumPowerAsymmetry RationalNumberType?, EVSEPowerRampLimitation RationalNumberType?, ${phases('EVSEPresentActivePower', '?')}
  BPT_AC_CPDResEnergyTransferModeType < AC_CPDResEnergyTransferModeType: ${phases('EVSEMaximumDischargePower')}, ${phases('EVSEMinimumDischargePower')}
  Dynamic_AC_CLReqControlModeType < EnergyRequestsType: ${phases('EVMaximumChargePower')}, ${phases('EVMinimumChargePower')}, ${phases('EVPresentActivePower')}, ${phases('EVPresentReactivePower')}
  BPT_Dynamic_AC_CLReqControlModeType < Dynamic_AC_CLReqControlModeType: ${phases('EVMaximumDischargePower')}, ${phases('EVMinimumDischargePower')}, EVMaximumV2XEnergyRequest RationalNumberType?, EVMinimumV2XEnergyRequest RationalNumberType?
  Scheduled_AC_CLReqControlModeType < ScheduledEnergyRequestsType: ${phases('EVMaximumChargePower', '?')}, ${phases('EVMinimumChargePower', '?')}, ${phases('EVPresentActivePower')}, ${phases('EVPresentReactivePower', '?')}
  BPT_Scheduled_AC_CLReqControlModeType < Scheduled_AC_CLReqControlModeType: ${phases('EVMaximumDischargePower', '?')}, ${phases('EVMinimumDischargePower', '?')}
  Scheduled_AC_CLResControlModeType: ${phases('EVSETargetActivePower', '?')}, ${phases('EVSETargetReactivePower', '?')}, ${phases('EVSEPresentActivePower', '?')}
  BPT_Scheduled_AC_CLResControlModeType < Scheduled_AC_CLResControlModeType:
  Dynamic_AC_CLResControlModeType < DynamicAnswerType: ${phases('EVSETargetActivePower')}, ${phases('EVSETargetReactivePower', '?')}, ${phases('EVSEPresentActivePower', '?')}
  BPT_Dynamic_AC_CLResControlModeType < Dynamic_AC_CLResControlModeType:

  AC_ChargeParameterDiscoveryReqType < RequestType: (AC_CPDReqEnergyTransferMode | BPT_AC_CPDReqEnergyTransferMode)
  AC_ChargeParameterDiscoveryResType < AnswerType: (AC_CPDResEnergyTransferMode | BPT_AC_CPDResEnergyTransferMode)
  AC_ChargeLoopReqType < LoopRequestType: (BPT_Dynamic_AC_CLReqControlMode | BPT_Scheduled_AC_CLReqControlMode | ~CLReqControlMode | Dynamic_AC_CLReqControlMode | Scheduled_AC_CLReqControlMode)
  AC_ChargeLoopResType < LoopAnswerType: EVSETargetFrequency RationalNumberType?, (BPT_Dynamic_AC_CLResControlMode | BPT_Scheduled_AC_CLResControlMode | ~CLResControlMode | Dynamic_AC_CLResControlMode | Scheduled_AC_CLResControlMode)
`

const GLOBAL = `
  AC_CPDReqEnergyTransferMode AC_CPDResEnergyTransferMode AC_ChargeLoopReq AC_ChargeLoopRes AC_ChargeParameterDiscoveryReq
  AC_ChargeParameterDiscoveryRes BPT_AC_CPDReqEnergyTransferMode BPT_AC_CPDResEnergyTransferMode BPT_Dynamic_AC_CLReqControlMode
  BPT_Dynamic_AC_CLResControlMode BPT_Scheduled_AC_CLReqControlMode BPT_Scheduled_AC_CLResControlMode CLReqControlMode CLResControlMode
  Dynamic_AC_CLReqControlMode Dynamic_AC_CLResControlMode Scheduled_AC_CLReqControlMode Scheduled_AC_CLResControlMode`

export const iso20Ac = () =>
  grammarOf('urn:iso:std:iso:15118:-20:AC', COMMON_TYPES + NOTATION + SIGNATURE, inOrder(GLOBAL, SIGNATURE_ELEMENTS))
