export { type CheckLine, type CheckOptions, type CheckReport, checkTemplate } from './check-template.ts'
export { type EverestDevice, type EverestDeviceOptions, everestDevice } from './everest-device.ts'
export type { Measure, Nominal } from './link.ts'
export { type ModbusDevice, type ModbusDeviceOptions, modbusDevice } from './modbus-device.ts'
export { type Counter, counted } from './mqtt/counter.ts'
export { type Discovered, discovered } from './mqtt/families/home-assistant.ts'
export { type ScreenObject, screenLines, screenObject, screenTopics } from './mqtt/families/openhasp-screen.ts'
export { zigbee2mqtt } from './mqtt/families/zigbee2mqtt.ts'
export { FAMILIES, familyOf } from './mqtt/families.ts'
export {
  type Answer,
  answerTo,
  type DeviceOrder,
  type DeviceTopics,
  type Family,
  type HeardMessage,
  type MqttDevice,
  orderFor,
  parseMessage,
  staleAfter,
  topicsHeard,
  topicsOf,
  type Wish,
} from './mqtt/family.ts'
export type { Amount, Reading, State } from './mqtt/reading.ts'
export { type Template, TemplateSchema } from './template.ts'
export { loadTemplate, parseTemplate, shippedTemplates, type TemplateFault, templatePath } from './template-file.ts'
