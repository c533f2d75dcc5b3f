/** '7.4 kW', '850 W'. */
export const kw = (power: number): string =>
  Math.abs(power) >= 1000 || power === 0 ? `${Math.round(power / 100) / 10} kW` : `${Math.round(power)} W`
