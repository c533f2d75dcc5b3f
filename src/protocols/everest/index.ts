export { type Broker, openBroker } from './broker.ts'
export {
  type EnergyNode,
  type EnergyNodeOptions,
  type ExternalLimits,
  externalLimits,
  type LimitEntry,
  type MqttLink,
  type NodePlan,
  openEnergyNode,
} from './limits.ts'
export {
  type ActiveError,
  connectEverest,
  type EverestEvents,
  type EverestOptions,
  type EverestStation,
  type EvseInfo,
  type EvseState,
  type EvseStatus,
  type HardwareCapabilities,
  type MeterData,
} from './rpc.ts'
export { type SessionInfo, watchSession } from './session.ts'
