/** Daily figures of the demo: what each day used itself, did not buy, cost and saved. Ready reports fill sensors of the site, which shows them as tiles. */
import { DAY, dayAfter, dayStart, describeError, SECOND } from '#kernel'
import type { OpenHouse } from './house.ts'
import type { Undo } from './undo.ts'

/** After the first plan: nobody waits for figures. */
const SOON = 20 * SECOND

interface Figure {
  report: 'self-consumption' | 'self-sufficiency' | 'cost'
  line: string
  sensor: string
  unit: string
  how: 'mean' | 'sum'
  title: Record<'fr' | 'en', string>
}

const FIGURES: readonly Figure[] = [
  {
    ...{ report: 'self-consumption', line: 'share', sensor: 'self-consumption', unit: '%', how: 'mean' },
    title: { fr: 'Autoconsommation', en: 'Self-consumption' },
  },
  {
    ...{ report: 'self-sufficiency', line: 'share', sensor: 'self-sufficiency', unit: '%', how: 'mean' },
    title: { fr: 'Autosuffisance', en: 'Self-sufficiency' },
  },
  {
    ...{ report: 'cost', line: 'with flexibility', sensor: 'energy cost', unit: 'EUR', how: 'sum' },
    title: { fr: 'Coût de l’énergie', en: 'Cost of energy' },
  },
  {
    ...{ report: 'cost', line: 'saved', sensor: 'energy saving', unit: 'EUR', how: 'sum' },
    title: { fr: 'Économie', en: 'Saved' },
  },
]

/** Makes the sensors, fills them from the past, and has them filled every night. For the first start of the demo. */
export function addDemoFigures(house: OpenHouse, maker: string, undo: Undo): void {
  const { steered, clock, log, firstStart } = house
  if (!firstStart || !steered?.established.demo) return
  const timer = clock.in(SOON, () => {
    make(house, steered.site.asset, maker).catch((error: unknown) =>
      log.warn({ error: describeError(error) }, 'the figures of the demo could not be made'),
    )
  })
  undo.add('figures of the demo', () => timer.cancel())
}

async function make({ server, settings, clock, steered }: OpenHouse, asset: number, maker: string): Promise<void> {
  const { zone: timezone, currency } = steered!.site
  const madeBy = (await server.users.credentials(maker))?.id ?? null
  const language = settings.server.language ?? 'fr'
  const made: (Figure & { id: number })[] = []
  for (const figure of FIGURES) {
    const unit = figure.unit === 'EUR' ? currency : figure.unit
    made.push({ ...figure, id: (await server.sensors.create({ name: figure.sensor, unit, resolution: DAY, asset, timezone })).id })
  }
  await server.assets.update(asset, { kpis: made.map(({ title, id, how }) => ({ title: title[language], sensor: id, function: how })) })
  const today = dayStart(clock.now(), timezone)
  const first = dayAfter(today, timezone, -Math.floor(settings.history / DAY))
  for (const report of new Set(made.map((one) => one.report))) {
    const figures = made.filter((one) => one.report === report)
    const outputs = figures.map(({ line, id }) => ({ name: line, sensor: id }))
    await server.automations.create({
      ...{ asset, type: 'reporting', name: figures[0]!.title[language], cron: '10 0 * * *', timezone, madeBy },
      parameters: { report, output: outputs, 'start-offset': 'DB,-1D', 'end-offset': 'DB' },
      ...{ inputSensors: [], outputSensors: outputs.map(({ sensor }) => sensor) },
    })
    if (first < today) await server.reports.trigger(asset, { report, start: first, end: today, outputs })
  }
}
