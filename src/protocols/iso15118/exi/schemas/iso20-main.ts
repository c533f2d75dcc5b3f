/** ISO 15118-20: what all services share, and the messages before and after the charging itself. */
import { grammarOf } from '../grammar.ts'
import { inOrder, SIGNATURE, SIGNATURE_ELEMENTS } from './signature.ts'

/** Types that the schemas of AC and DC take from the common one. */
export const COMMON_TYPES = `
  responseCodeType = OK | OK_CertificateExpiresSoon | OK_NewSessionEstablished | OK_OldSessionJoined | OK_PowerToleranceConfirmed | WARNING_AuthorizationSelectionInvalid | WARNING_CertificateExpired | WARNING_CertificateNotYetValid | WARNING_CertificateRevoked | WARNING_CertificateValidationError | WARNING_ChallengeInvalid | WARNING_EIMAuthorizationFailure | WARNING_eMSPUnknown | WARNING_EVPowerProfileViolation | WARNING_GeneralPnCAuthorizationError | WARNING_NoCertificateAvailable | WARNING_NoContractMatchingPCIDFound | WARNING_PowerToleranceNotConfirmed | WARNING_ScheduleRenegotiationFailed | WARNING_StandbyNotAllowed | WARNING_WPT | FAILED | FAILED_AssociationError | FAILED_ContactorError | FAILED_EVPowerProfileInvalid | FAILED_EVPowerProfileViolation | FAILED_MeteringSignatureNotValid | FAILED_NoEnergyTransferServiceSelected | FAILED_NoServiceRenegotiationSupported | FAILED_PauseNotAllowed | FAILED_PowerDeliveryNotApplied | FAILED_PowerToleranceNotConfirmed | FAILED_ScheduleRenegotiation | FAILED_ScheduleSelectionInvalid | FAILED_SequenceError | FAILED_ServiceIDInvalid | FAILED_ServiceSelectionInvalid | FAILED_SignatureError | FAILED_UnknownSession | FAILED_WrongChargeParameter
  evseNotificationType = Pause | ExitStandby | Terminate | ScheduleRenegotiation | ServiceRenegotiation | MeteringConfirmation
  processingType = Finished | Ongoing | Ongoing_WaitingForCustomerInteraction
  percentValueType = bits(0,100)
  numericIDType = uint(1)
  sessionIDType = hex(8)
  identifierType = string(255)
  nameType = string(80)
  descriptionType = string(160)

  RationalNumberType: Exponent bits(-128,127), Value int
  MessageHeaderType: SessionID sessionIDType, TimeStamp uint, Signature?
  RequestType: Header MessageHeaderType
  AnswerType: Header MessageHeaderType, ResponseCode responseCodeType
  EVSEStatusType: NotificationMaxDelay uint, EVSENotification evseNotificationType
  DisplayParametersType: PresentSOC percentValueType?, MinimumSOC percentValueType?, TargetSOC percentValueType?, MaximumSOC percentValueType?, RemainingTimeToMinimumSOC uint?, RemainingTimeToTargetSOC uint?, RemainingTimeToMaximumSOC uint?, ChargingComplete bool?, BatteryEnergyCapacity RationalNumberType?, InletHot bool?
  MeterInfoType: MeterID string(32), ChargedEnergyReadingWh uint, BPT_DischargedEnergyReadingWh uint?, CapacitiveEnergyReadingVARh uint?, BPT_InductiveEnergyReadingVARh uint?, MeterSignature base64(64)?, MeterStatus int?, MeterTimestamp uint?
  DetailedCostType: Amount RationalNumberType, CostPerUnit RationalNumberType
  DetailedTaxType: TaxRuleID numericIDType, Amount RationalNumberType
  ReceiptType: TimeAnchor uint, EnergyCosts DetailedCostType?, OccupancyCosts DetailedCostType?, AdditionalServicesCosts DetailedCostType?, OverstayCosts DetailedCostType?, TaxCosts DetailedTaxType{0,10}
  EnergyRequestsType: DepartureTime uint?, EVTargetEnergyRequest RationalNumberType, EVMaximumEnergyRequest RationalNumberType, EVMinimumEnergyRequest RationalNumberType
  ScheduledEnergyRequestsType: EVTargetEnergyRequest RationalNumberType?, EVMaximumEnergyRequest RationalNumberType?, EVMinimumEnergyRequest RationalNumberType?
  DynamicAnswerType: DepartureTime uint?, MinimumSOC percentValueType?, TargetSOC percentValueType?, AckMaxDelay uint?
  LoopRequestType < RequestType: DisplayParameters?, MeterInfoRequested bool
  LoopAnswerType < AnswerType: EVSEStatus?, MeterInfo?, Receipt?
`

const NOTATION = `
  powerToleranceAcceptanceType = PowerToleranceNotConfirmed | PowerToleranceConfirmed
  ecdhCurveType = SECP521 | X448
  chargingSessionType = Pause | Terminate | ServiceRenegotiation
  evCheckInStatusType = CheckIn | Processing | Completed
  evCheckOutStatusType = CheckOut | Processing | Completed
  authorizationType = EIM | PnC
  chargeProgressType = Start | Stop | Standby | ScheduleRenegotiation
  parkingMethodType = AutoParking | MVGuideManual | Manual
  evseCheckOutStatusType = Scheduled | Completed
  channelSelectionType = Charge | Discharge
  currencyType = string(3)
  certificateType = base64(1600)

  PriceLevelScheduleEntryType: Duration uint, PriceLevel bits(0,255)
  PriceLevelScheduleEntryListType: PriceLevelScheduleEntry{1,1024}
  PriceLevelScheduleType: @Id string?, TimeAnchor uint, PriceScheduleID numericIDType, PriceScheduleDescription descriptionType?, NumberOfPriceLevels bits(0,255), PriceLevelScheduleEntries PriceLevelScheduleEntryListType
  PowerScheduleEntryType: Duration uint, Power RationalNumberType, Power_L2 RationalNumberType?, Power_L3 RationalNumberType?
  PowerScheduleEntryListType: PowerScheduleEntry{1,1024}
  PowerScheduleType: TimeAnchor uint, AvailableEnergy RationalNumberType?, PowerTolerance RationalNumberType?, PowerScheduleEntries PowerScheduleEntryListType
  EVPriceRuleType: EnergyFee RationalNumberType, PowerRangeStart RationalNumberType
  EVPriceRuleStackType: Duration uint, EVPriceRule{1,8}
  EVPriceRuleStackListType: EVPriceRuleStack{1,1024}
  EVPowerScheduleEntryType: Duration uint, Power RationalNumberType
  EVPowerScheduleEntryListType: EVPowerScheduleEntry{1,1024}
  EVPowerScheduleType: TimeAnchor uint, EVPowerScheduleEntries EVPowerScheduleEntryListType
  EVAbsolutePriceScheduleType: TimeAnchor uint, Currency currencyType, PriceAlgorithm identifierType, EVPriceRuleStacks EVPriceRuleStackListType
  EVEnergyOfferType: EVPowerSchedule, EVAbsolutePriceSchedule
  PriceRuleType: EnergyFee RationalNumberType, ParkingFee RationalNumberType?, ParkingFeePeriod uint?, CarbonDioxideEmission uint?, RenewableGenerationPercentage bits(0,255)?, PowerRangeStart RationalNumberType
  PriceRuleStackType: Duration uint, PriceRule{1,8}
  PriceRuleStackListType: PriceRuleStack{1,1024}
  TaxRuleType: TaxRuleID numericIDType, TaxRuleName nameType?, TaxRate RationalNumberType, TaxIncludedInPrice bool?, AppliesToEnergyFee bool, AppliesToParkingFee bool, AppliesToOverstayFee bool, AppliesMinimumMaximumCost bool
  TaxRuleListType: TaxRule{1,10}
  OverstayRuleType: OverstayRuleDescription descriptionType?, StartTime uint, OverstayFee RationalNumberType, OverstayFeePeriod uint
  OverstayRuleListType: OverstayTimeThreshold uint?, OverstayPowerThreshold RationalNumberType?, OverstayRule{1,5}
  AdditionalServiceType: ServiceName nameType, ServiceFee RationalNumberType
  AdditionalServiceListType: AdditionalService{1,5}
  AbsolutePriceScheduleType: @Id string?, TimeAnchor uint, PriceScheduleID numericIDType, PriceScheduleDescription descriptionType?, Currency currencyType, Language string(3), PriceAlgorithm identifierType, MinimumCost RationalNumberType?, MaximumCost RationalNumberType?, TaxRules TaxRuleListType?, PriceRuleStacks PriceRuleStackListType, OverstayRules OverstayRuleListType?, AdditionalSelectedServices AdditionalServiceListType?
  ChargingScheduleType: PowerSchedule, (AbsolutePriceSchedule | PriceLevelSchedule)?
  ScheduleTupleType: ScheduleTupleID numericIDType, ChargingSchedule, DischargingSchedule ChargingScheduleType?
  SubCertificatesType: Certificate certificateType{1,3}
  CertificateChainType: Certificate certificateType, SubCertificates?
  ContractCertificateChainType: Certificate certificateType, SubCertificates
  SignedCertificateChainType: @Id string, Certificate certificateType, SubCertificates?
  ParameterType: @Name nameType, (boolValue bool | byteValue bits(-128,127) | shortValue int | intValue int | rationalNumber RationalNumberType | finiteString nameType)
  ParameterSetType: ParameterSetID uint, Parameter{1,32}
  ServiceParameterListType: ParameterSet{1,32}
  ServiceType: ServiceID uint, FreeService bool
  ServiceListType: Service{1,8}
  ServiceIDListType: ServiceID uint{1,16}
  SelectedServiceType: ServiceID uint, ParameterSetID uint
  SelectedServiceListType: SelectedService{1,16}
  SupportedProvidersListType: ProviderID nameType{1,128}
  ListOfRootCertificateIDsType: RootCertificateID X509IssuerSerialType{1,20}
  EMAIDListType: EMAID identifierType{1,8}
  EmptyType:
  Scheduled_EVPPTControlModeType: SelectedScheduleTupleID numericIDType, PowerToleranceAcceptance powerToleranceAcceptanceType?
  EVPowerProfileEntryListType: EVPowerProfileEntry PowerScheduleEntryType{1,2048}
  EVPowerProfileType: TimeAnchor uint, (Dynamic_EVPPTControlMode EmptyType | Scheduled_EVPPTControlMode), EVPowerProfileEntries EVPowerProfileEntryListType
  Scheduled_SMDTControlModeType: SelectedScheduleTupleID numericIDType
  SignedMeteringDataType: @Id string, SessionID sessionIDType, MeterInfo, Receipt?, (Dynamic_SMDTControlMode EmptyType | Scheduled_SMDTControlMode)
  PnC_AReqAuthorizationModeType: @Id string, GenChallenge base64(16), ContractCertificateChain
  PnC_ASResAuthorizationModeType: GenChallenge base64(16), SupportedProviders SupportedProvidersListType?
  Dynamic_SEReqControlModeType: DepartureTime uint, MinimumSOC percentValueType?, TargetSOC percentValueType?, EVTargetEnergyRequest RationalNumberType, EVMaximumEnergyRequest RationalNumberType, EVMinimumEnergyRequest RationalNumberType, EVMaximumV2XEnergyRequest RationalNumberType?, EVMinimumV2XEnergyRequest RationalNumberType?
  Scheduled_SEReqControlModeType: DepartureTime uint?, EVTargetEnergyRequest RationalNumberType?, EVMaximumEnergyRequest RationalNumberType?, EVMinimumEnergyRequest RationalNumberType?, EVEnergyOffer?
  Dynamic_SEResControlModeType: DepartureTime uint?, MinimumSOC percentValueType?, TargetSOC percentValueType?, (AbsolutePriceSchedule | PriceLevelSchedule)?
  Scheduled_SEResControlModeType: ScheduleTuple{1,3}
  SignedInstallationDataType: @Id string, ContractCertificateChain, ECDHCurve ecdhCurveType, DHPublicKey base64(133), (SECP521_EncryptedPrivateKey base64(94) | X448_EncryptedPrivateKey base64(84) | TPM_EncryptedPrivateKey base64(206))

  SessionSetupReqType < RequestType: EVCCID identifierType
  SessionSetupResType < AnswerType: EVSEID identifierType
  AuthorizationSetupReqType < RequestType:
  AuthorizationSetupResType < AnswerType: AuthorizationServices authorizationType{1,2}, CertificateInstallationService bool, (EIM_ASResAuthorizationMode EmptyType | PnC_ASResAuthorizationMode)
  AuthorizationReqType < RequestType: SelectedAuthorizationService authorizationType, (EIM_AReqAuthorizationMode EmptyType | PnC_AReqAuthorizationMode)
  AuthorizationResType < AnswerType: EVSEProcessing processingType
  ServiceDiscoveryReqType < RequestType: SupportedServiceIDs ServiceIDListType?
  ServiceDiscoveryResType < AnswerType: ServiceRenegotiationSupported bool, EnergyTransferServiceList ServiceListType, VASList ServiceListType?
  ServiceDetailReqType < RequestType: ServiceID uint
  ServiceDetailResType < AnswerType: ServiceID uint, ServiceParameterList
  ServiceSelectionReqType < RequestType: SelectedEnergyTransferService SelectedServiceType, SelectedVASList SelectedServiceListType?
  ServiceSelectionResType < AnswerType:
  ScheduleExchangeReqType < RequestType: MaximumSupportingPoints bits(12,1024), (Dynamic_SEReqControlMode | Scheduled_SEReqControlMode)
  ScheduleExchangeResType < AnswerType: EVSEProcessing processingType, GoToPause bool?, (Dynamic_SEResControlMode | Scheduled_SEResControlMode)
  PowerDeliveryReqType < RequestType: EVProcessing processingType, ChargeProgress chargeProgressType, EVPowerProfile?, BPT_ChannelSelection channelSelectionType?
  PowerDeliveryResType < AnswerType: EVSEStatus?
  MeteringConfirmationReqType < RequestType: SignedMeteringData
  MeteringConfirmationResType < AnswerType:
  SessionStopReqType < RequestType: ChargingSession chargingSessionType, EVTerminationCode nameType?, EVTerminationExplanation descriptionType?
  SessionStopResType < AnswerType:
  CertificateInstallationReqType < RequestType: OEMProvisioningCertificateChain SignedCertificateChainType, ListOfRootCertificateIDs, MaximumContractCertificateChains bits(0,255), PrioritizedEMAIDs EMAIDListType?
  CertificateInstallationResType < AnswerType: EVSEProcessing processingType, CPSCertificateChain CertificateChainType, SignedInstallationData, RemainingContractCertificateChains bits(0,255)
  VehicleCheckInReqType < RequestType: EVCheckInStatus evCheckInStatusType, ParkingMethod parkingMethodType, VehicleFrame int?, DeviceOffset int?, VehicleTravel int?
  VehicleCheckInResType < AnswerType: ParkingSpace int?, DeviceLocation int?, TargetDistance int?
  VehicleCheckOutReqType < RequestType: EVCheckOutStatus evCheckOutStatusType, CheckOutTime uint
  VehicleCheckOutResType < AnswerType: EVSECheckOutStatus evseCheckOutStatusType
`

const GLOBAL = `
  AuthorizationReq AuthorizationRes AuthorizationSetupReq AuthorizationSetupRes CLReqControlMode CLResControlMode CertificateInstallationReq
  CertificateInstallationRes MeteringConfirmationReq MeteringConfirmationRes PowerDeliveryReq PowerDeliveryRes ScheduleExchangeReq
  ScheduleExchangeRes ServiceDetailReq ServiceDetailRes ServiceDiscoveryReq ServiceDiscoveryRes ServiceSelectionReq ServiceSelectionRes
  SessionSetupReq SessionSetupRes SessionStopReq SessionStopRes SignedInstallationData SignedMeteringData VehicleCheckInReq VehicleCheckInRes
  VehicleCheckOutReq VehicleCheckOutRes`

const SIGNED: Parameters<typeof grammarOf>[3] = {
  AbsolutePriceSchedule: 0,
  MeteringConfirmationReq: 119,
  OEMProvisioningCertificateChain: [128, 'SignedCertificateChainType'],
  PnC_AReqAuthorizationMode: 151,
  SignedInstallationData: 231,
}

export const iso20Common = () =>
  grammarOf(
    'urn:iso:std:iso:15118:-20:CommonMessages',
    COMMON_TYPES + NOTATION + SIGNATURE,
    inOrder(GLOBAL, SIGNATURE_ELEMENTS),
    SIGNED,
    281,
  )
