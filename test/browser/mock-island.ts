// An invented island for looking at the pages without the platform: 40 assets, a plan, orders, limits, stations. Not part of the product.

export const ZONE = 'America/Martinique'
export const SITE = 1
const HOUR = 3_600_000
const STEP = 900_000

/** Local time (UTC−4) as ISO with offset. */
export const local = (at: number): string => `${new Date(at - 4 * HOUR).toISOString().slice(0, 19)}-04:00`
const hourOf = (at: number): number => (((at / HOUR - 4) % 24) + 24) % 24

/** Same number for the same words, between 0 and 1. */
export function chance(...words: (string | number)[]): number {
  let hash = 2166136261
  for (const letter of words.join('|')) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619)
  hash ^= hash >>> 15
  return ((Math.imul(hash, 2246822519) >>> 0) % 10_000) / 10_000
}

export interface Thing {
  asset: number
  device: string
  kind: 'pv' | 'battery' | 'evse' | 'vehicle'
  name: string
  town: string
  latitude: number
  longitude: number
  nominalKw: number | null
  capacityKwh: number | null
  sensors: Record<string, number>
}

const TOWNS: Record<Thing['kind'], [string, number, number][]> = {
  pv: [
    ['Fort-de-France', 14.6161, -61.0588],
    ['Le Lamentin', 14.6137, -60.9963],
    ['Schœlcher', 14.6248, -61.0983],
  ],
  battery: [
    ['Saint-Joseph', 14.6711, -61.0394],
    ['Le Marin', 14.4686, -60.8697],
    ['Le Vauclin', 14.5453, -60.8386],
    ['Sainte-Marie', 14.7828, -60.9939],
  ],
  evse: [
    ['Le Diamant', 14.4775, -61.0283],
    ['Les Trois-Îlets', 14.5392, -61.0356],
    ['Rivière-Salée', 14.5306, -60.9764],
    ['Le François', 14.6156, -60.9042],
    ['Le Robert', 14.6775, -60.9392],
  ],
  vehicle: [
    ['Le Lorrain', 14.8319, -61.0544],
    ['Le Robert', 14.6775, -60.9392],
    ['Basse-Pointe', 14.8706, -61.1172],
    ["Grand'Rivière", 14.8728, -61.1806],
    ['Saint-Pierre', 14.745, -61.1775],
  ],
}
const PREFIX = { pv: 'PV', battery: 'BAT', evse: 'CP', vehicle: 'V2G' } as const
const LONG = { pv: 'Toiture solaire', battery: 'Batterie', evse: 'Borne de recharge', vehicle: 'Véhicule' } as const

export const things: Thing[] = (['pv', 'battery', 'evse', 'vehicle'] as const).flatMap((kind, group) =>
  Array.from({ length: 10 }, (_, index): Thing => {
    const number = index + 1
    const device = `${PREFIX[kind]}${String(number).padStart(3, '0')}`
    const [town, latitude, longitude] = TOWNS[kind][index % TOWNS[kind].length]!
    return {
      asset: 2 + group * 10 + index,
      device,
      kind,
      name: `${LONG[kind]} ${device}`,
      town,
      latitude: latitude + (chance(device, 'lat') - 0.5) * 0.02,
      longitude: longitude + (chance(device, 'lon') - 0.5) * 0.02,
      nominalKw: kind === 'pv' ? 5 : kind === 'battery' ? 50 : kind === 'evse' ? (number <= 5 ? 22 : 11) : null,
      capacityKwh: kind === 'battery' ? 100 : kind === 'vehicle' ? 75 : null,
      sensors:
        kind === 'pv'
          ? { power: 40 + number }
          : kind === 'battery'
            ? { power: 150 + number, soc: 50 + number }
            : kind === 'evse'
              ? { power: 60 + number }
              : { soc: 70 + number },
    }
  }),
)

export const byDevice = (device: string): Thing | undefined => things.find((thing) => thing.device === device)

/** Price of consumption, EUR/MWh. */
export const price = (at: number): number => {
  const hour = Math.floor(hourOf(at))
  return hour >= 18 && hour < 22 ? 240 + hour : hour >= 10 && hour < 15 ? 96 + hour : hour < 6 ? 118 : 160 + hour
}

export interface State {
  now: number
  cloud: number
  /** Allowed flexible consumption, kW, or undefined. */
  allowedKw: number | undefined
  plugged: Map<string, string>
  faults: Set<string>
  cut: Map<string, number>
  overrides: Map<string, { id: string; powerKw: number; until: number; because: string }>
}

const sun = (at: number): number => Math.max(0, Math.sin(((hourOf(at) - 6) / 12.2) * Math.PI))

/** Planned power of a device in kW, without limits: cheap hours charge, dear hours discharge. */
function wished(thing: Thing, at: number, state: State): number {
  if (thing.kind === 'pv') return -5 * sun(at) * (0.82 + 0.1 * chance(thing.device))
  if (thing.kind === 'battery') {
    const now = price(at)
    const hour = Math.floor(hourOf(at))
    if (now < 115) return 18 + 20 * chance(thing.device, hour)
    if (now > 230) return -(22 + 24 * chance(thing.device, hour))
    return 0
  }
  if (thing.kind === 'evse') {
    if (![...state.plugged.values()].includes(thing.device)) return 0
    const hour = hourOf(at)
    return (hour >= 10 && hour < 16) || hour < 4.5 ? thing.nominalKw! * (0.55 + 0.4 * chance(thing.device, 'rate')) : 0
  }
  return 0
}

const consumers = things.filter((thing) => thing.kind === 'battery' || thing.kind === 'evse')

/** What is ordered: the wish narrowed by the grid's limit and the owner. */
export function ordered(thing: Thing, at: number, state: State): { powerKw: number; rung: 'plan' | 'grid' | 'override'; because: string } {
  const override = state.overrides.get(thing.device)
  let powerKw = override ? override.powerKw : wished(thing, at, state)
  let rung: 'plan' | 'grid' | 'override' = override ? 'override' : 'plan'
  let because = override ? override.because : reason(thing, at, powerKw)
  if (state.allowedKw !== undefined && powerKw > 0) {
    const asked = consumers.reduce((sum, each) => sum + Math.max(0, wished(each, at, state)), 0)
    if (asked > state.allowedKw) {
      powerKw *= state.allowedKw / asked
      rung = 'grid'
      because = `Le gestionnaire de réseau limite la consommation flexible à ${Math.round(state.allowedKw)} kW : part de ${thing.device} ${powerKw.toFixed(1)} kW.`
    }
  }
  return { powerKw, rung, because }
}

function reason(thing: Thing, at: number, powerKw: number): string {
  const cost = Math.round(price(at))
  if (thing.kind === 'evse')
    return powerKw > 0
      ? `Prix bas (${cost} EUR/MWh) et départ demain à 07:00.`
      : `Prix de ${cost} EUR/MWh : la charge attend une heure moins chère.`
  if (powerKw > 0) return `Prix bas (${cost} EUR/MWh) : l'énergie servira à la pointe de 18 à 22 h.`
  if (powerKw < 0) return `Pointe du soir (${cost} EUR/MWh) : la batterie rend ce qu'elle a pris à midi.`
  return `Prix moyen (${cost} EUR/MWh) : ni charger ni décharger ne rapporte.`
}

export function measured(thing: Thing, at: number, state: State): number | null {
  if (state.cut.has(thing.device) && (state.cut.get(thing.device) ?? 0) > at) return null
  if (state.faults.has(thing.device)) return 0
  const wobble = 0.97 + 0.06 * chance(thing.device, Math.floor(at / 5_000))
  if (thing.kind === 'pv') {
    const cloudy = at > state.now - HOUR ? state.cloud : 0.15 + 0.5 * chance('cloud', Math.floor(at / 1_800_000))
    return -5 * sun(at) * (1 - 0.75 * cloudy) * wobble
  }
  return ordered(thing, at, at > state.now - 60_000 ? state : { ...state, allowedKw: undefined, overrides: new Map() }).powerKw * wobble
}

export function soc(thing: Thing, at: number): number {
  const hour = hourOf(at)
  const top = 86 + 8 * chance(thing.device, 'top')
  const share =
    hour < 6
      ? 0.24
      : hour < 10
        ? 0.26
        : hour < 15
          ? 0.26 + ((hour - 10) / 5) * 0.66
          : hour < 18
            ? 0.92
            : hour < 22
              ? 0.92 - ((hour - 18) / 4) * 0.68
              : 0.24
  return thing.kind === 'battery' ? share * top : 24 + 40 * share + 6 * chance(thing.device, 'car')
}

export function series(thing: Thing, state: State, start: number, until: number, step: number, at: number) {
  const times: number[] = []
  for (let time = start; time < until; time += step) times.push(time)
  const round = (value: number | null) => (value === null ? null : Math.round(value * 100) / 100)
  const out: { key: string; sensor: number; name: string; unit: string; values: (number | null)[] }[] = []
  // The older the belief, the rosier it was.
  const rosy = 1 + Math.min(0.4, (state.now - at) / (60 * HOUR))
  if (thing.sensors['power'] !== undefined) {
    const sensor = { sensor: thing.sensors['power'], name: 'power', unit: 'kW' }
    out.push({ key: 'measured', ...sensor, values: times.map((time) => (time <= at ? round(measured(thing, time, state)) : null)) })
    if (thing.kind !== 'battery')
      out.push({ key: 'forecast', ...sensor, values: times.map((time) => round(wished(thing, time, state) * rosy * 0.93)) })
    if (thing.kind !== 'pv')
      out.push({
        key: 'plan',
        ...sensor,
        values: times.map((time) => (time > at - 12 * HOUR ? round(ordered(thing, Math.floor(time / STEP) * STEP, state).powerKw) : null)),
      })
  }
  if (thing.sensors['soc'] !== undefined) {
    const sensor = { sensor: thing.sensors['soc'], name: 'state of charge', unit: 'kWh' }
    out.push({ key: 'soc', ...sensor, values: times.map((time) => (time <= at ? round(soc(thing, time)) : null)) })
    out.push({ key: 'soc-plan', ...sensor, values: times.map((time) => (time >= at ? round(soc(thing, time) * 0.98) : null)) })
  }
  out.push({ key: 'price', sensor: 84, name: 'consumption_price', unit: 'EUR/MWh', values: times.map((time) => price(time)) })
  return out
}

export function plan(state: State) {
  const start = Math.floor(state.now / STEP) * STEP
  const slots = 192
  const times = Array.from({ length: slots }, (_, slot) => start + slot * STEP)
  const limited = (time: number) => (time < state.now + HOUR ? state : { ...state, allowedKw: undefined })
  const devices = things
    .filter((thing) => thing.kind === 'battery' || thing.kind === 'evse')
    .filter((thing) => thing.kind === 'battery' || [...state.plugged.values()].includes(thing.device))
    .map((thing) => {
      const orders = times.map((time) => ordered(thing, time, limited(time)))
      const reasons: { from: number; to: number; because: string }[] = []
      orders.forEach(({ because }, slot) => {
        const last = reasons.at(-1)
        if (last && last.because === because && last.to === slot) last.to++
        else reasons.push({ from: slot, to: slot + 1, because })
      })
      return {
        device: thing.device,
        asset: thing.asset,
        sensor: thing.sensors['power']!,
        powerKw: orders.map(({ powerKw }) => powerKw),
        ...(state.allowedKw === undefined ? {} : { freePowerKw: times.map((time) => wished(thing, time, state)) }),
        reasons,
      }
    })
  return {
    id: `plan-${start}`,
    site: SITE,
    madeAt: local(state.now - 42_000),
    start: local(start),
    step: 'PT15M',
    slots,
    devices,
    inflexibleKw: times.map((time) =>
      things.filter(({ kind }) => kind === 'pv').reduce((sum, thing) => sum + wished(thing, time, state), 0),
    ),
    consumptionPrice: times.map(price),
    productionPrice: times.map((time) => price(time) * 0.6),
    currency: 'EUR',
    objective: 184.327,
    bound: 184.291,
    gap: 0.0002,
    solver: 'HiGHS 1.15',
    solveMs: 412,
    brokenWishes: [
      {
        device: 'CP003',
        asset: byDevice('CP003')!.asset,
        name: 'soc-minima',
        at: local(Math.ceil(state.now / (24 * HOUR)) * 24 * HOUR + 11 * HOUR),
        missingKwh: 16.2,
        because: 'V2G003 : la borne donne 22 kW et le départ est à 07:00.',
      },
    ],
    trigger: state.allowedKw === undefined ? 'toutes les 5 minutes' : 'nouvelle limite du réseau',
    fallback: null,
  }
}
