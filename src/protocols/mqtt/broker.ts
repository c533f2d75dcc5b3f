/**
 * The house's own MQTT broker (3.1 and 3.1.1): accounts with explicit topic filters. As Mosquitto with dynamic security does, it drops what an account
 * may not publish without a word (a firmware that is cut off for it would come back for ever), refuses what it may not subscribe to, and delivers
 * nothing that it may not receive.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import { type Clock, type Log, Problem } from '#kernel'
import { covers, topicMatches } from './topic.ts'

/** What an account may do: topic filters, without placeholders. */
export interface TopicRights {
  send: readonly string[]
  receive: readonly string[]
}

/** Who may come in; the broker itself keeps no account. */
export interface MqttAccounts {
  /** The rights of an account whose password fits; undefined refuses. */
  login(name: string, password: string): Promise<TopicRights | undefined>
  /** The rights as they are now; undefined when there is no such account any more. */
  rightsOf(name: string): Promise<TopicRights | undefined>
}

export interface MqttBrokerOptions {
  accounts: MqttAccounts
  clock: Clock
  log: Log
  /** Default 127.0.0.1. */
  host?: string
  /** 0 takes a free one. */
  port?: number
  /** PEM; with it the port speaks TLS only. */
  tls?: { certificate: string; key: string }
}

export interface MqttBroker {
  readonly port: number
  readonly url: string
  /** Accounts that are connected, each with its client ids. */
  connected(): ReadonlyMap<string, readonly string[]>
  /** Messages dropped because their account may not publish them. */
  denied(): number
  close(): Promise<void>
}

/** Milliseconds between two looks at the accounts: a revoked one is out within this. */
const RECHECK = 2000
/** Where dropped messages go: nobody may subscribe to it. */
const NOWHERE = '$denied'
const BAD_CLIENT_ID = 2
const BAD_CREDENTIALS = 4
const UNAVAILABLE = 3

interface Guest {
  account: string
  rights: TopicRights
}

/** Opens the port. @throws Problem `mqtt-port` when it cannot be had. */
export async function openMqttBroker(options: MqttBrokerOptions): Promise<MqttBroker> {
  const { accounts, clock, log, host = '127.0.0.1', port = 0, tls } = options
  const guests = new Map<Client, Guest>()
  /** Which account a client id belongs to; one with a persistent session keeps it while it is away. */
  const owners = new Map<string, string>()
  let denied = 0

  const admit = async (client: Client, account: string, password: string): Promise<number | undefined> => {
    const rights = await accounts.login(account, password)
    if (!rights) return BAD_CREDENTIALS
    const owner = owners.get(client.id)
    if (owner !== undefined && owner !== account) {
      log.warn({ account, owner, client: client.id }, 'an MQTT account comes with the client id of another one')
      return BAD_CLIENT_ID
    }
    owners.set(client.id, account)
    guests.set(client, { account, rights })
    return undefined
  }

  const broker = await Aedes.createBroker({
    authenticate(client, username, password, done) {
      admit(client, username ?? '', String(password ?? '')).then(
        (fault) => (fault === undefined ? done(null, true) : done(refusal(fault), null)),
        (error: unknown) => {
          log.error({ account: username, error }, 'an MQTT account could not be looked up')
          done(refusal(UNAVAILABLE), null)
        },
      )
    },
    authorizePublish(client, packet, done) {
      const guest = client && guests.get(client)
      if (client && !guest?.rights.send.some((filter) => topicMatches(filter, packet.topic))) {
        denied++
        log.debug({ account: guest?.account, topic: packet.topic }, 'an MQTT account may not publish this')
        packet.topic = NOWHERE
        packet.retain = false
      }
      done(null)
    },
    authorizeSubscribe(client, subscription, done) {
      const allowed = guests.get(client)?.rights.receive.some((filter) => covers(filter, subscription.topic))
      done(null, allowed ? subscription : null)
    },
    // Of a subscription that a session kept, or of rights that became fewer, nothing is delivered either.
    authorizeForward: (client, packet) =>
      guests.get(client)?.rights.receive.some((filter) => topicMatches(filter, packet.topic)) ? packet : null,
  })
  const leave = (client: Client): void => {
    guests.delete(client)
    if (client.clean && ![...guests.keys()].some(({ id }) => id === client.id)) owners.delete(client.id)
  }
  broker.on('clientDisconnect', leave)
  // A peer that breaks the protocol is cut off by aedes; the rest of the house does not mind.
  broker.on('clientError', (client, error) => log.debug({ client: client.id, error: error.message }, 'an MQTT client was cut off'))
  broker.on('connectionError', (_, error) => log.debug({ error: error.message }, 'an MQTT connection was refused'))

  const recheck = async (): Promise<void> => {
    for (const [client, guest] of [...guests]) {
      // One that vanished between its password and its welcome is never said to disconnect.
      if (client.closed) {
        leave(client)
        continue
      }
      const rights = await accounts.rightsOf(guest.account)
      if (rights) guest.rights = rights
      else {
        log.info({ account: guest.account, client: client.id }, 'an MQTT account was revoked and is disconnected')
        owners.delete(client.id)
        client.close()
      }
    }
  }
  const rechecking = clock.every(RECHECK, () => {
    recheck().catch((error: unknown) => log.error({ error }, 'the MQTT accounts could not be checked'))
  })

  const sockets = new Set<Socket>()
  const receive = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    broker.handle(socket)
  }
  const server = tls ? createTlsServer({ cert: tls.certificate, key: tls.key }, receive) : createServer(receive)
  const close = async (): Promise<void> => {
    rechecking.cancel()
    await new Promise<void>((resolve) => broker.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  try {
    await listen(server, port, host)
  } catch (cause) {
    await close()
    throw new Problem('mqtt-port', `The MQTT broker cannot have port ${port} of ${host}.`, {
      cause,
      hint: 'Choose another port, or 0 for a free one.',
    })
  }
  const address = server.address()
  const bound = typeof address === 'object' && address ? address.port : port

  return {
    port: bound,
    url: `${tls ? 'mqtts' : 'mqtt'}://${host}:${bound}`,
    connected() {
      const seen = new Map<string, string[]>()
      for (const [{ id }, { account }] of guests) seen.set(account, [...(seen.get(account) ?? []), id])
      return seen
    },
    denied: () => denied,
    close,
  }
}

const refusal = (returnCode: number): AuthenticateError => Object.assign(new Error('refused'), { returnCode })

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
