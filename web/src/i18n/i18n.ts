/** The words of the screen. Flat keys; `{name}` is filled in; `key.one` / `key.other` are chosen by the plural rules of the language. */
import en from './en.json' with { type: 'json' }
import fr from './fr.json' with { type: 'json' }

export type Language = 'fr' | 'en'
export type Key = keyof typeof fr
/** A key that has `.one` and `.other`. */
export type CountKey = Key extends infer K ? (K extends `${infer Stem}.other` ? Stem : never) : never
export type Fill = Record<string, string | number>

const words: Record<Language, Record<string, string>> = { fr, en }

export interface Speak {
  (key: Key, fill?: Fill): string
  count(key: CountKey, n: number, fill?: Fill): string
  /** Words for a code that came over the wire; the code itself when we have none. */
  code(prefix: string, code: string): string
}

export function speak(language: Language): Speak {
  const say = (key: string, fill: Fill = {}): string =>
    (words[language][key] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => String(fill[name] ?? `{${name}}`))
  const rules = new Intl.PluralRules(language)
  return Object.assign((key: Key, fill?: Fill) => say(key, fill), {
    count: (key: CountKey, n: number, fill: Fill = {}) => say(`${key}.${rules.select(n) === 'one' ? 'one' : 'other'}`, { n, ...fill }),
    code: (prefix: string, code: string) => words[language][`${prefix}.${code}`] ?? code,
  })
}
