/** The tariffs of the territory and where they hold: for everybody, at a station, at an EVSE, for a token. The narrowest decides. */

import { type Clock, Problem, say } from '#kernel'
import { asJson, asTimestamp, type Store } from '#store'
import { SAYING } from '../saying.ts'
import { readTariff, type Tariff } from './tariff.ts'

export const SCOPES = ['all', 'station', 'evse', 'token'] as const

/** `key`: nothing for all, the identity of a station, `identity/evse`, or a token. */
export interface TariffChoice {
  scope: (typeof SCOPES)[number]
  key: string
  tariff: string
}

export interface TariffBook {
  list(): Tariff[]
  get(id: string): Tariff | undefined
  /** @throws Problem `unknown-tariff` (404) */
  need(id: string): Tariff
  /** @throws Problem `invalid-tariff` (422) */
  put(tariff: unknown): Promise<Tariff>
  /** @throws Problem `unknown-tariff` (404), `tariff-in-use` (409) */
  remove(id: string): Promise<void>
  choices(): TariffChoice[]
  /** Undefined as tariff: none of its own any more. @throws Problem `unknown-tariff` (404) */
  choose(choice: Omit<TariffChoice, 'tariff'> & { tariff: string | undefined }): Promise<void>
  /** The tariff of a session; undefined: it costs nothing that we know of. */
  tariffFor(place: { station: string; evse?: number | undefined; token?: string | undefined }): Tariff | undefined
}

const keyOf = ({ scope, key }: Omit<TariffChoice, 'tariff'>) => `${scope} ${scope === 'token' ? key.toLowerCase() : key}`

export interface TariffBookParts {
  store: Store
  clock: Clock
  /** A tariff or a choice is another one now. */
  changed(): void
}

/** Opens the book; it is read from memory, and written through. @throws Problem `database-unavailable` */
export async function openTariffBook({ store, clock, changed }: TariffBookParts): Promise<TariffBook> {
  const tariffs = new Map<string, Tariff>()
  const choices = new Map<string, TariffChoice>()
  for (const { tariff } of await store.query<{ tariff: Tariff }>("select tariff from cariflex.tariff where target = '' order by id"))
    tariffs.set(tariff.id.toLowerCase(), tariff)
  for (const choice of await store.query<TariffChoice>('select scope, key, tariff from cariflex.tariff_choice order by scope, key'))
    choices.set(keyOf(choice), choice)

  const need = (id: string): Tariff => {
    const tariff = tariffs.get(id.toLowerCase())
    if (tariff) return tariff
    throw new Problem('unknown-tariff', say(SAYING.unknownTariff, { tariff: id }), { status: 404, hint: say(SAYING.seeTariffs) })
  }

  return {
    list: () => [...tariffs.values()].toSorted((a, b) => a.id.localeCompare(b.id)),
    get: (id) => tariffs.get(id.toLowerCase()),
    need,
    async put(given) {
      const tariff = readTariff(given)
      const now = asTimestamp(clock.now())
      const written = { ...tariff, last_updated: now }
      await store.query(
        `insert into cariflex.tariff (id, tariff, created_at, updated_at) values ($1, $2, $3, $3)
         on conflict (id, target) do update set tariff = excluded.tariff, updated_at = excluded.updated_at`,
        [tariff.id.toLowerCase(), asJson(written), now],
      )
      tariffs.set(tariff.id.toLowerCase(), written)
      changed()
      return written
    },
    async remove(id) {
      const tariff = need(id)
      const holds = [...choices.values()].filter((choice) => choice.tariff.toLowerCase() === id.toLowerCase())
      if (holds.length > 0)
        throw new Problem('tariff-in-use', say(SAYING.tariffInUse, { tariff: tariff.id, places: String(holds.length) }), {
          status: 409,
          hint: say(SAYING.chooseAnotherTariff),
        })
      await store.query('delete from cariflex.tariff where id = $1', [id.toLowerCase()])
      tariffs.delete(id.toLowerCase())
    },
    choices: () => [...choices.values()],
    async choose({ tariff, ...place }) {
      const key = place.scope === 'token' ? place.key.toLowerCase() : place.key
      if (tariff === undefined) {
        await store.query('delete from cariflex.tariff_choice where scope = $1 and key = $2', [place.scope, key])
        choices.delete(keyOf(place))
        changed()
        return
      }
      const { id } = need(tariff)
      await store.query(
        `insert into cariflex.tariff_choice (scope, key, tariff) values ($1, $2, $3)
         on conflict (scope, key) do update set tariff = excluded.tariff`,
        [place.scope, key, id],
      )
      choices.set(keyOf(place), { scope: place.scope, key, tariff: id })
      changed()
    },
    tariffFor({ station, evse, token }) {
      const choice =
        (token === undefined ? undefined : choices.get(keyOf({ scope: 'token', key: token }))) ??
        (evse === undefined ? undefined : choices.get(keyOf({ scope: 'evse', key: `${station}/${evse}` }))) ??
        choices.get(keyOf({ scope: 'station', key: station })) ??
        choices.get(keyOf({ scope: 'all', key: '' }))
      return choice && tariffs.get(choice.tariff.toLowerCase())
    },
  }
}
