import { Problem } from '#kernel'
import { connectInstance } from '../instance.ts'
import { table } from '../terminal.ts'
import type { Verb } from '../verb.ts'
import { BELIEF_EXPLAIN, BELIEF_OPTIONS, showBeliefs } from './show-beliefs.ts'

interface Order {
  device: string
  powerKw: number
  until: string
  because: string
  rung: string
  receipt: { outcome: string; powerKw: number | null; why?: string } | null
}
interface AssetRow {
  asset: number
  device: string | null
  name: string
  kind: string
  town?: string
  live: { powerKw?: number; socKwh?: number; freshness: string }
}
interface PlanBody {
  id: string
  madeAt: string
  start: string
  step: string | number
  slots: number
  trigger: string
  objective: number
  currency: string
  gap: number
  solver: string
  solveMs: number
  brokenWishes: { because: string }[]
  devices: { device: string; reasons: { from: number; to: number; because: string }[] }[]
}

interface ForecastRow {
  name: string
  sensor: number
  kind: string
  unit: string
  every: string | null
  fallback: string
  chosen: { choices: { hours: number; models: string[]; skill: number | null }[] } | null
  lately: { days: number; rmse: number; skill: number | null } | null
}

const number = (value: number | null | undefined, unit: string): string =>
  value === undefined || value === null ? '-' : `${value.toFixed(1)} ${unit}`

const share = (value: number | null | undefined): string => (value === undefined || value === null ? '-' : `${(100 * value).toFixed(0)} %`)

const VIEWS: Record<string, { path: string; render(body: { data: never }): string }> = {
  assets: {
    path: '/api/cariflex/v1/assets',
    render: ({ data }: { data: AssetRow[] }) =>
      table([
        ['ID', 'DEVICE', 'NAME', 'KIND', 'TOWN', 'POWER', 'STOCK', 'DATA'],
        ...data.map((row) => [
          String(row.asset),
          row.device ?? '-',
          row.name,
          row.kind,
          row.town ?? '-',
          number(row.live.powerKw, 'kW'),
          number(row.live.socKwh, 'kWh'),
          row.live.freshness,
        ]),
      ]),
  },
  sensors: {
    path: '/api/v3_0/sensors',
    render: (data: never) =>
      table([
        ['ID', 'NAME', 'UNIT', 'RESOLUTION', 'ASSET'],
        ...(data as { id: number; name: string; unit: string; event_resolution: string; generic_asset_id: number }[]).map((row) => [
          String(row.id),
          row.name,
          row.unit,
          row.event_resolution,
          String(row.generic_asset_id),
        ]),
      ]),
  },
  forecasts: {
    path: '/api/cariflex/v1/forecasts',
    render: ({ data }: { data: ForecastRow[] }) =>
      table([
        ['NAME', 'SENSOR', 'KIND', 'EVERY', 'MODEL', 'SKILL OF ITS TRAINING', 'SKILL LATELY', 'RMSE LATELY'],
        ...data.map(({ name, sensor, kind, unit, every, fallback, chosen, lately }) => [
          name,
          String(sensor),
          kind,
          every ?? '-',
          chosen ? [...new Set(chosen.choices.flatMap(({ models }) => models))].join(', ') : `${fallback} (not chosen yet)`,
          share(chosen?.choices.at(-1)?.skill),
          lately ? `${share(lately.skill)} of ${lately.days} d` : '-',
          lately ? `${Number(lately.rmse.toPrecision(3))} ${unit}` : '-',
        ]),
      ]),
  },
  plan: {
    path: '/api/cariflex/v1/plans/latest',
    render: ({ data }: { data: PlanBody }) =>
      [
        `Plan made ${data.madeAt} because: ${data.trigger}`,
        `${data.slots} slots from ${data.start}; cost ${data.objective.toFixed(2)} ${data.currency}, gap ${(data.gap * 100).toFixed(3)} %, ${data.solver} in ${Math.round(data.solveMs)} ms`,
        ...data.brokenWishes.map((wish) => `! ${wish.because}`),
        table(data.devices.map((device) => [device.device, device.reasons[0]?.because ?? ''])),
      ].join('\n'),
  },
  setpoints: {
    path: '/api/cariflex/v1/setpoints',
    render: ({ data }: { data: Order[] }) =>
      table([
        ['DEVICE', 'ORDER', 'UNTIL', 'RUNG', 'RECEIPT', 'MEASURED', 'BECAUSE'],
        ...data.map((row) => [
          row.device,
          number(row.powerKw, 'kW'),
          row.until,
          row.rung,
          row.receipt?.outcome ?? 'waiting',
          number(row.receipt?.powerKw, 'kW'),
          row.because,
        ]),
      ]),
  },
}

export const show: Verb = {
  name: 'show',
  summary:
    'Shows what a running instance knows: its assets with live values, its sensors and their data, its forecasts and their skill, the latest plan, the orders in force.',
  usage: '<assets|sensors|forecasts|plan|setpoints|beliefs> [--device BAT001] [--sensor 12 --start MOMENT --duration PT24H] [--json]',
  example: 'cariflex show setpoints',
  options: { device: { type: 'string' }, ...BELIEF_OPTIONS },
  explain: { device: 'only this device (setpoints)', ...BELIEF_EXPLAIN },
  async run(invocation) {
    const { words, options, env, show } = invocation
    if (words[0] === 'beliefs' && words.length === 1) return showBeliefs(invocation)
    const view = VIEWS[words[0] ?? '']
    if (!view || words.length !== 1)
      throw new Problem('usage', `'${words.join(' ')}' cannot be shown.`, {
        hint: `Choose one of: ${[...Object.keys(VIEWS), 'beliefs'].join(', ')}.`,
      })
    const query = options['device'] ? `?device=${encodeURIComponent(String(options['device']))}` : ''
    const body = await connectInstance(env).get<{ data: never }>(view.path + query)
    show(body, () => view.render(body))
    return undefined
  },
}
