// The charging room of the invented island: sessions with bills, commands with effects, variables, certificates, badges, tariffs, webhooks, the page of a driver.
import { local, type State } from './mock-island.ts'

const HOUR = 3_600_000
type Body = Record<string, unknown>
export interface Reply {
  status: number
  body?: unknown
}

const TARIFF = {
  id: 'ISLAND',
  currency: 'EUR',
  elements: [
    {
      price_components: [{ type: 'ENERGY', price: 0.22, vat: 8.5, step_size: 1 }],
      restrictions: { start_time: '22:00', end_time: '06:00' },
    },
    {
      price_components: [
        { type: 'FLAT', price: 0.5, vat: 8.5, step_size: 1 },
        { type: 'ENERGY', price: 0.35, vat: 8.5, step_size: 1 },
        { type: 'PARKING_TIME', price: 3, vat: 8.5, step_size: 300 },
      ],
    },
  ],
}
const SAID = {
  fr: '0,50 EUR au démarrage ; 0,22 EUR/kWh de 22:00 à 06:00, sinon 0,35 EUR/kWh ; stationnement 3,00 EUR/h. Hors TVA 8,5 %.',
  en: '0.50 EUR at the start; 0.22 EUR/kWh from 22:00 to 06:00, else 0.35 EUR/kWh; parking 3.00 EUR/h. VAT 8.5 % comes on top.',
}
const line = (dimension: string, price: string, quantity: string, excl: string, incl: string) => ({
  dimension,
  tariff_id: 'ISLAND',
  element: 1,
  price,
  vat: '8.5',
  quantity,
  excl_vat: excl,
  incl_vat: incl,
  why: `Element 1 of the tariff 'ISLAND' sets this price.`,
})
const BILL = {
  currency: 'EUR',
  total: { excl_vat: '6.94', incl_vat: '7.53' },
  before_clamp: null,
  lines: [line('FLAT', '0.5', '1', '0.50', '0.54'), line('ENERGY', '0.35', '18.4', '6.44', '6.99')],
  issues: [],
}
const CODE = 'Zb3kT0qx'

export function chargingOf(state: State) {
  const at = (before: number) => local(state.now - before)
  // A session begins once: its page keeps what is being typed as long as it is the same session.
  const began = at(2 * HOUR)
  const commands: Body[] = []
  const badges = new Map<string, Body>()
  const unknown = new Map([['04A2F7B1C38E80', { type: 'ISO14443', station: 'CP004' }]])
  const tariffs = new Map<string, Body>([['ISLAND', TARIFF]])
  let choices: Body[] = [
    { scope: 'all', key: '', tariff: 'ISLAND' },
    { scope: 'token', key: 'MARIE-01', tariff: 'ISLAND' },
  ]
  const hooks = new Map<string, Body>()
  let wish: Body | null = null
  let isProfileAsked = false
  const badge = (token: string, given: Body = {}) => {
    const { validUntil = null, ...rest } = given
    badges.set(token, {
      ...{ token, type: null, status: 'Accepted', nickname: null, group: null, master: false, vehicle: null, places: null },
      ...{ language: null, message: null, cacheSeconds: null, local: true, concurrent: true, lastUsedAt: null, validUntil },
      ...rest,
    })
  }
  badge('MARIE-01', { type: 'Central', nickname: 'Marie', group: 'famille' })
  badge('04E1F2A3B4C5D6', { type: 'ISO14443', nickname: 'Véhicule de service', status: 'Blocked', places: ['CP004', 'CP005/1'] })
  const hook = (id: string, given: Body) => hooks.set(id, { id, about: null, description: null, createdAt: at(48 * HOUR), ...given })
  hook('hook-1', { url: 'https://example.org/cariflex', events: ['device.*', 'alarm.raised'], description: 'Supervision' })
  const command = (action: string, payload: unknown, status: string, by: string | null, effect: Body | null = null) =>
    commands.unshift({
      id: commands.length + 1,
      ...{ action, payload, by, at: at(0), status, answer: { status }, took: 84 },
      ...{ effect, effectAt: effect ? at(-2000) : null },
    })
  command('GetBaseReport', { requestId: 1, reportBase: 'FullInventory' }, 'Accepted', null, { message: 'NotifyReport', parts: 3 })
  command('TriggerMessage', { requestedMessage: 'StatusNotification' }, 'Accepted', 'ana@example.org', { message: 'StatusNotification' })

  const session = (station: string, index: number) => ({
    station,
    id: index === 0 ? `7c2f-${station}` : `6b1e-${station}-${index}`,
    ...{ evse: 1, connector: 1, token: 'MARIE-01', tokenStatus: 'Accepted', vehicle: 32 },
    startedAt: at((3 + index * 20) * HOUR),
    endedAt: index === 0 ? null : at((1 + index * 20) * HOUR),
    stoppedReason: index === 0 ? null : 'EVDisconnected',
    energyKwh: 18.4 + index,
    exportedKwh: 0,
    chargingState: index === 0 ? 'Charging' : null,
    ...{ remoteStartId: null, reservation: null, events: 42, complete: index !== 2, flags: index === 2 ? ['offline'] : [] },
  })
  const signed = { signedMeterData: 'T0NNRnx7IkZWIjoiMS4wIn0=', encodingMethod: 'OCMF', signingMethod: '', publicKey: '' }
  const event = (seqNo: number, type: string, context: string, before: number) => ({
    ...{
      seqNo,
      type,
      trigger: type === 'Updated' ? 'MeterValuePeriodic' : 'CablePluggedIn',
      at: at(before),
      receivedAt: at(before),
      offline: false,
    },
    payload: {
      eventType: type,
      meterValue: [
        { timestamp: at(before), sampledValue: [{ value: 1200, context, ...(type === 'Updated' ? {} : { signedMeterValue: signed }) }] },
      ],
    },
  })
  const variable = (component: string, name: string, value: string, more: Body = {}) => ({
    key: `${component}/${name}#actual`.toLowerCase(),
    component,
    variable: name,
    ...{ evse: null, value, mutability: 'ReadWrite', dataType: 'integer', unit: null, valuesList: null },
    ...more,
  })
  const variables = [
    variable('ChargingStation', 'Model', 'Sim-22', { dataType: 'string', mutability: 'ReadOnly' }),
    variable('OCPPCommCtrlr', 'HeartbeatInterval', '60', { unit: 's' }),
    variable('AuthCtrlr', 'LocalPreAuthorize', 'true', { dataType: 'boolean' }),
    variable('EVSE', 'Power', '22000', { unit: 'W', key: 'evse@1/power#actual', evse: 1, mutability: 'ReadOnly', dataType: 'decimal' }),
  ]

  function station(method: string, parts: string[], ask: URLSearchParams, body: Body): unknown {
    const [, identity = '', what, more] = parts
    if (what === 'commands' && method === 'POST') {
      const refused = body['action'] === 'Reset'
      const payload = refused ? { status: 'Rejected', statusInfo: { reasonCode: 'TxInProgress' } } : { status: 'Accepted' }
      command(String(body['action']), body['payload'], payload.status, 'ana@example.org')
      return { status: payload.status, payload, took: 84 }
    }
    if (what === 'commands') return commands.slice(0, Number(ask.get('limit') ?? 50))
    if (what === 'variables' && method === 'PATCH') return [{ attributeStatus: 'Accepted' }]
    if (what === 'variables' && more === 'report') return { status: 'Accepted', variables: 4 }
    if (what === 'variables' && more === 'history')
      return [
        { at: at(2 * HOUR), value: '60', origin: 'set' },
        { at: at(50 * HOUR), value: '300', origin: 'report' },
      ]
    if (what === 'variables') return variables.filter(({ key }) => key.includes((ask.get('search') ?? '').toLowerCase()))
    if (what === 'certificates')
      return {
        issued: [
          {
            ...{ fingerprint: 'ab'.repeat(32), kind: 'station', uses: [], station: identity, serial: '5f2a', pem: '', state: 'current' },
            ...{ subject: `CN=${identity}, O=Cariflex`, issuer: 'CN=Cariflex Root', from: at(240 * HOUR), until: at(-2400 * HOUR) },
            ...{ revokedAt: null, revokedBecause: null, createdAt: at(240 * HOUR) },
          },
        ],
        installed: [
          {
            type: 'CSMSRootCertificate',
            subject: 'CN=Cariflex Root',
            position: 0,
            toldAt: at(HOUR),
            hash: { serialNumber: '1' },
            children: [],
          },
        ],
      }
    if (what === 'security-events')
      return [
        {
          id: 1,
          station: identity,
          type: 'StartupOfTheDevice',
          at: at(5 * HOUR),
          receivedAt: at(5 * HOUR),
          address: '10.0.0.4',
          info: null,
        },
      ]
    if (what === 'events')
      return [
        {
          id: 1,
          at: at(HOUR),
          component: 'EVSE',
          variable: 'Temperature',
          value: '71',
          severity: 5,
          cleared: true,
          trigger: 'Alerting',
          kind: 'x',
        },
      ]
    if (what === 'evses') return { code: CODE, path: `/driver/${CODE}` }
    if (what === 'profiles') {
      if (more === 'ask') isProfileAsked = true
      const kept = { at: at(HOUR), until: null, status: 'Accepted', reason: null, deviation: null, heldKw: null }
      const schedule = (limit: number) => ({ id: 1, unit: 'W', start: at(HOUR), duration: null, periods: [{ startPeriod: 0, limit }] })
      const profile = (id: number, purpose: string, limit: number) => ({
        ...{ evse: id > 2 ? 1 : 0, id, purpose, kind: 'Absolute', stack: 0, transaction: null, schedules: [schedule(limit)] },
      })
      const laid = [profile(1, 'ChargingStationMaxProfile', 22_000), profile(3, 'TxProfile', 6900), profile(2, 'TxDefaultProfile', 4140)]
      const foreign = { ...profile(77, 'ChargingStationExternalConstraints', 9000), source: 'EMS', ours: false }
      return {
        ...{ evse: 1, laid: laid.map((one) => ({ ...kept, ...one })) },
        told: isProfileAsked ? { at: at(0), profiles: [foreign, ...laid.map((one) => ({ ...one, source: 'CSO', ours: true }))] } : null,
        composite: isProfileAsked ? { ...schedule(6900), at: at(0), evse: 1 } : null,
      }
    }
    if (what === 'card')
      return {
        ...{ vendor: 'Cariflex', model: 'Sim-22', protocol: '2.0.1' },
        card: {
          units: ['W', 'A'],
          maxPeriods: 24,
          maxStackLevel: 9,
          phaseSwitching: false,
          step: 0.1,
          minCurrent: 6,
          negative: false,
          dynamic: false,
        },
        ...{ learned: { form: 'tx W' }, said: {} },
      }
    if (what === 'transactions') return { tariff: TARIFF, bill: BILL, isFinal: !parts[3]?.startsWith('7c2f') }
    return undefined
  }

  const judged = (given: Body) => {
    const wanted = Number(given['energyKwh'] ?? 20)
    const missing = Math.max(0, wanted - 22)
    return {
      ...{ session: '7c2f-CP004', station: 'CP004', evse: 1, said: true, wish: given, feasible: missing === 0, energyKwh: wanted },
      ...{ reachableKwh: wanted - missing, missingKwh: missing, by: local(state.now + 3 * HOUR), ready: local(state.now + 2 * HOUR) },
      ...{ cost: 7, currency: 'EUR', uncertain: false },
      reasons: [
        `About 7.00 EUR for ${(wanted - missing).toFixed(1)} kWh.`,
        ...(missing > 0 ? [`${missing.toFixed(1)} kWh will be missing at 07:00.`, 'At most 22.0 kW can flow into the car.'] : []),
      ],
    }
  }
  /** The page of a driver: nobody is signed in. */
  function driver(method: string, parts: string[], ask: URLSearchParams, body: Body): Reply {
    if (parts[1] !== CODE)
      return {
        status: 404,
        body: {
          title: 'unknown-code',
          status: 404,
          detail: 'No charger has this code.',
          code: 'unknown-code',
          hint: 'Scan the code again.',
        },
      }
    if (method === 'PUT') {
      if (ask.get('dryRun') !== 'true') wish = body
      return { status: 200, body: { data: judged(body) } }
    }
    return {
      status: 200,
      body: {
        data: {
          price: { text: SAID, perKwh: 0.38, currency: 'EUR', soFar: 4.61 },
          ...{ station: 'CP004', name: 'CP004 · Le Diamant', evse: 1, online: true, plugged: true },
          session: { startedAt: began, energyKwh: 11.2, powerKw: 6.9, socPercent: 48, authorized: true },
          now: { kw: 6.9, because: 'The grid asks for at most 6.9 kW.', until: local(state.now + HOUR) },
          wish: wish ? judged(wish) : { ...judged({}), said: false },
        },
      },
    }
  }

  const ok = (data: unknown, status = 200): Reply => ({ status, body: { data } })
  /** Undefined: not of this room. */
  return {
    driver,
    answer(method: string, path: string, ask: URLSearchParams, body: Body): Reply | undefined {
      const parts = path.split('/').slice(1).map(decodeURIComponent)
      const [room, name = '', third] = parts
      if (room === 'stations' && parts.length > 2) {
        const data = station(method, parts, ask, body)
        return data === undefined ? undefined : ok(data)
      }
      if (room === 'charging' && name === 'sessions')
        return third === undefined
          ? ok([0, 1, 2].map((index) => session(ask.get('station') ?? 'CP004', index)))
          : ok({
              ...[0, 1, 2].map((index) => session(third, index)).find(({ id }) => id === parts[3])!,
              list: [
                event(0, 'Started', 'Transaction.Begin', 3 * HOUR),
                event(1, 'Updated', 'Sample.Periodic', 2 * HOUR),
                event(2, 'Ended', 'Transaction.End', HOUR),
              ],
            })
      if (room === 'charging' && name === 'samples') {
        const from = Date.parse(ask.get('from')!)
        const until = Date.parse(ask.get('until')!)
        const count = Math.floor((until - from) / 60_000)
        return ok(
          Array.from({ length: count }, (_, index) => ({
            at: local(from + index * 60_000),
            kw: index < count * 0.8 ? 6.9 : 2,
            soc: Math.min(80, 30 + Math.round((index / count) * 50)),
          })),
        )
      }
      if (room === 'charging' && name === 'badges') {
        if (third === undefined) return ok([...badges.values()])
        if (method === 'DELETE') badges.delete(third)
        else {
          badge(third, body)
          unknown.delete(third)
        }
        return ok(badges.get(third) ?? { removed: third })
      }
      if (room === 'charging' && name === 'unknown-badges') {
        if (method === 'DELETE') unknown.delete(third!)
        return ok([...unknown].map(([token, one]) => ({ token, ...one, firstAt: at(4 * HOUR), lastAt: at(0.3 * HOUR), times: 3 })))
      }
      if (room === 'tariffs' && name === 'preview') return ok({ said: SAID, ...(body['session'] === undefined ? {} : { bill: BILL }) })
      if (room === 'tariffs') {
        if (method === 'PUT') tariffs.set(name, { ...body, id: name })
        if (method === 'DELETE') return tariffs.delete(name) ? { status: 204 } : undefined
        const all = [...tariffs.values()].map((tariff) => ({ tariff, said: SAID }))
        return ok(method === 'PUT' ? all.find(({ tariff }) => tariff['id'] === name) : all)
      }
      if (room === 'tariff-choices') {
        if (method === 'PUT') {
          choices = choices.filter(({ scope, key }) => scope !== body['scope'] || key !== body['key'])
          if (body['tariff'] !== null) choices.push(body)
        }
        return ok(choices)
      }
      if (room === 'webhooks') {
        if (third === 'deliveries')
          return {
            status: 200,
            body: {
              total: 2,
              data: [
                {
                  id: 2,
                  type: 'device.plugged',
                  createdAt: at(HOUR),
                  sentAt: at(HOUR),
                  failedAt: null,
                  nextTry: null,
                  tries: 1,
                  error: null,
                },
                {
                  id: 1,
                  type: 'alarm.raised',
                  createdAt: at(2 * HOUR),
                  sentAt: null,
                  failedAt: null,
                  nextTry: local(state.now + HOUR),
                  tries: 3,
                  error: 'HTTP 503',
                },
              ],
            },
          }
        if (third === 'test') return ok({}, 202)
        if (method === 'DELETE') return hooks.delete(name) ? { status: 204 } : undefined
        if (method === 'POST') {
          const id = `hook-${hooks.size + 1}`
          hook(id, body)
          return ok({ ...hooks.get(id), secret: 'whsec_c2VjcmV0LW9uY2U' }, 201)
        }
        return ok([...hooks.values()])
      }
      return undefined
    },
  }
}
