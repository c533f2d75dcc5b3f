// Invented data of the pages of work and administration: forecasts, sources, automations, reports, retention, mails.
import { local, type State, things } from './mock-island.ts'

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
      mayMake: true,
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
      mayMake: true,
      duration: null,
      model: 'CustomLGBM',
      fallback: 'UsualHour',
      chosen: null,
    },
  ]
  const QUARTERS = 15 * 60_000
  let serial = 3
  const automations = [
    {
      ...{ id: 1, name: 'Plan de la nuit', type: 'scheduling', asset: 1, assetName: 'Martinique', cron: '0 5 * * *' },
      ...{ active: true, jobs: 41, problem: null as string | null, outputs: [] as { sensor: number; name: string }[] },
      parameters: { duration: 'PT24H' } as Record<string, unknown>,
      last: { job: 'a-1', due: local(state.now - 9 * HOUR), status: 'FINISHED', problem: null as string | null } as null | object,
    },
    {
      ...{ id: 2, name: 'Soleil de BAT001', type: 'forecasting', asset: 12, assetName: 'BAT001', cron: '0 * * * *' },
      ...{ active: true, jobs: 7, problem: null, outputs: [{ sensor: 151, name: 'power' }] },
      parameters: { sensor: 151, duration: 'PT48H' },
      last: {
        ...{ job: 'a-2', due: local(state.now - HOUR / 12), status: 'FAILED' },
        problem: 'There is not enough data: 3 values in 30 days.',
      },
    },
    {
      ...{ id: 3, name: 'Coût de la semaine', type: 'reporting', asset: 1, assetName: 'Martinique', cron: '30 6 * * 1' },
      ...{ active: false, jobs: 0, problem: 'Its maker is no active user any more.', outputs: [] },
      parameters: { report: 'cost', 'start-offset': 'DB,-7D', 'end-offset': 'DB' },
      last: null,
    },
  ]
  const wordsOf = (cron: string, language: string) => {
    const [minute, hour, , , weekday] = cron.split(' ')
    const at = `${hour?.padStart(2, '0')}:${minute?.padStart(2, '0')}`
    if (hour === '*') return language === 'fr' ? 'Chaque heure' : 'Every hour'
    if (weekday === '1') return language === 'fr' ? `À ${at}, le lundi` : `At ${at}, on Monday`
    return language === 'fr' ? `À ${at}, tous les jours` : `At ${at}, every day`
  }
  const shown = (one: (typeof automations)[number], language: string) => ({
    ...one,
    words: wordsOf(one.cron, language),
    timezone: 'America/Martinique',
    next: one.active ? local(Math.ceil(state.now / HOUR) * HOUR) : null,
    mayChange: true,
  })

  const days = ['2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23']
  const line = (name: string, unit: string, values: (number | null)[], total?: number) => ({
    ...{ name, unit, days: values },
    total: total ?? values.reduce<number>((sum, value) => sum + (value ?? 0), 0),
  })
  const LINES: Record<string, ReturnType<typeof line>[]> = {
    cost: [
      line('with flexibility', 'EUR', [412.1, 398.4, 405.2, null, 371.9, 340.2, 388.8]),
      line('without flexibility', 'EUR', [455.3, 441.2, 437.6, null, 415.4, 377.1, 431.5]),
      line('saved', 'EUR', [43.2, 42.8, 32.4, null, 43.5, 36.9, 42.7]),
    ],
    'self-consumption': [
      line('produced', 'kWh', [310, 342, 298, 355, 361, 287, 330]),
      line('self-consumed', 'kWh', [251, 270, 262, 280, 275, 241, 266]),
      line('share', '%', [81, 79, 88, 79, 76, 84, 81], 81),
      line('share without flexibility', '%', [62, 60, 66, 58, 55, 63, 60], 60.4),
    ],
  }
  const reportOf = (id: string, report: string, hoursAgo: number, status: string) => ({
    ...{ id, asset: 1, report, status, askedAt: local(state.now - hoursAgo * HOUR) },
    ...{ start: '2026-11-17T00:00:00-04:00', end: '2026-11-24T00:00:00-04:00' },
    problem: status === 'FAILED' ? 'No sensor tells how much CO₂ the energy of the grid brings along.' : null,
    zone: 'America/Martinique',
    dates: status === 'FINISHED' ? days : [],
    lines: status === 'FINISHED' ? (LINES[report] ?? []) : [],
    notes:
      status === 'FINISHED'
        ? ['Baseline: batteries idle, each car charged from its arrival on at the full power of the charger with the energy it really got.']
        : [],
    ...{ progress: null, outputs: [] as unknown[] },
  })
  const reports = [
    reportOf('00000000-0000-4000-8000-00000000000a', 'cost', 2, 'FINISHED'),
    reportOf('00000000-0000-4000-8000-00000000000b', 'co2', 26, 'FAILED'),
    reportOf('00000000-0000-4000-8000-00000000000c', 'self-consumption', 170, 'FINISHED'),
  ]
  const asked = new Map<string, number>()

  const policy = (name: string, after: string, keep: string, more: object = {}) => ({
    ...{ name, after, keep, every: null, sourceTypes: null, sources: null, sensors: null, except: [], ...more },
  })
  const retention = () => ({
    policies: [
      policy('old forecasts', 'P90D', 'newest-by-class', { sourceTypes: ['forecaster'] }),
      policy('old raw readings', 'P730D', 'one-per', { every: 'PT15M', sources: ['simulation'], except: [84] }),
    ],
    runs: [1, 2, 3].map((day) => ({
      ...{ at: local(state.now - day * 24 * HOUR), policy: 'old forecasts', sensors: 12, removed: 110_592, kept: 1_152 },
      until: local(state.now - (90 + day) * 24 * HOUR),
    })),
  })
  const mails = () => ({
    carried: false,
    total: 3,
    data: [
      {
        ...{ id: 3, kind: 'notice', to: ['demo@cariflex.example'], subject: 'Un souhait ne peut pas être tenu', tries: 1, error: null },
        ...{ createdAt: local(state.now - HOUR), sentAt: local(state.now - HOUR), failedAt: null, nextTryAt: null },
        text: 'V2G003 : il manquera 4,2 kWh à 07:00.\n\nCariflex',
      },
      {
        ...{ id: 2, kind: 'password-reset', to: ['sargassum@cariflex.example'], subject: null, tries: 3, text: null },
        ...{ createdAt: local(state.now - 5 * HOUR), sentAt: null, failedAt: null, nextTryAt: local(state.now + HOUR / 4) },
        error: 'connect ECONNREFUSED 127.0.0.1:25',
      },
      {
        ...{ id: 1, kind: 'password-changed', to: ['old@cariflex.example'], subject: null, tries: 9, text: null },
        ...{ createdAt: local(state.now - 50 * HOUR), sentAt: null, failedAt: local(state.now - 26 * HOUR), nextTryAt: null },
        error: '550 No such user here',
      },
    ],
  })

  const nameOf = (asset: number) => things.find((each) => each.asset === asset)?.name ?? 'Martinique'
  const notices = { mail: 'asked', chosenBy: 'platform', language: null as string | null, assets: [{ id: 12, name: 'BAT001' }] }

  function automation(method: string, parts: string[], body: Record<string, unknown>): Answer | undefined {
    const [asset, id] = [Number(parts[1]), Number(parts[3])]
    if (method === 'POST') {
      const made = { ...automations[0]!, id: ++serial, asset, jobs: 0, last: null, problem: null, ...body } as (typeof automations)[number]
      automations.push({ ...made, assetName: asset === 1 ? 'Martinique' : `#${asset}` })
      return { status: 201, body: made }
    }
    const at = automations.findIndex((one) => one.id === id)
    if (at < 0) return undefined
    if (method === 'PATCH') Object.assign(automations[at]!, body)
    if (method === 'DELETE') automations.splice(at, 1)
    return method === 'DELETE' ? { status: 204 } : { status: 200, body: automations[at] }
  }

  return (method: string, path: string, query: URLSearchParams, body: Record<string, unknown>): Answer | undefined => {
    const [, , door, ...rest] = path.split('/').map(decodeURIComponent)
    if (door === 'v3_0') return rest[2] === 'automations' && method !== 'GET' ? automation(method, rest, body) : undefined
    const [kind, id, more, which] = rest.slice(1)
    const whole = (given: unknown): Answer => ({ status: 200, body: given })
    if (kind === 'forecasts' && id === undefined && method === 'GET') return whole({ data: forecasts() })
    if (kind === 'forecasts' && id !== undefined && id !== 'skill')
      return whole({
        data: {
          ...{ job: id, sensor: 41, status: 'FINISHED', stage: null, done: 100, total: 100, problem: null, seconds: 1.4 },
          ...{ models: [], unit: 'kW', values: [] },
        },
      })
    if (kind === 'automations' && id === 'preview') {
      const cron = query.get('cron') ?? ''
      if (cron.split(' ').length !== 5)
        return {
          status: 422,
          body: { title: 'invalid-cron', status: 422, code: 'invalid-cron', detail: `'${cron}' is not a cron string.` },
        }
      const first = Math.ceil(state.now / QUARTERS) * QUARTERS
      const next = [0, 1, 2].map((n) => local(first + n * 24 * HOUR))
      return whole({ data: { words: wordsOf(cron, query.get('language') ?? 'en'), timezone: 'America/Martinique', next } })
    }
    if (kind === 'automations' && more === 'run') {
      const one = automations.find((each) => each.id === Number(id))!
      Object.assign(one, { jobs: one.jobs + 1, last: { job: 'now', due: local(state.now), status: 'STARTED', problem: null } })
      return { status: 202, body: { data: { job: 'now' } } }
    }
    if (kind === 'automations') {
      const active = query.get('active')
      const of = query.get('asset')
      const found = automations.filter(
        (one) => (of === null || String(one.asset) === of) && (active === null || String(one.active) === active),
      )
      return whole({ data: found.map((one) => shown(one, query.get('language') ?? 'en')), total: found.length })
    }
    if (kind === 'accounts' && more === 'notices') return whole({ data: { mail: method === 'PUT' ? body['mail'] : null } })
    if (kind === 'notices') {
      if (method === 'PUT') Object.assign(notices, { mail: 'asked', ...body, chosenBy: body['mail'] === undefined ? 'platform' : 'user' })
      if (method === 'PUT') notices.assets = (body['assets'] as number[]).map((each) => ({ id: each, name: nameOf(each) }))
      return whole({ data: notices })
    }
    if (kind === 'retention') return whole({ data: retention() })
    if (kind === 'mails') return whole(mails())
    if (kind === 'assets' && more === 'reports' && method === 'POST') {
      const made = reportOf(`00000000-0000-4000-8000-0000000000${10 + reports.length}`, String(body['report']), 0, 'QUEUED')
      reports.unshift({ ...made, start: String(body['start']), end: String(body['end']) })
      return { status: 202, body: { data: { id: made.id } } }
    }
    if (kind === 'assets' && more === 'reports') {
      if (which === undefined) {
        const own = id === '1' ? reports : []
        return whole({ data: own, total: own.length })
      }
      if (path.endsWith('/report.csv')) return { status: 200, body: 'line,unit,total' }
      const found = reports.find((one) => one.id === which)
      if (!found) return undefined
      // It runs for two looks.
      const looks = (asked.get(which) ?? 0) + 1
      asked.set(which, looks)
      if (found.status === 'QUEUED' || found.status === 'STARTED')
        Object.assign(
          found,
          looks < 2 ? { status: 'STARTED' } : { ...reportOf(which, found.report, 0, 'FINISHED'), askedAt: found.askedAt },
        )
      return whole({ data: found })
    }
    return undefined
  }
}

export interface Answer {
  status: number
  body?: unknown
}
