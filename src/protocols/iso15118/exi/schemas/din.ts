/** DIN SPEC 70121: DC only, paid outside. */
import { grammarOf } from '../grammar.ts'
import { inOrder, SIGNATURE, SIGNATURE_ELEMENTS } from './signature.ts'

const NOTATION = `
  costKindType = relativePricePercentage | RenewableGenerationPercentage | CarbonDioxideEmission
  isolationLevelType = Invalid | Valid | Warning | Fault
  paymentOptionType = Contract | ExternalPayment
  DC_EVSEStatusCodeType = EVSE_NotReady | EVSE_Ready | EVSE_Shutdown | EVSE_UtilityInterruptEvent | EVSE_IsolationMonitoringActive | EVSE_EmergencyShutdown | EVSE_Malfunction | Reserved_8 | Reserved_9 | Reserved_A | Reserved_B | Reserved_C
  unitSymbolType = h | m | s | A | Ah | V | VA | W | W/s | Wh
  EVSESupportedEnergyTransferType = AC_single_phase_core | AC_three_phase_core | DC_core | DC_extended | DC_combo_core | DC_dual | AC_core1p_DC_extended | AC_single_DC_core | AC_single_phase_three_phase_core_DC_extended | AC_core3p_DC_extended
  DC_EVErrorCodeType = NO_ERROR | FAILED_RESSTemperatureInhibit | FAILED_EVShiftPosition | FAILED_ChargerConnectorLockFault | FAILED_EVRESSMalfunction | FAILED_ChargingCurrentdifferential | FAILED_ChargingVoltageOutOfRange | Reserved_A | Reserved_B | Reserved_C | FAILED_ChargingSystemIncompatibility | NoData
  EVSENotificationType = None | StopCharging | ReNegotiation
  faultCodeType = ParsingError | NoTLSRootCertificatAvailable | UnknownError
  responseCodeType = OK | OK_NewSessionEstablished | OK_OldSessionJoined | OK_CertificateExpiresSoon | FAILED | FAILED_SequenceError | FAILED_ServiceIDInvalid | FAILED_UnknownSession | FAILED_ServiceSelectionInvalid | FAILED_PaymentSelectionInvalid | FAILED_CertificateExpired | FAILED_SignatureError | FAILED_NoCertificateAvailable | FAILED_CertChainError | FAILED_ChallengeInvalid | FAILED_ContractCanceled | FAILED_WrongChargeParameter | FAILED_PowerDeliveryNotApplied | FAILED_TariffSelectionInvalid | FAILED_ChargingProfileInvalid | FAILED_EVSEPresentVoltageToLow | FAILED_MeteringSignatureNotValid | FAILED_WrongEnergyTransferType
  EVRequestedEnergyTransferType = AC_single_phase_core | AC_three_phase_core | DC_core | DC_extended | DC_combo_core | DC_unique
  serviceCategoryType = EVCharging | Internet | ContractCertificate | OtherCustom
  EVSEProcessingType = Finished | Ongoing
  valueType = bool | byte | short | int | physicalValue | string
  percentValueType = bits(0,100)
  multiplierType = bits(-3,3)
  sessionIDType = hex(8)
  evseIDType = hex(32)
  contractIDType = string(24)
  certificateType = base64(1200)

  PhysicalValueType: Multiplier multiplierType, Unit unitSymbolType?, Value int
  CostType: costKind costKindType, amount uint, amountMultiplier multiplierType?
  ConsumptionCostType: startValue uint, Cost*
  IntervalType:
  RelativeTimeIntervalType: start uint, duration uint?
  EntryType: (RelativeTimeInterval | TimeInterval IntervalType)
  PMaxScheduleEntryType < EntryType: PMax int
  PMaxScheduleType: PMaxScheduleID int, PMaxScheduleEntry+
  SalesTariffEntryType < EntryType: EPriceLevel bits(0,255), ConsumptionCost*
  SalesTariffType: @Id string, SalesTariffID int, SalesTariffDescription string(32)?, NumEPriceLevels bits(0,255), SalesTariffEntry+
  SAScheduleTupleType: SAScheduleTupleID int, PMaxSchedule, SalesTariff?
  SAScheduleListType: SAScheduleTuple+
  ServiceTagType: ServiceID uint, ServiceName string(32)?, ServiceCategory serviceCategoryType, ServiceScope string(32)?
  ServiceType: ServiceTag, FreeService bool
  ServiceListType: Service+
  ServiceChargeType < ServiceType: EnergyTransferType EVSESupportedEnergyTransferType
  SelectedServiceType: ServiceID uint, ParameterSetID int?
  SelectedServiceListType: SelectedService+
  PaymentOptionsType: PaymentOption paymentOptionType+
  ParameterType: @Name string, @ValueType valueType, (boolValue bool | byteValue bits(-128,127) | shortValue int | intValue int | physicalValue PhysicalValueType | stringValue string)
  ParameterSetType: ParameterSetID int, Parameter+
  ServiceParameterListType: ParameterSet+
  ProfileEntryType: ChargingProfileEntryStart uint, ChargingProfileEntryMaxPower int
  ChargingProfileType: SAScheduleTupleID int, ProfileEntry+
  DC_EVStatusType: EVReady bool, EVCabinConditioning bool?, EVRESSConditioning bool?, EVErrorCode DC_EVErrorCodeType, EVRESSSOC percentValueType
  AC_EVSEStatusType: PowerSwitchClosed bool, RCD bool, NotificationMaxDelay uint, EVSENotification EVSENotificationType
  DC_EVSEStatusType: EVSEIsolationStatus isolationLevelType?, EVSEStatusCode DC_EVSEStatusCodeType, NotificationMaxDelay uint, EVSENotification EVSENotificationType
  SubCertificatesType: Certificate certificateType+
  CertificateChainType: Certificate certificateType, SubCertificates?
  ListOfRootCertificateIDsType: RootCertificateID string(40)+
  NotificationType: FaultCode faultCodeType, FaultMsg string(64)?
  MeterInfoType: MeterID string(32), MeterReading PhysicalValueType?, SigMeterReading base64(32)?, MeterStatus int?, TMeter int?
  EmptyType:
  AC_EVChargeParameterType: DepartureTime uint, EAmount PhysicalValueType, EVMaxVoltage PhysicalValueType, EVMaxCurrent PhysicalValueType, EVMinCurrent PhysicalValueType
  DC_EVChargeParameterType: DC_EVStatus, EVMaximumCurrentLimit PhysicalValueType, EVMaximumPowerLimit PhysicalValueType?, EVMaximumVoltageLimit PhysicalValueType, EVEnergyCapacity PhysicalValueType?, EVEnergyRequest PhysicalValueType?, FullSOC percentValueType?, BulkSOC percentValueType?
  AC_EVSEChargeParameterType: AC_EVSEStatus, EVSEMaxVoltage PhysicalValueType, EVSEMaxCurrent PhysicalValueType, EVSEMinCurrent PhysicalValueType
  DC_EVSEChargeParameterType: DC_EVSEStatus, EVSEMaximumCurrentLimit PhysicalValueType, EVSEMaximumPowerLimit PhysicalValueType?, EVSEMaximumVoltageLimit PhysicalValueType, EVSEMinimumCurrentLimit PhysicalValueType, EVSEMinimumVoltageLimit PhysicalValueType, EVSECurrentRegulationTolerance PhysicalValueType?, EVSEPeakCurrentRipple PhysicalValueType, EVSEEnergyToBeDelivered PhysicalValueType?
  DC_EVPowerDeliveryParameterType: DC_EVStatus, BulkChargingComplete bool?, ChargingComplete bool

  AnswerType: ResponseCode responseCodeType
  SessionSetupReqType: EVCCID hex(8)
  SessionSetupResType < AnswerType: EVSEID evseIDType, DateTimeNow int?
  ServiceDiscoveryReqType: ServiceScope string(32)?, ServiceCategory serviceCategoryType?
  ServiceDiscoveryResType < AnswerType: PaymentOptions, ChargeService ServiceChargeType, ServiceList?
  ServiceDetailReqType: ServiceID uint
  ServiceDetailResType < AnswerType: ServiceID uint, ServiceParameterList?
  ServicePaymentSelectionReqType: SelectedPaymentOption paymentOptionType, SelectedServiceList
  ServicePaymentSelectionResType < AnswerType:
  PaymentDetailsReqType: ContractID contractIDType, ContractSignatureCertChain CertificateChainType
  PaymentDetailsResType < AnswerType: GenChallenge string, DateTimeNow int
  ContractAuthenticationReqType: @Id string?, GenChallenge string?
  ContractAuthenticationResType < AnswerType: EVSEProcessing EVSEProcessingType
  ChargeParameterDiscoveryReqType: EVRequestedEnergyTransferType EVRequestedEnergyTransferType, (AC_EVChargeParameter | DC_EVChargeParameter | EVChargeParameter EmptyType)
  ChargeParameterDiscoveryResType < AnswerType: EVSEProcessing EVSEProcessingType, (SAScheduleList | SASchedules EmptyType), (AC_EVSEChargeParameter | DC_EVSEChargeParameter | EVSEChargeParameter EmptyType)
  PowerDeliveryReqType: ReadyToChargeState bool, ChargingProfile?, (DC_EVPowerDeliveryParameter | EVPowerDeliveryParameter EmptyType)?
  PowerDeliveryResType < AnswerType: (AC_EVSEStatus | DC_EVSEStatus | EVSEStatus EmptyType)
  ChargingStatusReqType:
  ChargingStatusResType < AnswerType: EVSEID evseIDType, SAScheduleTupleID int, EVSEMaxCurrent PhysicalValueType?, MeterInfo?, ReceiptRequired bool, AC_EVSEStatus
  MeteringReceiptReqType: @Id string?, SessionID sessionIDType, SAScheduleTupleID int?, MeterInfo
  MeteringReceiptResType < AnswerType: AC_EVSEStatus
  SessionStopReqType:
  SessionStopResType < AnswerType:
  CableCheckReqType: DC_EVStatus
  CableCheckResType < AnswerType: DC_EVSEStatus, EVSEProcessing EVSEProcessingType
  PreChargeReqType: DC_EVStatus, EVTargetVoltage PhysicalValueType, EVTargetCurrent PhysicalValueType
  PreChargeResType < AnswerType: DC_EVSEStatus, EVSEPresentVoltage PhysicalValueType
  CurrentDemandReqType: DC_EVStatus, EVTargetCurrent PhysicalValueType, EVMaximumVoltageLimit PhysicalValueType?, EVMaximumCurrentLimit PhysicalValueType?, EVMaximumPowerLimit PhysicalValueType?, BulkChargingComplete bool?, ChargingComplete bool, RemainingTimeToFullSoC PhysicalValueType?, RemainingTimeToBulkSoC PhysicalValueType?, EVTargetVoltage PhysicalValueType
  CurrentDemandResType < AnswerType: DC_EVSEStatus, EVSEPresentVoltage PhysicalValueType, EVSEPresentCurrent PhysicalValueType, EVSECurrentLimitAchieved bool, EVSEVoltageLimitAchieved bool, EVSEPowerLimitAchieved bool, EVSEMaximumVoltageLimit PhysicalValueType?, EVSEMaximumCurrentLimit PhysicalValueType?, EVSEMaximumPowerLimit PhysicalValueType?
  WeldingDetectionReqType: DC_EVStatus
  WeldingDetectionResType < AnswerType: DC_EVSEStatus, EVSEPresentVoltage PhysicalValueType
  CertificateInstallationReqType: @Id string?, OEMProvisioningCert certificateType, ListOfRootCertificateIDs, DHParams base64(256)
  CertificateInstallationResType: @Id string, ResponseCode responseCodeType, ContractSignatureCertChain CertificateChainType, ContractSignatureEncryptedPrivateKey base64(128), DHParams base64(256), ContractID contractIDType
  CertificateUpdateReqType: @Id string?, ContractSignatureCertChain CertificateChainType, ContractID contractIDType, ListOfRootCertificateIDs, DHParams base64(256)
  CertificateUpdateResType < CertificateInstallationResType: RetryCounter int

  MessageHeaderType: SessionID sessionIDType, Notification?, Signature?
  BodyType: (BodyElement EmptyType | CableCheckReq | CableCheckRes | CertificateInstallationReq | CertificateInstallationRes | CertificateUpdateReq | CertificateUpdateRes | ChargeParameterDiscoveryReq | ChargeParameterDiscoveryRes | ChargingStatusReq | ChargingStatusRes | ContractAuthenticationReq | ContractAuthenticationRes | CurrentDemandReq | CurrentDemandRes | MeteringReceiptReq | MeteringReceiptRes | PaymentDetailsReq | PaymentDetailsRes | PowerDeliveryReq | PowerDeliveryRes | PreChargeReq | PreChargeRes | ServiceDetailReq | ServiceDetailRes | ServiceDiscoveryReq | ServiceDiscoveryRes | ServicePaymentSelectionReq | ServicePaymentSelectionRes | SessionSetupReq | SessionSetupRes | SessionStopReq | SessionStopRes | WeldingDetectionReq | WeldingDetectionRes)?
  V2G_MessageType: Header MessageHeaderType, Body
`

const GLOBAL = `
  AC_EVChargeParameter AC_EVSEChargeParameter AC_EVSEStatus BodyElement CableCheckReq CableCheckRes CertificateInstallationReq
  CertificateInstallationRes CertificateUpdateReq CertificateUpdateRes ChargeParameterDiscoveryReq ChargeParameterDiscoveryRes ChargingStatusReq
  ChargingStatusRes ContractAuthenticationReq ContractAuthenticationRes CurrentDemandReq CurrentDemandRes DC_EVChargeParameter
  DC_EVPowerDeliveryParameter DC_EVSEChargeParameter DC_EVSEStatus DC_EVStatus EVChargeParameter EVPowerDeliveryParameter EVSEChargeParameter
  EVSEStatus EVStatus Entry MeteringReceiptReq MeteringReceiptRes PMaxScheduleEntry PaymentDetailsReq PaymentDetailsRes PowerDeliveryReq
  PowerDeliveryRes PreChargeReq PreChargeRes RelativeTimeInterval SAScheduleList SASchedules SalesTariffEntry ServiceCharge ServiceDetailReq
  ServiceDetailRes ServiceDiscoveryReq ServiceDiscoveryRes ServicePaymentSelectionReq ServicePaymentSelectionRes SessionSetupReq SessionSetupRes
  SessionStopReq SessionStopRes TimeInterval V2G_Message WeldingDetectionReq WeldingDetectionRes`

export const din = () => grammarOf('urn:din:70121:2012:MsgDef', NOTATION + SIGNATURE, inOrder(GLOBAL, SIGNATURE_ELEMENTS))
