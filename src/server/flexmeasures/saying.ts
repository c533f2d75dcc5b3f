/** Why an automation made nothing; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  orphan: 'Its maker is no active user any more.',
  makeAnew: 'Make it anew, as somebody who may.',
  strangeOutput: 'It would write sensor {sensor}, which was not checked when it was made.',
  checkedThen: 'Make it anew: its outputs are checked then.',
} as const
