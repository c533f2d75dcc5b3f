/** ISO 15118-20: charging and discharging with direct current. */
import { grammarOf } from '../grammar.ts'
import { COMMON_TYPES } from './iso20-main.ts'
import { inOrder, SIGNATURE, SIGNATURE_ELEMENTS } from './signature.ts'

/** Fields that each hold one rational number. */
const numbers = (names: string, mark = ''): string =>
  names
    .split(' ')
    .map((name) => `${name} RationalNumberType${mark}`)
    .join(', ')

const NOTATION = `
  DC_CPDReqEnergyTransferModeType: ${numbers('EVMaximumChargePower EVMinimumChargePower EVMaximumChargeCurrent EVMinimumChargeCurrent EVMaximumVoltage EVMinimumVoltage')}, TargetSOC percentValueType?
  BPT_DC_CPDReqEnergyTransferModeType < DC_CPDReqEnergyTransferModeType: ${numbers('EVMaximumDischargePower EVMinimumDischargePower EVMaximumDischargeCurrent EVMinimumDischargeCurrent')}
  DC_CPDResEnergyTransferModeType: ${numbers('EVSEMaximumChargePower EVSEMinimumChargePower EVSEMaximumChargeCurrent EVSEMinimumChargeCurrent EVSEMaximumVoltage EVSEMinimumVoltage')}, EVSEPowerRampLimitation RationalNumberType?
  BPT_DC_CPDResEnergyTransferModeType < DC_CPDResEnergyTransferModeType: ${numbers('EVSEMaximumDischargePower EVSEMinimumDischargePower EVSEMaximumDischargeCurrent EVSEMinimumDischargeCurrent')}
  Dynamic_DC_CLReqControlModeType < EnergyRequestsType: ${numbers('EVMaximumChargePower EVMinimumChargePower EVMaximumChargeCurrent EVMaximumVoltage EVMinimumVoltage')}
  BPT_Dynamic_DC_CLReqControlModeType < Dynamic_DC_CLReqControlModeType: ${numbers('EVMaximumDischargePower EVMinimumDischargePower EVMaximumDischargeCurrent')}, ${numbers('EVMaximumV2XEnergyRequest EVMinimumV2XEnergyRequest', '?')}
  Scheduled_DC_CLReqControlModeType < ScheduledEnergyRequestsType: ${numbers('EVTargetCurrent EVTargetVoltage')}, ${numbers('EVMaximumChargePower EVMinimumChargePower EVMaximumChargeCurrent EVMaximumVoltage EVMinimumVoltage', '?')}
  BPT_Scheduled_DC_CLReqControlModeType < Scheduled_DC_CLReqControlModeType: ${numbers('EVMaximumDischargePower EVMinimumDischargePower EVMaximumDischargeCurrent', '?')}
  Scheduled_DC_CLResControlModeType: ${numbers('EVSEMaximumChargePower EVSEMinimumChargePower EVSEMaximumChargeCurrent EVSEMaximumVoltage', '?')}
  BPT_Scheduled_DC_CLResControlModeType < Scheduled_DC_CLResControlModeType: ${numbers('EVSEMaximumDischargePower EVSEMinimumDischargePower EVSEMaximumDischargeCurrent EVSEMinimumVoltage', '?')}
  Dynamic_DC_CLResControlModeType < DynamicAnswerType: ${numbers('EVSEMaximumChargePower EVSEMinimumChargePower EVSEMaximumChargeCurrent EVSEMaximumVoltage')}
  BPT_Dynamic_DC_CLResControlModeType < Dynamic_DC_CLResControlModeType: ${numbers('EVSEMaximumDischargePower EVSEMinimumDischargePower EVSEMaximumDischargeCurrent EVSEMinimumVoltage')}

  DC_ChargeParameterDiscoveryReqType < RequestType: (BPT_DC_CPDReqEnergyTransferMode | DC_CPDReqEnergyTransferMode)
  DC_ChargeParameterDiscoveryResType < AnswerType: (BPT_DC_CPDResEnergyTransferMode | DC_CPDResEnergyTransferMode)
  DC_CableCheckReqType < RequestType:
  DC_CableCheckResType < AnswerType: EVSEProcessing processingType
  DC_PreChargeReqType < RequestType: EVProcessing processingType, ${numbers('EVPresentVoltage EVTargetVoltage')}
  DC_PreChargeResType < AnswerType: EVSEPresentVoltage RationalNumberType
  DC_WeldingDetectionReqType < RequestType: EVProcessing processingType
  DC_WeldingDetectionResType < AnswerType: EVSEPresentVoltage RationalNumberType
  DC_ChargeLoopReqType < LoopRequestType: EVPresentVoltage RationalNumberType, (BPT_Dynamic_DC_CLReqControlMode | BPT_Scheduled_DC_CLReqControlMode | ~CLReqControlMode | Dynamic_DC_CLReqControlMode | Scheduled_DC_CLReqControlMode)
  DC_ChargeLoopResType < LoopAnswerType: ${numbers('EVSEPresentCurrent EVSEPresentVoltage')}, EVSEPowerLimitAchieved bool, EVSECurrentLimitAchieved bool, EVSEVoltageLimitAchieved bool, (BPT_Dynamic_DC_CLResControlMode | BPT_Scheduled_DC_CLResControlMode | ~CLResControlMode | Dynamic_DC_CLResControlMode | Scheduled_DC_CLResControlMode)
`

const GLOBAL = `
  BPT_DC_CPDReqEnergyTransferMode BPT_DC_CPDResEnergyTransferMode BPT_Dynamic_DC_CLReqControlMode BPT_Dynamic_DC_CLResControlMode
  BPT_Scheduled_DC_CLReqControlMode BPT_Scheduled_DC_CLResControlMode CLReqControlMode CLResControlMode DC_CPDReqEnergyTransferMode
  DC_CPDResEnergyTransferMode DC_CableCheckReq DC_CableCheckRes DC_ChargeLoopReq DC_ChargeLoopRes DC_ChargeParameterDiscoveryReq
  DC_ChargeParameterDiscoveryRes DC_PreChargeReq DC_PreChargeRes DC_WeldingDetectionReq DC_WeldingDetectionRes Dynamic_DC_CLReqControlMode
  Dynamic_DC_CLResControlMode Scheduled_DC_CLReqControlMode Scheduled_DC_CLResControlMode`

export const iso20Dc = () =>
  grammarOf('urn:iso:std:iso:15118:-20:DC', COMMON_TYPES + NOTATION + SIGNATURE, inOrder(GLOBAL, SIGNATURE_ELEMENTS))
