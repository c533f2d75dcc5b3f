/** Public holidays, reckoned: fixed days, and days counted from Easter or from weekdays of a month. */
import { DAY, Problem } from '#kernel'

export interface Holiday {
  /** Midnight UTC of the day, ms. */
  date: number
  name: string
}

/** 'MM-DD name' for fixed days; 'E±n name' counted from Easter Sunday; 'MM/k/w name' for the k-th weekday w (1 = Monday, k = 5: the last). */
type Rule = string

const FR: Rule[] = [
  '01-01 New year',
  'E1 Easter Monday',
  '05-01 Labour Day',
  '05-08 Victory in Europe Day',
  'E39 Ascension Thursday',
  'E50 Whit Monday',
  '07-14 Bastille Day',
  '08-15 Assumption of Mary to Heaven',
  '11-01 All Saints Day',
  '11-11 Armistice Day',
  '12-25 Christmas Day',
]
const DE: Rule[] = [
  '01-01 New year',
  'E-2 Good Friday',
  'E1 Easter Monday',
  '05-01 Labour Day',
  'E39 Ascension Thursday',
  'E50 Whit Monday',
  '10-03 Day of German Unity',
  '12-25 Christmas Day',
  '12-26 Second Christmas Day',
]

export const HOLIDAYS: Readonly<Record<string, readonly Rule[]>> = {
  FR,
  'FR-MQ': [...FR, '05-22 Abolition of slavery', 'E-2 Good Friday', '07-21 Victor Schoelcher Day', '11-02 All Souls Day'],
  'FR-GP': [...FR, '05-27 Abolition of slavery', 'E-2 Good Friday', '07-21 Victor Schoelcher Day'],
  'FR-GF': [...FR, '06-10 Abolition of slavery'],
  'FR-RE': [...FR, '12-20 Abolition of slavery'],
  'FR-YT': [...FR, '04-27 Abolition of slavery'],
  BE: [
    ...['01-01 New year', 'E1 Easter Monday', '05-01 Labour Day', 'E39 Ascension Thursday', 'E50 Whit Monday', '07-21 National Day'],
    ...['08-15 Assumption of Mary to Heaven', '11-01 All Saints Day', '11-11 Armistice of 1918', '12-25 Christmas Day'],
  ],
  DE,
  NL: [
    ...['01-01 New year', 'E-2 Good Friday', 'E0 Easter Sunday', 'E1 Easter Monday', "04-27 King's day", '05-05 Liberation Day'],
    ...['E39 Ascension Thursday', 'E49 Whit Sunday', 'E50 Whit Monday', '12-25 Christmas Day', '12-26 Second Christmas Day'],
  ],
  LU: [
    ...['01-01 New year', 'E1 Easter Monday', '05-01 Labour Day', '05-09 Europe Day', 'E39 Ascension Thursday', 'E50 Whit Monday'],
    ...[
      '06-23 Luxembourg National Holiday',
      '08-15 Assumption of Mary to Heaven',
      '11-01 All Saints Day',
      '12-25 Christmas Day',
      "12-26 St. Stephen's Day",
    ],
  ],
  ES: [
    ...['01-01 New year', '01-06 Epiphany', 'E-2 Good Friday', '05-01 Labour Day', '08-15 Assumption of Mary to Heaven'],
    ...['10-12 National Day', '11-01 All Saints Day', '12-06 Constitution Day', '12-08 Immaculate Conception', '12-25 Christmas Day'],
  ],
  PT: [
    ...[
      '01-01 New year',
      'E-2 Good Friday',
      'E0 Easter Sunday',
      '04-25 Freedom Day',
      '05-01 Labour Day',
      'E60 Corpus Christi',
      '06-10 Portugal Day',
    ],
    ...['08-15 Assumption of Mary to Heaven', '10-05 Republic Day', '11-01 All Saints Day', '12-01 Restoration of Independence'],
    ...['12-08 Immaculate Conception', '12-25 Christmas Day'],
  ],
  IT: [
    ...[
      '01-01 New year',
      '01-06 Epiphany',
      'E0 Easter Sunday',
      'E1 Easter Monday',
      '04-25 Liberation Day',
      '05-01 Labour Day',
      '06-02 Republic Day',
    ],
    ...[
      '08-15 Assumption of Mary to Heaven',
      '11-01 All Saints Day',
      '12-08 Immaculate Conception',
      '12-25 Christmas Day',
      "12-26 St. Stephen's Day",
    ],
  ],
  AT: [
    ...[
      '01-01 New year',
      '01-06 Epiphany',
      'E1 Easter Monday',
      '05-01 State Holiday',
      'E39 Ascension Thursday',
      'E50 Whit Monday',
      'E60 Corpus Christi',
    ],
    ...[
      '08-15 Assumption of Mary to Heaven',
      '10-26 National Holiday',
      '11-01 All Saints Day',
      '12-08 Immaculate Conception',
      '12-25 Christmas Day',
      "12-26 St. Stephen's Day",
    ],
  ],
  BR: [
    ...[
      '01-01 New year',
      'E-2 Good Friday',
      "04-21 Tiradentes' Day",
      '05-01 Labour Day',
      '09-07 Independence Day',
      '10-12 Our Lady of Aparecida',
    ],
    ...['11-02 All Souls Day', '11-15 Republic Day', '11-20 Black Awareness Day', '12-25 Christmas Day'],
  ],
  US: [
    ...[
      '01-01 New year',
      '01/3/1 Birthday of Martin Luther King, Jr.',
      "02/3/1 Washington's Birthday",
      '05/5/1 Memorial Day',
      '06-19 Juneteenth',
    ],
    ...[
      '07-04 Independence Day',
      '09/1/1 Labor Day',
      '10/2/1 Columbus Day',
      '11-11 Veterans Day',
      '11/4/4 Thanksgiving Day',
      '12-25 Christmas Day',
    ],
  ],
}

/** The holidays of a country (or one of its parts) in a year, in their order. @throws Problem `unknown-country` (422) */
export function holidaysOf(code: string, year: number): Holiday[] {
  const rules = HOLIDAYS[code]
  if (!rules)
    throw new Problem('unknown-country', `The holidays of '${code}' are not known here.`, {
      status: 422,
      hint: `There are ${Object.keys(HOLIDAYS).join(', ')}; for others use add annotation.`,
    })
  if (!(year >= 1900 && year <= 2199)) throw new Problem('usage', `Holidays are reckoned from 1900 to 2199, not for ${year}.`)
  return rules.map((rule) => readRule(rule, year)).sort((a, b) => a.date - b.date)
}

function readRule(rule: string, year: number): Holiday {
  const at = rule.indexOf(' ')
  const [when, name] = [rule.slice(0, at), rule.slice(at + 1)]
  if (when.startsWith('E')) return { date: easter(year) + Number(when.slice(1)) * DAY, name }
  const [month, turn, weekday] = when.split('/').map(Number)
  if (turn === undefined) {
    const [fixed, day] = when.split('-').map(Number)
    return { date: Date.UTC(year, fixed! - 1, day), name }
  }
  // The k-th weekday of the month; the fifth is the last.
  const first = new Date(Date.UTC(year, month! - 1, 1)).getUTCDay() || 7
  const date = Date.UTC(year, month! - 1, 1 + ((weekday! - first + 7) % 7) + (turn - 1) * 7)
  return { date: new Date(date).getUTCMonth() === month! - 1 ? date : date - 7 * DAY, name }
}

/** Easter Sunday of the Gregorian calendar (Gauss, as Lichtenberg completed it). */
function easter(year: number): number {
  const century = Math.floor(year / 100)
  const moon = 15 + Math.floor((3 * century + 3) / 4) - Math.floor((8 * century + 13) / 25)
  const sun = 2 - Math.floor((3 * century + 3) / 4)
  const golden = year % 19
  const seed = (19 * golden + moon) % 30
  const correction = Math.floor((seed + Math.floor(golden / 11)) / 29)
  const full = 21 + seed - correction
  const sunday = 7 - ((year + Math.floor(year / 4) + sun) % 7)
  return Date.UTC(year, 2, full + 7 - ((full - sunday) % 7))
}
