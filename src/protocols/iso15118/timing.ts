/** Times of ISO 15118-2 and -20, ms. */
export const TIMING = {
  /** From the connection to the handshake; from there to the first setup answer. */
  handshake: 20_000,
  /** Station: longest silence of a car between two requests. */
  sequence: 60_000,
  /** Car: longest wait for an answer. */
  answer: 2_000,
  /** Answers of the messages that talk to others (certificates, contracts). */
  slowAnswer: 5_000,
  loopAnswer: 2_000,
  /** Car: how long "Ongoing" may last. */
  ongoing: 60_000,
  /** External payment may need a person: longest wait for it. */
  payment: 180_000,
  cableCheck: 40_000,
  preCharge: 7_000,
  /** Pause between two polls of the same question. */
  poll: 250,
  personPoll: 1000,
} as const
