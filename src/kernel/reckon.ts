/** Sums as people write them before a unit: '(30/2 - 1) kW', '3 * 4.5'. Numbers, + - * / and parentheses; nothing is run. */

/** Longer ones are no sums of people. */
const LONGEST = 100

/** The value of the sum; undefined when the text is none, or divides by zero. */
export function reckon(text: string): number | undefined {
  if (text.length > LONGEST) return undefined
  const parts = text.match(/\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|[-+*/()]|\S/g) ?? []
  let at = 0
  const take = (...wanted: string[]): string | undefined => (wanted.includes(parts[at] ?? '') ? parts[at++] : undefined)
  const sum = (): number => {
    let value = product()
    for (let sign = take('+', '-'); sign !== undefined; sign = take('+', '-')) value += sign === '+' ? product() : -product()
    return value
  }
  const product = (): number => {
    let value = factor()
    for (let sign = take('*', '/'); sign !== undefined; sign = take('*', '/')) value = sign === '*' ? value * factor() : value / factor()
    return value
  }
  const factor = (): number => {
    const sign = take('+', '-')
    if (sign !== undefined) return sign === '-' ? -factor() : factor()
    if (take('(') === undefined) return /^[\d.]/.test(parts[at] ?? '') ? Number(parts[at++]) : Number.NaN
    const inner = sum()
    return take(')') === undefined ? Number.NaN : inner
  }
  const value = sum()
  return at === parts.length && Number.isFinite(value) ? value : undefined
}
