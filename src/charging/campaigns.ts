/**
 * Firmware for many stations, in waves: first one station, then some, then the rest. A wave begins when the one before it went well; when too many
 * failed the campaign stops by itself. Each station is one errand (`errands.ts`); who is away is asked when it is back.
 */
import { after, type Clock, describeError, formatInstant, HOUR, type Instant, isProblem, type Log, Problem, say } from '#kernel'
import { asJson, asTimestamp, type Store } from '#store'
import { isGranted } from './effects.ts'
import type { Errands, FirmwareOrder } from './errands.ts'
import { SAYING } from './saying.ts'
import type { Station } from './station.ts'

export interface CampaignWish {
  name: string
  /** Which stations; all must be known. */
  stations: readonly string[]
  firmware: FirmwareOrder
  /** Percent of the stations that were asked after each wave, rising; a wave has at least one station, what is left comes last. */
  shares?: readonly number[]
  /** Not before; default: now. */
  startsAt?: Instant
  /** It stops when so many stations failed. */
  mostFailures?: number
}

export type CampaignState = 'running' | 'stopped' | 'done'
export type CampaignStationState = 'waiting' | 'sent' | 'done' | 'failed'

/** A campaign in a list; moments in the zone that was asked for. */
export interface Campaign {
  id: number
  name: string
  firmware: FirmwareOrder
  state: CampaignState
  wave: number
  waves: number
  startsAt: string
  mostFailures: number
  by: string | null
  askedAt: string
  counts: Record<CampaignStationState, number>
}

export interface CampaignStation {
  station: string
  wave: number
  state: CampaignStationState
  /** Last word of the station on it, such as Downloading. */
  status: string | null
  requestId: number | null
  tries: number
  said: string | null
  changedAt: string
}

export interface Campaigns {
  /** @throws Problem `unknown-station` (404), `no-stations` (422), `unknown-file` (404) */
  start(wish: CampaignWish, by?: string): Promise<number>
  list(zone: string): Promise<Campaign[]>
  /** One with its stations. @throws Problem `unknown-campaign` (404) */
  view(id: number, zone: string): Promise<Campaign & { stations: CampaignStation[] }>
  /** Nothing more is sent; what is on its way goes on. @throws Problem `unknown-campaign`, `campaign-over` (409) */
  stop(id: number): Promise<void>
  /** Goes on; those that failed until now do not stop it again. @throws Problem `unknown-campaign`, `campaign-over` (409) */
  resume(id: number): Promise<void>
  /** Has those that failed try again, or one of them. @throws Problem `unknown-campaign`, `nothing-failed` (409) */
  retry(id: number, station?: string): Promise<void>
  /** Looks what became of the errands and sends what may be sent; called every minute, and when an errand ended. */
  advance(): Promise<void>
}

export interface CampaignParts {
  store: Store
  clock: Clock
  log: Log
  errands: Errands
  stations: ReadonlyMap<string, Station>
  /** @throws Problem `unknown-file` when there is no file of that number */
  checkFile(file: number): Promise<unknown>
}

/** One, a tenth, the rest. */
export const SHARES: readonly number[] = [0, 10, 100]
/** Stations of one campaign that fetch at once: the line out of here is theirs together. */
const AT_ONCE = 50
/** A station that says nothing more for so long has failed. */
const SILENCE = 12 * HOUR

interface Row {
  id: number
  firmware: FirmwareOrder
  wave: number
  waves: number
  most_failures: number
  forgiven: number
  state: CampaignState
  asked_by: string | null
}

/** Which wave each of `count` stations belongs to, in their order. */
export function wavesOf(count: number, shares: readonly number[]): number[] {
  const waves: number[] = []
  let wave = 0
  for (const share of [...shares, 100]) {
    if (waves.length >= count) break
    const until = Math.min(count, Math.max(waves.length + 1, Math.round((count * share) / 100)))
    while (waves.length < until) waves.push(wave)
    wave++
  }
  return waves
}

export function openCampaigns({ store, clock, log, errands, stations, checkFile }: CampaignParts): Campaigns {
  const now = () => asTimestamp(clock.now())
  /** What became of a try. */
  const mark = (campaign: number, station: string, state: 'sent' | 'failed', more: { request?: number; said?: string } = {}) =>
    store.query(
      `update cariflex.firmware_campaign_station set state = $3, request_id = coalesce($4, request_id), said = $5, changed_at = $6,
         tries = tries + 1 where campaign = $1 and station = $2`,
      [campaign, station, state, more.request ?? null, more.said ?? null, now()],
    )

  /** Takes over how errands ended, and gives up on those that say nothing. */
  const settle = async () => {
    await store.query(
      `update cariflex.firmware_campaign_station s set changed_at = $1, said = e.status,
         state = case when e.outcome = 'done' then 'done' else 'failed' end
       from cariflex.station_errand e
       where s.state = 'sent' and e.kind = 'firmware' and e.station = s.station and e.request_id = s.request_id and e.outcome <> 'running'`,
      [now()],
    )
    // Whoever was told to wait with fetching or installing may be silent until then.
    await store.query(
      `update cariflex.firmware_campaign_station s set state = 'failed', said = 'silent', changed_at = $1
       from cariflex.station_errand e, cariflex.firmware_campaign c
       where s.state = 'sent' and c.id = s.campaign and e.kind = 'firmware' and e.station = s.station and e.request_id = s.request_id
         and greatest(e.changed_at, to_timestamp(greatest((c.firmware->>'retrieveAt')::float, (c.firmware->>'installAt')::float) / 1000)) < $2`,
      [now(), asTimestamp(after(clock.now(), -SILENCE))],
    )
  }

  /** Whether the station was asked: who is gone or not ready meanwhile is asked later. */
  const ask = async (row: Row, identity: string): Promise<boolean> => {
    try {
      const answer = await errands.updateFirmware(stations.get(identity)!, row.firmware, row.asked_by ?? undefined)
      const granted = isGranted(answer.status)
      await mark(row.id, identity, granted ? 'sent' : 'failed', { request: answer.requestId, ...(granted ? {} : { said: answer.status }) })
    } catch (error) {
      if (isProblem(error) && (error.code === 'station-offline' || error.code === 'boot-not-accepted')) return false
      await mark(row.id, identity, 'failed', { said: isProblem(error) ? error.code : 'failed' })
      if (!isProblem(error))
        log.warn({ station: identity, campaign: row.id, error: describeError(error) }, 'firmware could not be asked for')
    }
    return true
  }

  const setState = (id: number, state: CampaignState) =>
    store.query('update cariflex.firmware_campaign set state = $2 where id = $1', [id, state])

  /** One turn of a campaign; true when something changed, so that another turn may do more. */
  const turn = async (row: Row): Promise<boolean> => {
    const all = await store.query<{ station: string; wave: number; state: CampaignStationState }>(
      'select station, wave, state from cariflex.firmware_campaign_station where campaign = $1 order by wave, station',
      [row.id],
    )
    const failed = all.filter(({ state }) => state === 'failed').length
    if (failed - row.forgiven >= row.most_failures) {
      await setState(row.id, 'stopped')
      log.warn({ campaign: row.id, failed }, 'a firmware campaign stopped: too many stations failed')
      return false
    }
    const open = all.filter(({ state }) => state === 'waiting' || state === 'sent')
    if (open.length === 0) {
      await setState(row.id, 'done')
      return false
    }
    const under = open.filter(({ state }) => state === 'sent').length
    const turnOf = open.filter(({ state, wave, station }) => state === 'waiting' && wave <= row.wave && stations.get(station)?.session)
    if (turnOf.length > 0) {
      const asked = await Promise.all(turnOf.slice(0, Math.max(0, AT_ONCE - under)).map(({ station }) => ask(row, station)))
      return asked.includes(true)
    }
    // A wave is over when none of it is on its way and somebody of it can tell; who is away does not hold the others up.
    const wave = all.filter((one) => one.wave === row.wave)
    const isOver = under === 0 && (wave.every(({ state }) => state !== 'waiting') || wave.some(({ state }) => state === 'done'))
    if (!isOver || row.wave + 1 >= row.waves) return false
    await store.query('update cariflex.firmware_campaign set wave = $2 where id = $1 and wave = $2 - 1', [row.id, row.wave + 1])
    return true
  }

  const running = () =>
    store.query<Row>(`select * from cariflex.firmware_campaign where state = 'running' and starts_at <= $1 order by id`, [now()])
  const advance = async () => {
    await settle()
    for (let again = true, turns = 0; again && turns < 100; turns++) {
      again = false
      for (const row of await running()) again = (await turn(row)) || again
    }
  }
  let going: Promise<void> = Promise.resolve()
  /** One after the other: two at once would ask a station twice. */
  const advanceInTurn = () => {
    going = going.then(advance, advance)
    return going
  }

  const need = async (id: number): Promise<Row> => {
    const row = await store.first<Row>('select * from cariflex.firmware_campaign where id = $1', [id])
    if (row) return row
    throw new Problem('unknown-campaign', say(SAYING.unknownCampaign, { count: String(id) }), {
      status: 404,
      hint: say(SAYING.seeCampaigns),
    })
  }
  const needOpen = async (id: number) => {
    const row = await need(id)
    if (row.state === 'done')
      throw new Problem('campaign-over', say(SAYING.campaignOver, { count: String(id) }), { status: 409, hint: say(SAYING.retryFailed) })
    return row
  }

  const select = `select c.*, count(*) filter (where s.state = 'waiting')::int as waiting, count(*) filter (where s.state = 'sent')::int as sent,
      count(*) filter (where s.state = 'done')::int as done, count(*) filter (where s.state = 'failed')::int as failed
    from cariflex.firmware_campaign c left join cariflex.firmware_campaign_station s on s.campaign = c.id`
  type Listed = Row & { name: string; starts_at: Instant; asked_at: Instant } & Record<CampaignStationState, number>
  const shown = (row: Listed, zone: string): Campaign => ({
    ...{ id: row.id, name: row.name, firmware: row.firmware, state: row.state, wave: row.wave, waves: row.waves, by: row.asked_by },
    startsAt: formatInstant(row.starts_at, zone),
    mostFailures: row.most_failures,
    askedAt: formatInstant(row.asked_at, zone),
    counts: { waiting: row.waiting, sent: row.sent, done: row.done, failed: row.failed },
  })

  return {
    async start({ name, stations: wanted, firmware, shares = SHARES, startsAt, mostFailures = 1 }, by) {
      const identities = [...new Set(wanted)]
      if (identities.length === 0)
        throw new Problem('no-stations', say(SAYING.noStations), { status: 422, hint: say(SAYING.chooseStations) })
      const unknown = identities.find((identity) => !stations.has(identity))
      if (unknown !== undefined)
        throw new Problem('unknown-station', say(SAYING.unknownStation, { station: unknown }), {
          status: 404,
          hint: say(SAYING.seeStations),
        })
      if (typeof firmware.location !== 'string') await checkFile(firmware.location.file)
      // Who is there goes first: the first wave shall tell something soon.
      const away = (identity: string) => (stations.get(identity)?.session ? 0 : 1)
      const order = identities.sort((a, b) => away(a) - away(b) || a.localeCompare(b))
      const waves = wavesOf(order.length, shares)
      const id = await store.transact(async (tx) => {
        const row = await tx.first<{ id: number }>(
          `insert into cariflex.firmware_campaign (name, firmware, waves, starts_at, most_failures, asked_by, asked_at)
           values ($1, $2, $3, $4, $5, $6, $7) returning id`,
          [name, asJson(firmware), waves.at(-1)! + 1, asTimestamp(startsAt ?? clock.now()), mostFailures, by ?? null, now()],
        )
        await tx.query(
          `insert into cariflex.firmware_campaign_station (campaign, station, wave, changed_at)
           select $1, station, wave, $4 from unnest($2::text[], $3::int[]) as given (station, wave)`,
          [row!.id, order, waves, now()],
        )
        return row!.id
      })
      void advanceInTurn()
      return id
    },
    async list(zone) {
      const rows = await store.query<Listed>(`${select} group by c.id order by c.id desc limit 200`)
      return rows.map((row) => shown(row, zone))
    },
    async view(id, zone) {
      await need(id)
      const row = await store.first<Listed>(`${select} where c.id = $1 group by c.id`, [id])
      const rows = await store.query<Omit<CampaignStation, 'requestId' | 'changedAt'> & { request_id: number | null; changed_at: Instant }>(
        `select s.station, s.wave, s.state, e.status, s.request_id, s.tries, s.said, greatest(s.changed_at, e.changed_at) as changed_at
         from cariflex.firmware_campaign_station s
         left join cariflex.station_errand e on e.kind = 'firmware' and e.station = s.station and e.request_id = s.request_id
         where s.campaign = $1 order by s.wave, s.station`,
        [id],
      )
      return {
        ...shown(row!, zone),
        stations: rows.map(({ request_id, changed_at, ...rest }) => ({
          ...rest,
          requestId: request_id,
          changedAt: formatInstant(changed_at, zone),
        })),
      }
    },
    async stop(id) {
      await needOpen(id)
      await setState(id, 'stopped')
    },
    async resume(id) {
      await needOpen(id)
      await store.query(
        `update cariflex.firmware_campaign c set state = 'running',
           forgiven = (select count(*) from cariflex.firmware_campaign_station where campaign = $1 and state = 'failed') where id = $1`,
        [id],
      )
      void advanceInTurn()
    },
    async retry(id, station) {
      await need(id)
      const again = await store.query(
        `update cariflex.firmware_campaign_station set state = 'waiting', said = null, changed_at = $3
         where campaign = $1 and state = 'failed' and ($2::text is null or station = $2) returning 1`,
        [id, station ?? null, now()],
      )
      if (again.length === 0)
        throw new Problem('nothing-failed', say(SAYING.nothingFailed), { status: 409, hint: say(SAYING.seeCampaigns) })
      await store.query(
        `update cariflex.firmware_campaign c set state = 'running',
           forgiven = (select count(*) from cariflex.firmware_campaign_station where campaign = $1 and state = 'failed') where id = $1`,
        [id],
      )
      void advanceInTurn()
    },
    advance: advanceInTurn,
  }
}
