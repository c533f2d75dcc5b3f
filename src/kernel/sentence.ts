/** Sentences for people: English templates with named slots, kept in one `saying.ts` a room, so that a screen can find their twin in another language. */

/** Names of the slots of a template: `'{device}: {power}'` has 'device' and 'power'. */
export type Slots<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}` ? Name | Slots<Rest> : never

/**
 * The sentence of a template: `say('Waits for {time}.', { time: '19:00' })` → 'Waits for 19:00.'.
 * Slots are filled with text as people read it: '7.4 kW', '19:00', '191 EUR/MWh', or another whole sentence.
 */
export const say = <const Template extends string>(
  template: Template,
  ...[slots]: [Slots<Template>] extends [never] ? [] : [Record<Slots<Template>, string | number>]
): string => template.replace(/\{(\w+)\}/g, (_, name: string) => String((slots as Record<string, string | number> | undefined)?.[name]))

/** A text that others wrote as a sentence one can go on after: 'timeout' → 'Timeout.'. */
export function asSentence(text: string): string {
  const trimmed = text.trim()
  const ended = /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`
  return ended.charAt(0).toUpperCase() + ended.slice(1)
}
