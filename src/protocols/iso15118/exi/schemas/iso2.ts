/** ISO 15118-2: AC and DC, paid outside or by contract. */
import { type Grammar, grammarOf } from '../grammar.ts'
import { inOrder, SIGNATURE, SIGNATURE_ELEMENTS } from './signature.ts'

const NOTATION = `
  costKindType = relativePricePercentage | RenewableGenerationPercentage | CarbonDioxideEmission
  unitSymbolType = h | m | s | A | V | W | Wh
  DC_EVErrorCodeType = NO_ERROR | FAILED_RESSTemperatureInhibit | FAILED_EVShiftPosition | FAILED_ChargerConnectorLockFault | FAILED_EVRESSMalfunction | FAILED_ChargingCurrentdifferential | FAILED_ChargingVoltageOutOfRange | Reserved_A | Reserved_B | Reserved_C | FAILED_ChargingSystemIncompatibility | NoData
  faultCodeType = ParsingError | NoTLSRootCertificatAvailable | UnknownError
  EVSENotificationType = None | StopCharging | ReNegotiation
  isolationLevelType = Invalid | Valid | Warning | Fault | No_IMD
  serviceCategoryType = EVCharging | Internet | ContractCertificate | OtherCustom
  DC_EVSEStatusCodeType = EVSE_NotReady | EVSE_Ready | EVSE_Shutdown | EVSE_UtilityInterruptEvent | EVSE_IsolationMonitoringActive | EVSE_EmergencyShutdown | EVSE_Malfunction | Reserved_8 | Reserved_9 | Reserved_A | Reserved_B | Reserved_C
  chargeProgressType = Start | Stop | Renegotiate
  responseCodeType = OK | OK_NewSessionEstablished | OK_OldSessionJoined | OK_CertificateExpiresSoon | FAILED | FAILED_SequenceError | FAILED_ServiceIDInvalid | FAILED_UnknownSession | FAILED_ServiceSelectionInvalid | FAILED_PaymentSelectionInvalid | FAILED_CertificateExpired | FAILED_SignatureError | FAILED_NoCertificateAvailable | FAILED_CertChainError | FAILED_ChallengeInvalid | FAILED_ContractCanceled | FAILED_WrongChargeParameter | FAILED_PowerDeliveryNotApplied | FAILED_TariffSelectionInvalid | FAILED_ChargingProfileInvalid | FAILED_MeteringSignatureNotValid | FAILED_NoChargeServiceSelected | FAILED_WrongEnergyTransferMode | FAILED_ContactorError | FAILED_CertificateNotAllowedAtThisEVSE | FAILED_CertificateRevoked
  paymentOptionType = Contract | ExternalPayment
  chargingSessionType = Terminate | Pause
  EnergyTransferModeType = AC_single_phase_core | AC_three_phase_core | DC_core | DC_extended | DC_combo_core | DC_unique
  EVSEProcessingType = Finished | Ongoing | Ongoing_WaitingForCustomerInteraction
  percentValueType = bits(0,100)
  SAIDType = bits(1,255)
  multiplierType = bits(-3,3)
  sessionIDType = hex(8)
  contractIdType = string(15)
  evseIDType = string(37)
  certificateType = base64(800)

  PhysicalValueType: Multiplier multiplierType, Unit unitSymbolType, Value int
  CostType: costKind costKindType, amount uint, amountMultiplier multiplierType?
  ConsumptionCostType: startValue PhysicalValueType, Cost{1,3}
  RelativeTimeIntervalType: start uint, duration uint?
  EntryType: (RelativeTimeInterval | ~TimeInterval)
  PMaxScheduleEntryType < EntryType: PMax PhysicalValueType
  PMaxScheduleType: PMaxScheduleEntry{1,1024}
  SalesTariffEntryType < EntryType: EPriceLevel bits(0,255)?, ConsumptionCost{0,3}
  SalesTariffType: @Id string?, SalesTariffID SAIDType, SalesTariffDescription string(32)?, NumEPriceLevels bits(0,255)?, SalesTariffEntry{1,1024}
  SAScheduleTupleType: SAScheduleTupleID SAIDType, PMaxSchedule, SalesTariff?
  SAScheduleListType: SAScheduleTuple{1,3}
  ParameterType: @Name string, (boolValue bool | byteValue bits(-128,127) | shortValue int | intValue int | physicalValue PhysicalValueType | stringValue string)
  ParameterSetType: ParameterSetID int, Parameter{1,16}
  ServiceParameterListType: ParameterSet{1,255}
  ProfileEntryType: ChargingProfileEntryStart uint, ChargingProfileEntryMaxPower PhysicalValueType, ChargingProfileEntryMaxNumberOfPhasesInUse bits(1,3)?
  ChargingProfileType: ProfileEntry{1,24}
  DC_EVStatusType: EVReady bool, EVErrorCode DC_EVErrorCodeType, EVRESSSOC percentValueType
  EVSEStatusType: NotificationMaxDelay uint, EVSENotification EVSENotificationType
  AC_EVSEStatusType < EVSEStatusType: RCD bool
  DC_EVSEStatusType < EVSEStatusType: EVSEIsolationStatus isolationLevelType?, EVSEStatusCode DC_EVSEStatusCodeType
  SelectedServiceType: ServiceID uint, ParameterSetID int?
  SelectedServiceListType: SelectedService{1,16}
  ServiceType: ServiceID uint, ServiceName string(32)?, ServiceCategory serviceCategoryType, ServiceScope string(64)?, FreeService bool
  ServiceListType: Service{1,8}
  SupportedEnergyTransferModeType: EnergyTransferMode EnergyTransferModeType{1,6}
  ChargeServiceType < ServiceType: SupportedEnergyTransferMode
  PaymentOptionListType: PaymentOption paymentOptionType{1,2}
  SubCertificatesType: Certificate certificateType{1,4}
  CertificateChainType: @Id string?, Certificate certificateType, SubCertificates?
  ListOfRootCertificateIDsType: RootCertificateID X509IssuerSerialType{1,20}
  ContractSignatureEncryptedPrivateKeyType: @Id string, =base64(48)
  DHpublickeyType: @Id string, =base64(65)
  EMAIDType: @Id string, =string(15)
  NotificationType: FaultCode faultCodeType, FaultMsg string(64)?
  MeterInfoType: MeterID string(32), MeterReading uint?, SigMeterReading base64(64)?, MeterStatus int?, TMeter int?
  EVChargeParameterType: DepartureTime uint?
  AC_EVChargeParameterType < EVChargeParameterType: EAmount PhysicalValueType, EVMaxVoltage PhysicalValueType, EVMaxCurrent PhysicalValueType, EVMinCurrent PhysicalValueType
  DC_EVChargeParameterType < EVChargeParameterType: DC_EVStatus, EVMaximumCurrentLimit PhysicalValueType, EVMaximumPowerLimit PhysicalValueType?, EVMaximumVoltageLimit PhysicalValueType, EVEnergyCapacity PhysicalValueType?, EVEnergyRequest PhysicalValueType?, FullSOC percentValueType?, BulkSOC percentValueType?
  AC_EVSEChargeParameterType: AC_EVSEStatus, EVSENominalVoltage PhysicalValueType, EVSEMaxCurrent PhysicalValueType
  DC_EVSEChargeParameterType: DC_EVSEStatus, EVSEMaximumCurrentLimit PhysicalValueType, EVSEMaximumPowerLimit PhysicalValueType, EVSEMaximumVoltageLimit PhysicalValueType, EVSEMinimumCurrentLimit PhysicalValueType, EVSEMinimumVoltageLimit PhysicalValueType, EVSECurrentRegulationTolerance PhysicalValueType?, EVSEPeakCurrentRipple PhysicalValueType, EVSEEnergyToBeDelivered PhysicalValueType?
  DC_EVPowerDeliveryParameterType: DC_EVStatus, BulkChargingComplete bool?, ChargingComplete bool

  AnswerType: ResponseCode responseCodeType
  SessionSetupReqType: EVCCID hex(6)
  SessionSetupResType < AnswerType: EVSEID evseIDType, EVSETimeStamp int?
  ServiceDiscoveryReqType: ServiceScope string(64)?, ServiceCategory serviceCategoryType?
  ServiceDiscoveryResType < AnswerType: PaymentOptionList, ChargeService, ServiceList?
  ServiceDetailReqType: ServiceID uint
  ServiceDetailResType < AnswerType: ServiceID uint, ServiceParameterList?
  PaymentServiceSelectionReqType: SelectedPaymentOption paymentOptionType, SelectedServiceList
  PaymentServiceSelectionResType < AnswerType:
  PaymentDetailsReqType: eMAID contractIdType, ContractSignatureCertChain CertificateChainType
  PaymentDetailsResType < AnswerType: GenChallenge base64(16), EVSETimeStamp int
  AuthorizationReqType: @Id string?, GenChallenge base64(16)?
  AuthorizationResType < AnswerType: EVSEProcessing EVSEProcessingType
  ChargeParameterDiscoveryReqType: MaxEntriesSAScheduleTuple uint?, RequestedEnergyTransferMode EnergyTransferModeType, (AC_EVChargeParameter | DC_EVChargeParameter | ~EVChargeParameter)
  ChargeParameterDiscoveryResType < AnswerType: EVSEProcessing EVSEProcessingType, (SAScheduleList | ~SASchedules)?, (AC_EVSEChargeParameter | DC_EVSEChargeParameter | ~EVSEChargeParameter)
  PowerDeliveryReqType: ChargeProgress chargeProgressType, SAScheduleTupleID SAIDType, ChargingProfile?, (DC_EVPowerDeliveryParameter | ~EVPowerDeliveryParameter)?
  StatusAnswerType < AnswerType: (AC_EVSEStatus | DC_EVSEStatus | ~EVSEStatus)
  PowerDeliveryResType < StatusAnswerType:
  MeteringReceiptReqType: @Id string?, SessionID sessionIDType, SAScheduleTupleID SAIDType?, MeterInfo
  MeteringReceiptResType < StatusAnswerType:
  ChargingStatusReqType:
  ChargingStatusResType < AnswerType: EVSEID evseIDType, SAScheduleTupleID SAIDType, EVSEMaxCurrent PhysicalValueType?, MeterInfo?, ReceiptRequired bool?, AC_EVSEStatus
  SessionStopReqType: ChargingSession chargingSessionType
  SessionStopResType < AnswerType:
  CableCheckReqType: DC_EVStatus
  CableCheckResType < AnswerType: DC_EVSEStatus, EVSEProcessing EVSEProcessingType
  PreChargeReqType: DC_EVStatus, EVTargetVoltage PhysicalValueType, EVTargetCurrent PhysicalValueType
  PreChargeResType < AnswerType: DC_EVSEStatus, EVSEPresentVoltage PhysicalValueType
  CurrentDemandReqType: DC_EVStatus, EVTargetCurrent PhysicalValueType, EVMaximumVoltageLimit PhysicalValueType?, EVMaximumCurrentLimit PhysicalValueType?, EVMaximumPowerLimit PhysicalValueType?, BulkChargingComplete bool?, ChargingComplete bool, RemainingTimeToFullSoC PhysicalValueType?, RemainingTimeToBulkSoC PhysicalValueType?, EVTargetVoltage PhysicalValueType
  CurrentDemandResType < AnswerType: DC_EVSEStatus, EVSEPresentVoltage PhysicalValueType, EVSEPresentCurrent PhysicalValueType, EVSECurrentLimitAchieved bool, EVSEVoltageLimitAchieved bool, EVSEPowerLimitAchieved bool, EVSEMaximumVoltageLimit PhysicalValueType?, EVSEMaximumCurrentLimit PhysicalValueType?, EVSEMaximumPowerLimit PhysicalValueType?, EVSEID evseIDType, SAScheduleTupleID SAIDType, MeterInfo?, ReceiptRequired bool?
  WeldingDetectionReqType: DC_EVStatus
  WeldingDetectionResType < AnswerType: DC_EVSEStatus, EVSEPresentVoltage PhysicalValueType
  CertificateInstallationReqType: @Id string, OEMProvisioningCert certificateType, ListOfRootCertificateIDs
  ContractAnswerType < AnswerType: SAProvisioningCertificateChain CertificateChainType, ContractSignatureCertChain CertificateChainType, ContractSignatureEncryptedPrivateKey, DHpublickey, eMAID EMAIDType
  CertificateInstallationResType < ContractAnswerType:
  CertificateUpdateReqType: @Id string, ContractSignatureCertChain CertificateChainType, eMAID contractIdType, ListOfRootCertificateIDs
  CertificateUpdateResType < ContractAnswerType: RetryCounter int?

  MessageHeaderType: SessionID sessionIDType, Notification?, Signature?
  BodyType: (AuthorizationReq | AuthorizationRes | ~BodyElement | CableCheckReq | CableCheckRes | CertificateInstallationReq | CertificateInstallationRes | CertificateUpdateReq | CertificateUpdateRes | ChargeParameterDiscoveryReq | ChargeParameterDiscoveryRes | ChargingStatusReq | ChargingStatusRes | CurrentDemandReq | CurrentDemandRes | MeteringReceiptReq | MeteringReceiptRes | PaymentDetailsReq | PaymentDetailsRes | PaymentServiceSelectionReq | PaymentServiceSelectionRes | PowerDeliveryReq | PowerDeliveryRes | PreChargeReq | PreChargeRes | ServiceDetailReq | ServiceDetailRes | ServiceDiscoveryReq | ServiceDiscoveryRes | SessionSetupReq | SessionSetupRes | SessionStopReq | SessionStopRes | WeldingDetectionReq | WeldingDetectionRes)?
  V2G_MessageType: Header MessageHeaderType, Body
`

/** Elements that are global in the schema besides those of signatures; a document begins with V2G_Message only. */
const GLOBAL = `
  AC_EVChargeParameter AC_EVSEChargeParameter AC_EVSEStatus AuthorizationReq AuthorizationRes BodyElement CableCheckReq CableCheckRes
  CertificateInstallationReq CertificateInstallationRes CertificateUpdateReq CertificateUpdateRes ChargeParameterDiscoveryReq
  ChargeParameterDiscoveryRes ChargingStatusReq ChargingStatusRes CurrentDemandReq CurrentDemandRes DC_EVChargeParameter
  DC_EVPowerDeliveryParameter DC_EVSEChargeParameter DC_EVSEStatus DC_EVStatus EVChargeParameter EVPowerDeliveryParameter EVSEChargeParameter
  EVSEStatus EVStatus Entry MeteringReceiptReq MeteringReceiptRes PMaxScheduleEntry PaymentDetailsReq PaymentDetailsRes
  PaymentServiceSelectionReq PaymentServiceSelectionRes PowerDeliveryReq PowerDeliveryRes PreChargeReq PreChargeRes RelativeTimeInterval
  SAScheduleList SASchedules SalesTariffEntry ServiceDetailReq ServiceDetailRes ServiceDiscoveryReq ServiceDiscoveryRes SessionSetupReq
  SessionSetupRes SessionStopReq SessionStopRes TimeInterval V2G_Message WeldingDetectionReq WeldingDetectionRes`

const SIGNED: Parameters<typeof grammarOf>[3] = {
  AuthorizationReq: 4,
  CertificateInstallationReq: 15,
  CertificateUpdateReq: 17,
  ContractSignatureCertChain: [33, 'CertificateChainType'],
  ContractSignatureEncryptedPrivateKey: 34,
  DHpublickey: 45,
  MeteringReceiptReq: 121,
  SalesTariff: 174,
  eMAID: [236, 'EMAIDType'],
}

export const iso2 = (): Grammar => ({
  ...grammarOf('urn:iso:15118:2:2013:MsgDef', NOTATION + SIGNATURE, inOrder(GLOBAL, SIGNATURE_ELEMENTS), SIGNED, 243),
  relaxed: { names: ['eMAID'], attributes: 10, id: 4 },
})
