/** The stations that also belong to another CSMS: which, where, and with which password. */
import { rootCertificates } from 'node:tls'
import { type Clock, describeError, type Log, type Outward, Problem, say } from '#kernel'
import type { Frame, Handler, Session } from '#protocols/ocpp'
import type { Secrets, Store } from '#store'
import type { ChargingConfig } from '../config.ts'
import { SAYING } from '../saying.ts'
import { trustedRoots } from '../security/shelf.ts'
import type { ExternalLimits } from '../smart/external-limits.ts'
import type { Station } from '../station.ts'
import { openProxy, type StationProxy } from './proxy.ts'
import { openProxyShelf } from './proxy-shelf.ts'
import type { UpstreamTerms } from './proxy-words.ts'

export interface ProxiesParts {
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
  secrets: Secrets | undefined
  outward: Outward | undefined
  onFrame(identity: string, bus: string, frame: Frame): void
  changed(station: Station): void
}

/** The other CSMS of a station. */
export interface UpstreamView extends UpstreamTerms {
  /** Without the identity, which is appended. */
  url: string
  connected: boolean
  /** How the last attempt to connect failed, while it is not connected. */
  fault?: string
  /** Messages that it has not heard yet. */
  waiting: number
}

export interface UpstreamWish extends Partial<UpstreamTerms> {
  url: string
  password?: string
}

export interface Upstreams {
  view(station: Station): UpstreamView | undefined
  /**
   * Connects a station to another CSMS as well; undefined: to none any more, and what waits for it is forgotten. A station that is here comes
   * back by itself. What is not said (the password, the terms) stays as it was. @throws Problem `invalid-upstream` (422), `address-not-allowed`
   */
  set(station: Station, upstream: UpstreamWish | undefined): Promise<UpstreamView | undefined>
}

export interface Proxies extends Upstreams {
  /** Takes up the stations that have one; to be called when they are known. */
  resume(stations: ReadonlyMap<string, Station>): Promise<void>
  has(identity: string): boolean
  handler(identity: string, own: Handler): Handler
  /** The connection that our own calls go through. */
  bind(session: Session): Session
  /** Limits of others and of upstreams together. */
  below(external: ExternalLimits): ExternalLimits
  close(): void
}

const secretOf = (identity: string) => `upstream-password:${identity}`

export function openProxies({ store, clock, log, config, secrets, outward, onFrame, changed }: ProxiesParts): Proxies {
  const proxies = new Map<string, StationProxy>()
  /** Without a place for secrets they live as long as the program. */
  const passwords = new Map<string, string>()
  const passwordOf = async (identity: string) => passwords.get(identity) ?? (await secrets?.get(secretOf(identity)))
  const savePassword = async (identity: string, password: string | undefined) => {
    if (!secrets) {
      if (password === undefined) passwords.delete(identity)
      else passwords.set(identity, password)
    } else if (password === undefined) await secrets.remove(secretOf(identity))
    else await secrets.set(secretOf(identity), password, { description: 'Password of a station at its other CSMS' })
  }
  const shelfOf = (identity: string) => openProxyShelf(store, identity, () => clock.now())

  const way = async (url: string) => {
    const roots = await trustedRoots(store, ['CSMS'])
    return {
      // Anew each time: a name may lead into our network tomorrow.
      ...(outward && { lookup: await outward.pin(url) }),
      ...(roots.length > 0 && { tls: { ca: [...rootCertificates, ...roots.map(({ pem }) => pem)] } }),
    }
  }

  const open = async (station: Station, url: string, terms: UpstreamTerms) => {
    const { identity } = station.record
    const proxy = await openProxy({
      ...{ station, url, terms, clock, log },
      way: () => way(url),
      password: await passwordOf(identity),
      shelf: shelfOf(identity),
      standing: () => ({
        installation: station.record.maxCurrent,
        safe: Math.min(config.safeCurrent, station.record.maxCurrent),
        voltage: config.voltage,
        phases: station.record.phases,
      }),
      onFrame: (version, frame) => onFrame(identity, `${version} upstream`, frame),
      changed: () => changed(station),
    })
    proxies.set(identity, proxy)
  }
  const view: Upstreams['view'] = ({ record: { identity } }) => {
    const proxy = proxies.get(identity)
    const fault = proxy?.fault()
    return (
      proxy && {
        ...{ url: proxy.url, ...proxy.terms, connected: proxy.isConnected(), waiting: proxy.waiting() },
        ...(fault !== undefined && { fault }),
      }
    )
  }

  return {
    view,
    async set(station, upstream) {
      const { identity } = station.record
      const shelf = shelfOf(identity)
      const former = proxies.get(identity)
      if (upstream) {
        const { url } = upstream
        if (!/^wss?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/i.test(url) || !URL.canParse(url))
          throw new Problem('invalid-upstream', say(SAYING.noUpstreamUrl, { url }), { status: 422, hint: say(SAYING.upstreamForm) })
        // A station connects there from inside our network: not to whatever anybody names.
        await outward?.pin(url)
      }
      const url = upstream?.url.replace(/\/+$/, '')
      if (!upstream || upstream.password !== undefined) await savePassword(identity, upstream?.password)
      if (former?.url !== url) await shelf.clear()
      const { orders = former?.terms.orders ?? true, badges = former?.terms.badges ?? 'theirs' } = upstream ?? {}
      const terms = { orders, badges }
      await shelf.saveUpstream(url, terms)
      former?.close()
      proxies.delete(identity)
      if (url !== undefined) await open(station, url, terms)
      changed(station)
      station.session?.close(1012, 'connect again')
      return view(station)
    },
    async resume(stations) {
      for (const { identity, upstream, ...terms } of await shelfOf('').upstreams()) {
        const station = stations.get(identity)
        if (!station) continue
        // One password that cannot be read must not keep the others out.
        await open(station, upstream, terms).catch((error: unknown) =>
          log.error({ station: identity, error: describeError(error) }, 'a station does not reach its other CSMS'),
        )
      }
    },
    has: (identity) => proxies.has(identity),
    handler: (identity, own) => proxies.get(identity)?.handler(own) ?? own,
    bind(session) {
      const proxy = proxies.get(session.identity)
      if (!proxy) return session
      proxy.bind(session)
      return proxy.wire(session)
    },
    below: (external) => ({
      ...external,
      on(identity, evse, wires) {
        const told = external.on(identity, evse, wires)
        const allowed = proxies.get(identity)?.allowed(evse, wires)
        return told === undefined ? allowed : allowed === undefined ? told : Math.min(told, allowed)
      },
    }),
    close() {
      for (const proxy of proxies.values()) proxy.close()
    },
  }
}
