/** What is said of mails; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  linkEnded: 'This link is used up or too old.',
  askNewLink: 'Ask for a new one: each works once, within an hour.',
} as const
