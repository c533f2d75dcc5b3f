import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'

interface Report {
  stations: number
  assets: number
  citrineos: number | null
  differences: { station: string; kind: string; what: string; mended: boolean; mendable: boolean }[]
}

export const chargingSync: Verb = {
  name: 'charging sync',
  summary:
    'Compares assets and charging stations, also those of a running CitrineOS, by count, power and place. Exit code 1 when they differ.',
  usage: '[--mend]',
  example: 'cariflex charging sync --mend',
  options: { mend: { type: 'boolean' } },
  explain: { mend: 'mends what can be mended: makes missing stations, lowers powers, takes over places; without it nothing is changed' },
  async run({ options: { mend = false }, env, show }) {
    const { data } = await connectInstance(env).send<{ data: Report }>('POST', '/api/cariflex/v1/charging/sync', { mend })
    show(data, () => reportOf(data))
    return data.differences.every(({ mended }) => mended) ? undefined : 1
  },
}

function reportOf({ stations, assets, citrineos, differences }: Report): string {
  const counts = `${stations} stations, ${assets} assets of chargers${citrineos === null ? '' : `, ${citrineos} stations at CitrineOS`}.`
  const lines = differences.map(({ station, kind, what, mended, mendable }) => {
    const state = mended ? 'mended' : mendable ? 'can be mended' : 'for a person'
    return `  ${station.padEnd(20)} ${kind.padEnd(22)} ${what} (${state})`
  })
  return lines.length === 0 ? `${counts} They agree.` : [counts, ...lines].join('\n')
}
