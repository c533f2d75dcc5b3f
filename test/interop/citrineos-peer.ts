/**
 * What a running CitrineOS 1.8 shows of itself: its exchange, the queue of each connected station, its messages in their recorded shape
 * (charging reference 1.4), its answers to stations, and its tables. Written against amqplib alone, without anything of ours.
 */
import { randomUUID } from 'node:crypto'
import { type Channel, type ChannelModel, connect } from 'amqplib'
import type { Store } from '#store'

export type Payload = Record<string, unknown>
export type Protocol = 'ocpp1.6' | 'ocpp2.0.1'
export interface PeerCall {
  action: string
  correlationId: string
  payload: Payload
}

export interface Peer {
  /** A station is connected to it; `answer` is what the station answers to calls, undefined: never. */
  station(id: string, protocol: Protocol, answer: (call: PeerCall) => Payload | undefined): Promise<PeerStation>
  close(): Promise<void>
}

export interface PeerStation {
  /** What it was called with, in order. */
  calls: PeerCall[]
  /** Says something; `response` is what CitrineOS answers. The same `correlationId` again is a repetition. */
  say(action: string, payload: Payload, response: Payload, correlationId?: string): Promise<string>
  leave(): Promise<void>
}

const EXCHANGE = 'citrineos'
const GROUP: Record<string, string> = {
  StartTransaction: 'transactions',
  StopTransaction: 'transactions',
  TransactionEvent: 'transactions',
}

/** Connects to the broker as CitrineOS does. */
export async function startPeer(url: string): Promise<Peer> {
  const model: ChannelModel = await connect(url)
  // Its broker is shot in the middle of a test.
  model.on('error', () => undefined)
  const channel: Channel = await model.createChannel()
  channel.on('error', () => undefined)
  await channel.assertExchange(EXCHANGE, 'headers', { durable: false })

  const publish = (
    origin: 'cs' | 'csms',
    state: 1 | 2,
    about: { id: string; protocol: Protocol; action: string; correlationId: string },
    payload: Payload,
  ) => {
    const timestamp = new Date().toISOString()
    const { id: stationId, protocol, action, correlationId } = about
    const eventGroup = origin === 'cs' ? 'router' : (GROUP[action] ?? 'configuration')
    const context = { stationId, correlationId, tenantId: 1, timestamp }
    const headers = { origin, eventGroup, action, state: String(state), ...context, tenantId: '1' }
    const body = { origin, eventGroup, action, state, protocol, context, payload }
    channel.publish(EXCHANGE, '', Buffer.from(JSON.stringify(body)), { contentEncoding: 'utf-8', contentType: 'application/json', headers })
  }

  return {
    async station(id, protocol, answer) {
      const queue = `rabbit_queue_1:${id}`
      const calls: PeerCall[] = []
      await channel.assertQueue(queue, { durable: false, autoDelete: true, exclusive: false })
      for (const state of ['1', '2'])
        await channel.bindQueue(queue, EXCHANGE, '', { 'x-match': 'all', tenantId: '1', stationId: id, state, origin: 'csms' })
      const { consumerTag } = await channel.consume(queue, (message) => {
        if (!message) return
        channel.ack(message)
        const { state, action, context, payload } = JSON.parse(message.content.toString())
        if (state !== 1) return
        const call = { action, correlationId: context.correlationId, payload }
        calls.push(call)
        const answered = answer(call)
        if (answered) publish('cs', 2, { id, protocol, action, correlationId: context.correlationId }, answered)
      })
      return {
        calls,
        async say(action, payload, response, correlationId = randomUUID()) {
          publish('cs', 1, { id, protocol, action, correlationId }, payload)
          publish('csms', 2, { id, protocol, action, correlationId }, response)
          return correlationId
        },
        leave: async () => void (await channel.cancel(consumerTag)),
      }
    },
    close: () => model.close().catch(() => undefined),
  }
}

/** Its tables, as far as an EMS reads them; a point stands in for PostGIS. */
export async function makeTables(store: Store): Promise<void> {
  await store.query(`
    create function st_y(p point) returns float8 language sql immutable as 'select p[1]';
    create function st_x(p point) returns float8 language sql immutable as 'select p[0]';
    create table "Locations" (id serial primary key, name text, coordinates point, "tenantId" int not null default 1);
    create table "ChargingStations" (id text primary key, "isOnline" boolean, protocol text, "chargePointVendor" text, "chargePointModel" text,
      coordinates point, "locationId" int, "tenantId" int not null default 1);
    create table "Evses" (id serial primary key, "stationId" text, "evseTypeId" int, "evseId" text, "tenantId" int not null default 1);
    create table "Connectors" (id serial primary key, "stationId" text, "evseId" int, "connectorId" int, "evseTypeConnectorId" int, status text,
      "errorCode" text, "powerType" text, "maximumAmperage" int, "maximumVoltage" int, "maximumPowerWatts" int,
      timestamp timestamptz default now(), "tenantId" int not null default 1);
    create table "Authorizations" (id serial primary key, "idToken" text, "idTokenType" text, status text, "cacheExpiryDateTime" timestamptz,
      "groupAuthorizationId" int, "concurrentTransaction" boolean, "tenantId" int not null default 1);
    create table "Transactions" (id serial primary key, "stationId" text, "evseId" int, "connectorId" int, "authorizationId" int,
      "transactionId" text, "isActive" boolean, "startTime" timestamptz, "endTime" timestamptz, "tenantId" int not null default 1);
    create table "TransactionEvents" (id serial primary key, "stationId" text, "eventType" text, timestamp timestamptz, "triggerReason" text,
      "seqNo" int, offline boolean default false, "numberOfPhasesUsed" int, "cableMaxCurrent" numeric, "reservationId" int,
      "transactionDatabaseId" int, "transactionInfo" json, "evseId" int, "idTokenValue" text, "idTokenType" text,
      "createdAt" timestamptz not null default now(), "tenantId" int not null default 1);
    create table "StartTransactions" (id serial primary key, "stationId" text, "meterStart" int, timestamp timestamptz, "reservationId" int,
      "transactionDatabaseId" int, "connectorDatabaseId" int, "createdAt" timestamptz not null default now(), "tenantId" int not null default 1);
    create table "StopTransactions" (id serial primary key, "stationId" text, "transactionDatabaseId" int, "meterStop" int, timestamp timestamptz,
      reason text, "createdAt" timestamptz not null default now(), "tenantId" int not null default 1);
    create table "MeterValues" (id serial primary key, "transactionEventId" int, "transactionDatabaseId" int, "stopTransactionDatabaseId" int,
      "sampledValue" jsonb, timestamp timestamptz, "connectorId" int, "transactionId" text,
      "createdAt" timestamptz not null default now(), "tenantId" int not null default 1);`)
}
