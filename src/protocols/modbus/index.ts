export { type ModbusClient, type ModbusClientOptions, modbusClient } from './client.ts'
export { encodeFrame, type Frame, type FrameReader, frameReader } from './frame.ts'
export {
  decodeAnswer,
  decodeRequest,
  describeRequest,
  EXCEPTION,
  encodeAnswer,
  encodeException,
  encodeRequest,
  ModbusException,
  type Request,
} from './pdu.ts'
export { type ModbusServer, type ModbusServerOptions, memoryUnit, serveModbus, type Table, type Unit } from './server.ts'
export {
  findModel,
  type ModelPlace,
  type ModelValues,
  readModel,
  type SunSpecChain,
  type SunSpecImage,
  scaled,
  scanSunSpec,
  sunSpecImage,
  sunSpecUnit,
} from './sunspec.ts'
export { type Point, pointsOf, SUNSPEC_MODELS } from './sunspec-model.ts'
export { decodeValue, encodeValue, isMissing, VALUE_KINDS, type ValueKind, type WordOrder, wordsOf } from './value.ts'
