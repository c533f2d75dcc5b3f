/** What people read when a Modbus device does not answer; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  timeout: '{where} did not {request} within {count} ms.',
  wrongUnit: 'A wrong unit id (here {count}) is answered with silence.',
  unreachable: '{where} cannot be reached: {detail}.',
  checkAddress: 'Check that the device is switched on and that host and port are right.',
  closed: 'The connection to {where} was closed.',
  busy: '{count} requests wait for {where}; it does not keep up.',
  refused: 'The device refused to {request}: exception {count}, {detail}.',

  readCoils: 'read coils {range}',
  readInputs: 'read discrete inputs {range}',
  readHolding: 'read holding registers {range}',
  readInput: 'read input registers {range}',
  writeCoil: 'write coil {range}',
  writeRegister: 'write register {range}',
  writeCoils: 'write coils {range}',
  writeRegisters: 'write registers {range}',
  exchange: 'exchange registers {range}',
} as const

/** What a request does, by function code. */
export const REQUEST = {
  1: SAYING.readCoils,
  2: SAYING.readInputs,
  3: SAYING.readHolding,
  4: SAYING.readInput,
  5: SAYING.writeCoil,
  6: SAYING.writeRegister,
  15: SAYING.writeCoils,
  16: SAYING.writeRegisters,
  23: SAYING.exchange,
} as const
