/** Every message that a person, a program or a block of ours sends to a station: kept with its answer and with what followed from it. */
import { type Clock, describeError, formatInstant, type Instant, isProblem, type Log, Problem, say, type Timer } from '#kernel'
import { CallError, dialectOf, type Payload, v201 } from '#protocols/ocpp'
import { asJson, asTimestamp, type Store } from '#store'
import type { ChargingConfig } from './config.ts'
import { type Awaited, awaitedOf, effectOf, isGranted, triggeredBy } from './effects.ts'
import { redactFrame } from './redaction.ts'
import { SAYING } from './saying.ts'
import type { Station } from './station.ts'

export interface CommandOutcome {
  /** Under which it stands in the list of commands. */
  id: number
  /** The station's status word; 'Accepted' when the answer has none. */
  status: string
  payload: Payload
  /** Milliseconds. */
  took: number
}

/** A command as the list shows it. */
export interface ListedCommand {
  id: number
  action: string
  payload: Payload
  by: string | null
  at: string
  /** 'waiting', the station's word, or the code of what went wrong. */
  status: string
  answer: Payload | null
  /** Milliseconds. */
  took: number | null
  /** The message that followed from it, in few words; null = none yet, or none to come. */
  effect: Payload | null
  effectAt: string | null
}

export interface Commands {
  /**
   * Sends one message to a station and waits for its answer. It is kept before it goes out.
   * @throws Problem `station-offline` (503), `invalid-message` (422), `station-refused` (502), `no-answer` (504), `boot-not-accepted` (409),
   * `command-not-allowed` (403) for what its version does not have
   */
  send(station: Station, action: string, payload: Payload, by?: string): Promise<CommandOutcome>
  /** The same for what people send by hand. @throws Problem `command-not-allowed` (403) for limits and passwords, and those of `send` */
  byHand(station: Station, action: string, payload: Payload, by?: string): Promise<CommandOutcome>
  /** A message of the station: perhaps what a command waits for. Never throws. */
  heard(identity: string, action: string, payload: Payload): void
  /** Newest first. */
  list(identity: string, query: { before?: number; limit?: number }, zone: string): Promise<ListedCommand[]>
  /** Resolves when every effect heard until now is kept. */
  settled(): Promise<void>
  close(): void
}

/** What a CSMS of 2.0.1 may send. */
export const COMMANDS: readonly string[] = v201.actions.filter((action) => v201.mayCall('csms', action))
/** Refused by hand: limits come from the plan, overrides and the grid, with their reasons. */
const LIMITS = new Set(['SetChargingProfile', 'UpdateDynamicSchedule'])
const NOT_BY_HAND = new Set([...LIMITS, 'CertificateSigned'])

/** A command is looked after for so long, ms; firmware and logs take their time. */
const PATIENCE = { usual: 5 * 60_000, slow: 24 * 3_600_000 }
const SLOW = new Set(['UpdateFirmware', 'PublishFirmware', 'GetLog', 'ReserveNow', 'ChangeAvailability', 'Reset'])

/** What a station whose boot is not accepted may be sent (B02.FR.01, B03.FR.04). */
const WHILE_PENDING = new Set(['SetVariables', 'GetVariables', 'GetBaseReport', 'GetReport', 'TriggerMessage'])
const mayBeSent = ({ record: { boot } }: Station, action: string, payload: Payload): boolean => {
  if (boot === 'Pending') return WHILE_PENDING.has(action)
  if (boot === 'Rejected') return action === 'TriggerMessage' && payload['requestedMessage'] === 'BootNotification'
  return true
}

interface Pending {
  id: number
  awaited: Awaited
  timer: Timer
}

export function openCommands({ store, clock, log, config }: { store: Store; clock: Clock; log: Log; config: ChargingConfig }): Commands {
  const pending = new Map<string, Set<Pending>>()
  let writing = Promise.resolve()

  const keep = (work: () => Promise<unknown>) => {
    writing = writing.then(work).then(
      () => undefined,
      (error: unknown) => log.warn({ error: describeError(error) }, 'what became of a command was not kept'),
    )
  }
  const lookAfter = (identity: string, id: number, action: string, awaited: Awaited): Pending => {
    const own = pending.get(identity) ?? new Set()
    pending.set(identity, own)
    const one: Pending = {
      id,
      awaited,
      timer: clock.in(SLOW.has(action) ? PATIENCE.slow : PATIENCE.usual, () => own.delete(one)),
    }
    own.add(one)
    return one
  }
  const drop = (identity: string, one: Pending | undefined) => {
    if (!one) return
    one.timer.cancel()
    pending.get(identity)?.delete(one)
  }
  const note = async (identity: string, action: string, payload: Payload, by: string | undefined) => {
    const row = await store.first<{ id: number }>(
      `insert into cariflex.charging_command (station, action, payload, asked_by, at, status) values ($1, $2, $3, $4, $5, 'waiting') returning id`,
      [identity, action, asJson(redactFrame(payload)), by ?? null, asTimestamp(clock.now())],
    )
    return row!.id
  }
  const answered = (id: number, status: string, answer: unknown, took: number) =>
    store.query('update cariflex.charging_command set status = $2, answer = $3, took_ms = $4 where id = $1', [
      id,
      status,
      answer === undefined ? null : asJson(redactFrame(answer)),
      took,
    ])

  const send: Commands['send'] = async (station, action, payload, by) => {
    const { identity } = station.record
    const { session } = station
    const dialect = dialectOf(session?.version ?? '') ?? v201
    // A station of 1.6 understands its own words too.
    const own = session && dialectOf(session.wire.version)
    if (!dialect.mayCall('csms', action) && !own?.mayCall('csms', action))
      throw new Problem('command-not-allowed', say(SAYING.noSuchCommand, { action: String(action).slice(0, 60), version: dialect.name }), {
        status: 403,
        details: { allowed: COMMANDS },
        hint: say(SAYING.useOneOf, { actions: COMMANDS.join(', ') }),
      })
    if (!session)
      throw new Problem('station-offline', say(SAYING.stationAway, { station: identity }), {
        status: 503,
        retry: 'later',
        hint: say(SAYING.waitForIt),
      })
    if (!mayBeSent(station, action, payload))
      throw new Problem('boot-not-accepted', say(SAYING.notAccepted, { station: identity, action }), {
        status: 409,
        retry: 'later',
        hint: say(SAYING.acceptFirst),
      })
    const id = await note(identity, action, payload, by)
    if (station.record.boot === 'Pending' && action === 'TriggerMessage') station.asked.add(triggeredBy(payload))
    // Before the answer is here: what follows from it may come on its heels.
    const awaited = awaitedOf(action, payload)
    const watched = awaited && lookAfter(identity, id, action, awaited)
    const began = clock.now()
    try {
      const answer = await session.call(action, payload, { timeout: config.patience })
      const status = typeof answer['status'] === 'string' ? answer['status'] : 'Accepted'
      if (!isGranted(status)) drop(identity, watched)
      await answered(id, status, answer, clock.now() - began)
      return { id, status, payload: answer, took: clock.now() - began }
    } catch (error) {
      drop(identity, watched)
      const refusal = error instanceof CallError ? { code: error.code, description: error.description } : undefined
      await answered(id, refusal?.code ?? (isProblem(error) ? error.code : 'failed'), refusal, clock.now() - began)
      if (!(error instanceof CallError)) throw error
      throw new Problem(
        'station-refused',
        say(SAYING.refusedCommand, {
          station: identity,
          action,
          answer: `${error.code}${error.description ? ` (${error.description})` : ''}`,
        }),
        { status: 502, hint: say(SAYING.notNow), details: { code: error.code } },
      )
    }
  }

  return {
    send,
    async byHand(station, action, payload, by) {
      if (NOT_BY_HAND.has(action))
        throw new Problem('command-not-allowed', say(SAYING.notByHand, { action }), {
          status: 403,
          hint: LIMITS.has(action) ? say(SAYING.orderInstead) : say(SAYING.useOneOf, { actions: COMMANDS.join(', ') }),
        })
      if (/^(SetVariables|ChangeConfiguration)$/.test(action) && /basicauthpassword|authorizationkey/i.test(JSON.stringify(payload)))
        throw new Problem('command-not-allowed', say(SAYING.passwordByHand), { status: 403, hint: say(SAYING.registerAnew) })
      return send(station, action, payload, by)
    },
    heard(identity, action, payload) {
      for (const one of pending.get(identity) ?? []) {
        if (!one.awaited.actions.includes(action) || !one.awaited.isIt(payload, action)) continue
        drop(identity, one)
        const at = clock.now()
        keep(() =>
          store.query('update cariflex.charging_command set effect = $2, effect_at = $3 where id = $1', [
            one.id,
            asJson(effectOf(action, payload)),
            asTimestamp(at),
          ]),
        )
      }
    },
    async list(identity, { before, limit = 50 }, zone) {
      const rows = await store.query<
        ListedCommand & { asked_by: string | null; took_ms: number | null; effect_at: Instant | null; at: never }
      >(
        `select id, action, payload, asked_by, at, status, answer, took_ms, effect, effect_at from cariflex.charging_command
         where station = $1 and ($2::bigint is null or id < $2) order by id desc limit $3`,
        [identity, before ?? null, Math.min(Math.max(1, limit), 500)],
      )
      return rows.map(({ id, action, payload, asked_by, at, status, answer, took_ms, effect, effect_at }) => ({
        ...{ id, action, payload, by: asked_by, at: formatInstant(at, zone), status, answer, took: took_ms, effect },
        effectAt: effect_at === null ? null : formatInstant(effect_at, zone),
      }))
    },
    settled: () => writing,
    close() {
      for (const own of pending.values()) for (const { timer } of own) timer.cancel()
      pending.clear()
    },
  }
}
