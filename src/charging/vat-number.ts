/** The form of a VAT number of the European Union; France's with its key. Whether it is in use only the tax authorities know. */

const FORMS: Readonly<Record<string, RegExp>> = {
  AT: /^U\d{8}$/,
  BE: /^[01]\d{9}$/,
  BG: /^\d{9,10}$/,
  CY: /^\d{8}[A-Z]$/,
  CZ: /^\d{8,10}$/,
  DE: /^\d{9}$/,
  DK: /^\d{8}$/,
  EE: /^\d{9}$/,
  EL: /^\d{9}$/,
  ES: /^[A-Z0-9]\d{7}[A-Z0-9]$/,
  FI: /^\d{8}$/,
  FR: /^[A-HJ-NP-Z0-9]{2}\d{9}$/,
  HR: /^\d{11}$/,
  HU: /^\d{8}$/,
  IE: /^\d[A-Z0-9+*]\d{5}[A-Z]{1,2}$/,
  IT: /^\d{11}$/,
  LT: /^(\d{9}|\d{12})$/,
  LU: /^\d{8}$/,
  LV: /^\d{11}$/,
  MT: /^\d{8}$/,
  NL: /^[A-Z0-9+*]{10}\d{2}$/,
  PL: /^\d{10}$/,
  PT: /^\d{9}$/,
  RO: /^\d{2,10}$/,
  SE: /^\d{12}$/,
  SI: /^\d{8}$/,
  SK: /^\d{10}$/,
  XI: /^(\d{9}|\d{12}|(GD|HA)\d{3})$/,
}

/** What is wrong with the number, in a few words; undefined when it may be one. */
export function vatFault(given: string): string | undefined {
  const number = given.replace(/[\s.-]/g, '').toUpperCase()
  const country = number.slice(0, 2)
  const rest = number.slice(2)
  const form = FORMS[country]
  if (!form) return `no VAT numbers of '${country.slice(0, 2)}' are known`
  if (!form.test(rest)) return `a VAT number of ${country} does not look like this`
  if (country === 'FR' && /^\d{11}$/.test(rest)) {
    const key = (12 + 3 * (Number(rest.slice(2)) % 97)) % 97
    if (key !== Number(rest.slice(0, 2))) return 'the key of the number is wrong'
  }
  return undefined
}
