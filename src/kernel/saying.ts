/** Why an address that others chose is not called, or did not answer; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  noAddress: "'{address}' is not called: it is no address.",
  notSpoken: "'{address}' is not called: {protocol} is not spoken.",
  withPassword: "'{address}' is not called: it carries a password.",
  isPrivate: "'{address}' is not called: {host} is private.",
  publicOnly: 'Name a public http or https address, or add it to security.outwardAllow.',
  leadsNowhere: "'{host}' has no address.",
  unknownHost: "The address of '{host}' is not known.",
  tookTooLong: '{host} did not answer: it took too long.',
  didNotAnswer: '{host} did not answer: {error}.',
  answeredTooMuch: '{host} answered with more than {count} bytes.',
} as const
