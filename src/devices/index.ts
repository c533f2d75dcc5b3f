export type { Measure, Nominal } from './link.ts'
export { type ModbusDevice, type ModbusDeviceOptions, modbusDevice } from './modbus-device.ts'
export { type Template, TemplateSchema } from './template.ts'
export { loadTemplate, parseTemplate, shippedTemplates, type TemplateFault, templatePath } from './template-file.ts'
