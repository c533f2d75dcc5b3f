// Invented data of the pages of work and administration: forecasts, sources, automations, reports, retention, mails.
import { local, type State } from './mock-island.ts'

const HOUR = 3_600_000

export const SOURCES = {
  types: ['user', 'scheduler', 'forecaster', 'reporter', 'demo script', 'gateway', 'market', 'simulation'],
  sources: [
    { id: 1, name: 'demo', type: 'user', description: 'demo', user_id: 1 },
    { id: 4, name: 'simulation', type: 'simulation', description: 'simulation' },
    ...[7, 8].map((id) => ({
      id,
      name: 'Cariflex',
      type: 'scheduler',
      description: `Cariflex's StorageScheduler model v${id}`,
      model: 'StorageScheduler',
      version: String(id),
    })),
    { id: 9, name: 'Cariflex', type: 'forecaster', description: 'forecaster', model: 'TrainPredictPipeline', version: '1' },
  ],
  status: 200,
}

/** Answers `GET /api/cariflex/v1/…` of these pages; undefined when it is none of them. */
export function workOf(state: State) {
  const forecasts = () => [
    {
      name: 'sun of PV001',
      sensor: 41,
      kind: 'pv',
      unit: 'kW',
      every: 'PT1H',
      duration: 'PT48H',
      model: 'CustomLGBM',
      fallback: 'ClearSky',
      chosen: {
        madeAt: local(state.now - 5 * HOUR),
        days: 41.5,
        choices: [
          { hours: 6, models: ['Trees', 'ClearSky'], rmse: 0.31, skill: 0.52 },
          { hours: 48, models: ['PvPhysical'], rmse: 0.44, skill: 0.37 },
        ],
      },
    },
    {
      name: 'price',
      sensor: 84,
      kind: 'price',
      unit: 'EUR/MWh',
      every: null,
      duration: null,
      model: 'CustomLGBM',
      fallback: 'UsualHour',
      chosen: null,
    },
  ]
  return (parts: string[]): { whole: unknown } | undefined => {
    const [kind, id] = parts
    if (kind === 'forecasts' && id === undefined) return { whole: { data: forecasts() } }
    if (kind === 'forecasts' && id !== 'skill')
      return {
        whole: {
          data: {
            job: id,
            sensor: 41,
            status: 'FINISHED',
            stage: null,
            done: 100,
            total: 100,
            problem: null,
            seconds: 1.4,
            models: [],
            unit: 'kW',
            values: [],
          },
        },
      }
    return undefined
  }
}
