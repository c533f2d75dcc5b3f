/**
 * The tariffs that stations hold: a station of OCPP 2.1 prices by itself (I07, I09, I10), others show a text. What holds at a station is laid on it
 * when it boots or returns and whenever a choice or a tariff changes. A tariff that a station cannot price as we do is not laid on it.
 */
import { createHash } from 'node:crypto'
import { type Clock, describeError, formatInstant, type Instant, isProblem, type Log, Problem, say } from '#kernel'
import type { V21 } from '#protocols/ocpp'
import { asTimestamp, type Store } from '#store'
import type { CommandOutcome, Commands } from '../commands.ts'
import { SAYING } from '../saying.ts'
import type { Station } from '../station.ts'
import type { TariffBook } from './book.ts'
import { toOcppTariff } from './ocpp-tariff.ts'
import { sayTariff } from './say-tariff.ts'
import { hasFallbackText, pricesItself, refusalOf, showsPrices16 } from './station-support.ts'
import type { Tariff } from './tariff.ts'

/** A tariff that was laid on a station, or was to be. */
export interface HeldTariff {
  /** 0: all of them. */
  evse: number
  tariff: string
  /** Its id at the station. */
  sentAs: string
  /** 'tariff': the station prices by itself; 'text': it only shows the price. */
  way: 'tariff' | 'text'
  /** 'Accepted', or the word of the refusal. */
  status: string
  reason: string | null
  at: string
}

export interface StationTariffs {
  /** Lays what holds there on a station that is here. Never throws: what was refused is noted. */
  sync(station: Station): Promise<void>
  /** The same for all of them, some at a time; what changes meanwhile is laid too. */
  syncAll(stations: Iterable<Station>): Promise<void>
  /** What was laid on it, and what it refused last. */
  list(identity: string): Promise<HeldTariff[]>
  /** Asks a station of 2.1 what it holds. @throws those of `Commands.send` */
  ask(station: Station, by?: string): Promise<V21.GetTariffsResponse>
  /** Takes all tariffs from a station of 2.1; they are laid again when it boots. @throws those of `Commands.send` */
  clear(station: Station, by?: string): Promise<V21.ClearTariffsResponse>
  /** Changes the tariff of a running session at a station that prices by itself; undefined at one that does not. @throws those of `Commands.send` */
  change(station: Station, transaction: string, tariff: Tariff, by?: string): Promise<CommandOutcome | undefined>
  /** The tariff for a driver whose token has one of its own (I08), for a station that prices by itself. */
  forDriver(station: Station, token: string): V21.TariffType | undefined
}

interface Row {
  evse_id: number
  tariff: string
  sent_as: string
  way: 'tariff' | 'text'
  status: string
  reason: string | null
  at: Instant
}

/** What is to be laid on one EVSE, or on all (0). */
interface Wanted {
  evse: number
  tariff: Tariff
  written: V21.TariffType
  lost: string[]
}

/** Content decides the id: a station refuses another content under an id that it knows. */
function written(tariff: Tariff): { written: V21.TariffType; lost: string[] } {
  const { last_updated: _, ...content } = tariff
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 8)
  const { tariff: made, lost } = toOcppTariff(tariff)
  const said = (language: 'fr' | 'en') => ({ format: 'UTF8' as const, language, content: sayTariff(tariff, language).slice(0, 512) })
  return { written: { ...made, tariffId: `${tariff.id}.${digest}`, description: [said('fr'), said('en')] }, lost }
}

/** A station of 2.1 that knows nothing of tariffs shows a text like others. */
const isUnknownThere = (error: unknown): boolean =>
  isProblem(error) && ['NotSupported', 'NotImplemented'].includes(String(error.details?.['code']))

/** Why a tariff is not even sent. */
function whyNot(station: Station, tariff: V21.TariffType, lost: readonly string[]): { status: string; reason: string } | undefined {
  if (lost.length > 0) return { status: 'NotExact', reason: say(SAYING.tariffNotExact, { what: lost.join(', ') }) }
  const status = refusalOf(station, tariff)
  return status && { status, reason: say(SAYING.tariffTooMuch, { answer: status }) }
}

export interface StationTariffParts {
  store: Store
  clock: Clock
  log: Log
  book: TariffBook
  commands: Commands
  zone: string
}

/** So many stations are told at a time. */
const AT_ONCE = 50

export function openStationTariffs({ store, clock, log, book, commands, zone }: StationTariffParts): StationTariffs {
  const busy = new Map<string, Promise<void>>()

  const wantedAt = ({ record: { identity } }: Station): Wanted[] => {
    const own = book.choices().filter(({ scope, key }) => scope === 'evse' && key.startsWith(`${identity}/`))
    const evses = own.map(({ key }) => Number(key.slice(identity.length + 1))).filter((evse) => Number.isInteger(evse) && evse > 0)
    return [0, ...evses].flatMap((evse) => {
      const tariff = book.tariffFor({ station: identity, evse })
      return tariff ? [{ evse, tariff, ...written(tariff) }] : []
    })
  }
  const rowsOf = (identity: string) =>
    store.query<Row>('select * from cariflex.station_tariff where station = $1 order by evse_id', [identity])
  const note = (station: Station, way: Row['way'], wanted: Wanted, status: string, reason?: string) =>
    store.query(
      `insert into cariflex.station_tariff (station, evse_id, tariff, sent_as, way, status, reason, at) values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (station, evse_id) do update set tariff = excluded.tariff, sent_as = excluded.sent_as, way = excluded.way,
         status = excluded.status, reason = excluded.reason, at = excluded.at`,
      [
        ...[station.record.identity, wanted.evse, wanted.tariff.id, wanted.written.tariffId, way, status, reason ?? null],
        asTimestamp(clock.now()),
      ],
    )
  const forget = (identity: string, but: readonly number[] = []) =>
    store.query('delete from cariflex.station_tariff where station = $1 and evse_id <> all ($2::int[])', [identity, but])

  /** The word and the reason of an answer or of what went wrong. */
  const send = async (station: Station, action: string, payload: object): Promise<{ status: string; reason?: string }> => {
    try {
      const { status, payload: answer } = await commands.send(station, action, payload as never)
      const [one] = (answer['setVariableResult'] as { attributeStatus: string }[] | undefined) ?? []
      if (one) return { status: one.attributeStatus }
      const info = answer['statusInfo'] as { reasonCode?: string; additionalInfo?: string } | undefined
      const reason = [info?.reasonCode, info?.additionalInfo].filter((part) => part !== undefined).join(': ')
      return { status, ...(reason !== '' && { reason }) }
    } catch (error) {
      if (!isProblem(error)) throw error
      const code = error.details?.['code']
      return { status: typeof code === 'string' ? code : error.code, reason: error.message }
    }
  }

  const ask: StationTariffs['ask'] = async (station, by) =>
    (await commands.send(station, 'GetTariffs', { evseId: 0 }, by)).payload as unknown as V21.GetTariffsResponse

  const lay = async (station: Station, wanted: Wanted): Promise<void> => {
    const { written: tariff, lost, evse } = wanted
    const refusal = whyNot(station, tariff, lost)
    if (refusal) return void (await note(station, 'tariff', wanted, refusal.status, refusal.reason))
    let answer = await send(station, 'SetDefaultTariff', { evseId: evse, tariff })
    if (answer.status === 'DuplicateTariffId') {
      await send(station, 'ClearTariffs', { tariffIds: [tariff.tariffId] })
      answer = await send(station, 'SetDefaultTariff', { evseId: evse, tariff })
    }
    await note(station, 'tariff', wanted, answer.status, answer.reason)
  }
  const layAll = async (station: Station, wanted: readonly Wanted[]): Promise<void> => {
    const { identity } = station.record
    const { tariffAssignments: held = [] } = await ask(station)
    const defaults = held.filter(({ tariffKind }) => tariffKind === 'DefaultTariff')
    const isHeld = ({ evse, written: { tariffId } }: Wanted) =>
      defaults.some((one) => one.tariffId === tariffId && (evse === 0 || !one.evseIds?.length || one.evseIds.includes(evse)))
    const outdated = [...new Set(defaults.map(({ tariffId }) => tariffId))].filter(
      (id) => !wanted.some(({ written: { tariffId } }) => tariffId === id),
    )
    if (outdated.length > 0) await send(station, 'ClearTariffs', { tariffIds: outdated })
    await forget(
      identity,
      wanted.map(({ evse }) => evse),
    )
    // One for all EVSEs takes the place of those that single ones have: they are laid after it.
    const allAnew = wanted.some((one) => one.evse === 0 && !isHeld(one))
    for (const one of wanted)
      if (allAnew || !isHeld(one)) await lay(station, one)
      else await note(station, 'tariff', one, 'Accepted')
  }

  /** A price that is only shown: of 1.6 the key DefaultPrice, of 2.x the text that stands in for one that cannot be asked for (I04). */
  const layText = async (station: Station, wanted: Wanted | undefined, before: Row | undefined): Promise<void> => {
    if (!wanted) return void (await forget(station.record.identity))
    if (before?.way === 'text' && before.status === 'Accepted' && before.sent_as === wanted.written.tariffId) return
    const text = sayTariff(wanted.tariff, 'fr').slice(0, 512)
    const isOld = showsPrices16(station)
    const answer = isOld
      ? await send(station, 'ChangeConfiguration', { key: 'DefaultPrice', value: JSON.stringify({ priceText: text }).slice(0, 500) })
      : await send(station, 'SetVariables', {
          setVariableData: [{ attributeValue: text, component: { name: 'TariffCostCtrlr' }, variable: { name: 'TariffFallbackMessage' } }],
        })
    await note(station, 'text', wanted, answer.status, answer.reason)
  }

  const syncNow = async (station: Station): Promise<void> => {
    if (!station.session || station.record.boot !== 'Accepted') return
    const wanted = wantedAt(station)
    const rows = await rowsOf(station.record.identity)
    if (wanted.length === 0 && rows.length === 0) return
    if (pricesItself(station)) {
      const refusal = await layAll(station, wanted).catch((error: unknown) => error)
      if (refusal === undefined) return
      if (!hasFallbackText(station) || !isUnknownThere(refusal)) throw refusal
    }
    if (showsPrices16(station) || hasFallbackText(station)) await layText(station, wanted[0], rows[0])
  }

  /** One after another for each station: what changes meanwhile is laid by the last. */
  const sync: StationTariffs['sync'] = (station) => {
    const { identity } = station.record
    const next = (busy.get(identity) ?? Promise.resolve()).then(() =>
      syncNow(station).catch(async (error: unknown) => {
        const [first] = wantedAt(station)
        const code = isProblem(error) ? error.details?.['code'] : undefined
        if (first && typeof code === 'string') await note(station, 'tariff', first, code, describeError(error)).catch(() => undefined)
        log.info({ station: identity, error: describeError(error) }, 'the tariffs of a station could not be laid')
      }),
    )
    busy.set(identity, next)
    return next.finally(() => {
      if (busy.get(identity) === next) busy.delete(identity)
    })
  }

  return {
    sync,
    async syncAll(stations) {
      const waiting = [...stations].filter(({ session }) => session !== undefined)
      while (waiting.length > 0) await Promise.all(waiting.splice(0, AT_ONCE).map(sync))
    },
    async list(identity) {
      return (await rowsOf(identity)).map(({ evse_id, sent_as, at, ...row }) => ({
        ...{ evse: evse_id, tariff: row.tariff, sentAs: sent_as, way: row.way, status: row.status, reason: row.reason },
        at: formatInstant(at, zone),
      }))
    },
    ask,
    async clear(station, by) {
      const { payload } = await commands.send(station, 'ClearTariffs', {}, by)
      await forget(station.record.identity)
      return payload as unknown as V21.ClearTariffsResponse
    },
    async change(station, transactionId, tariff, by) {
      if (!pricesItself(station)) return undefined
      const { written: made, lost } = written(tariff)
      const refusal = whyNot(station, made, lost)
      if (refusal) throw new Problem('tariff-not-for-station', refusal.reason, { status: 409, hint: say(SAYING.chooseSimplerTariff) })
      return commands.send(station, 'ChangeTransactionTariff', { transactionId, tariff: made as never }, by)
    },
    forDriver(station, token) {
      const hasOwn = book.choices().some(({ scope, key }) => scope === 'token' && key.toLowerCase() === token.toLowerCase())
      if (!hasOwn || !pricesItself(station)) return undefined
      const tariff = book.tariffFor({ station: station.record.identity, token })
      if (!tariff) return undefined
      const { written: made, lost } = written(tariff)
      return whyNot(station, made, lost) ? undefined : made
    },
  }
}
