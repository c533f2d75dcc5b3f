/** '7.4 kW', '850 W'. */
export const kw = (power: number): string =>
  Math.abs(power) >= 1000 || power === 0 ? `${Math.round(power / 100) / 10} kW` : `${Math.round(power)} W`

/** '7.4 kWh', '0.85 kWh'. */
export const kwh = (energy: number): string =>
  `${Math.abs(energy) >= 1 ? Math.round(energy * 10) / 10 : Math.round(energy * 1000) / 1000} kWh`
