/** CitrineOS' data API, as far as tools around it use it: stations, passwords, boots, tokens, transactions, variables, connections. */

import { type TSchema, Type } from 'typebox'
import type { Established, Site } from '#ems'
import { formatInstant, Problem, parseInstant } from '#kernel'
import type { Store } from '#store'
import type { Routes } from '../app.ts'
import { newStation } from '../cariflex/new-station.ts'
import type { CitrineParts } from './message-api.ts'
import { citrineDoor, invalid, stationOf, Tenant } from './reach.ts'

export interface CitrineDataParts extends CitrineParts {
  established: Established
  site: Site
  store: Store
}

const optional = Type.Optional
const Identity = Type.String({ minLength: 1, maxLength: 48 })
const OfStation = { ...Tenant, stationId: Identity }
const open = { additionalProperties: true }
const Seconds = Type.Integer({ minimum: 0, maximum: 604_800 })
const Status = (...words: string[]) => Type.Unsafe<string>({ type: 'string', enum: words })

const ChargingStation = Type.Object(
  {
    id: optional(Identity),
    protocol: optional(Status('ocpp1.6', 'ocpp2.0.1', 'ocpp2.1')),
    securityProfile: optional(Type.Integer({ minimum: 0, maximum: 3 })),
  },
  open,
)
const Password = Type.Object(
  { stationId: Identity, password: Type.String({ minLength: 1, maxLength: 100 }), setOnCharger: Type.Boolean() },
  open,
)
const Boot = Type.Object(
  {
    status: Status('Accepted', 'Pending', 'Rejected'),
    bootRetryInterval: optional(Seconds),
    heartbeatInterval: optional(Seconds),
    getBaseReportOnPending: optional(Type.Boolean()),
  },
  open,
)
const IdToken = Type.Object({ idToken: Type.String(), type: optional(Type.String()) }, open)
const Authorization = Type.Object(
  {
    idToken: optional(Type.Union([Type.String(), IdToken])),
    idTokenInfo: optional(
      Type.Object(
        {
          status: Type.String({ maxLength: 40 }),
          cacheExpiryDateTime: optional(Type.String()),
          language1: optional(Type.String({ maxLength: 8 })),
          groupIdToken: optional(Type.Union([IdToken, Type.Null()])),
          personalMessage: optional(Type.Object({ content: Type.String({ maxLength: 512 }) }, open)),
        },
        open,
      ),
    ),
    concurrentTransaction: optional(Type.Boolean()),
  },
  open,
)
const STATUSES = [
  'Accepted',
  'Blocked',
  'ConcurrentTx',
  'Expired',
  'Invalid',
  'NoCredit',
  'NotAllowedTypeEVSE',
  'NotAtThisLocation',
  'NotAtThisTime',
  'Unknown',
] as const
/** Attributes of variables; our keys have them in lower case. */
const ATTRIBUTES = ['Actual', 'Target', 'MinSet', 'MaxSet'] as const
type TokenStatus = (typeof STATUSES)[number]

/** A station that was only named gets what a usual one has; people may change it. */
const USUAL_KW = 22

export const dataRoutes =
  ({ charging, identity, account, openOnLoopback, established, site, store }: CitrineDataParts): Routes =>
  (app) => {
    const door = { onRequest: [citrineDoor(identity, account, openOnLoopback)] }
    const schema = <Query extends Record<string, TSchema>, Body extends TSchema>(summary: string, query: Query, body?: Body) => ({
      tags: ['CitrineOS'],
      summary,
      querystring: Type.Object(query),
      ...(body === undefined ? {} : { body }),
    })

    app.put(
      '/data/configuration/chargingStation',
      { ...door, schema: { ...schema('Makes a station known, or changes how it may come', OfStation), body: ChargingStation } },
      async ({ query: { stationId }, body }) => {
        if (body.id !== undefined && body.id !== stationId)
          throw invalid(`stationId is '${stationId}', the body names '${body.id}'.`, 'Name one station.')
        const profile = body.securityProfile as 0 | 1 | 2 | 3 | undefined
        const known = stationOf(charging, stationId)
        if (known?.record.state === 'registered' && known.record.asset !== undefined)
          await charging.registerStation({
            ...asRegistered(known.record),
            ...(profile !== undefined && { securityProfile: profile, ownProfile: true }),
          })
        else
          await newStation(
            { charging, established, site, store },
            { identity: stationId, nominalKw: USUAL_KW, ...(profile !== undefined && { securityProfile: profile, ownProfile: true }) },
          )
        const { record } = charging.station(stationId)
        return {
          id: stationId,
          protocol: record.protocol ?? body.protocol ?? null,
          securityProfile: record.securityProfile,
          isOnline: charging.station(stationId).session !== undefined,
        }
      },
    )

    app.post(
      '/data/configuration/password',
      { ...door, schema: { ...schema('Sets the password of a station, there too when setOnCharger is false', Tenant), body: Password } },
      async ({ body: { stationId, password, setOnCharger } }) => {
        const station = charging.station(stationId)
        if (setOnCharger) await charging.registerStation({ ...asRegistered(station.record), password })
        else {
          const { status } = await charging.security.passwords.change(station, password)
          if (status !== 'Accepted') return { success: false, payload: `${stationId} answered ${status}.` }
        }
        return { success: true }
      },
    )

    app.put(
      '/data/configuration/boot',
      { ...door, schema: { ...schema('Decides how the boots of a station are answered from now on', OfStation), body: Boot } },
      async ({ query: { stationId }, body }) => {
        const { status, bootRetryInterval, heartbeatInterval, getBaseReportOnPending } = body
        const interval = status === 'Accepted' ? heartbeatInterval : bootRetryInterval
        await charging.orderBoot(stationId, status as 'Accepted' | 'Pending' | 'Rejected', interval, getBaseReportOnPending)
        return { id: stationId, ...body }
      },
    )

    app.put(
      '/data/evdriver/authorization',
      {
        ...door,
        schema: {
          ...schema('Keeps a token', {
            ...Tenant,
            idToken: Type.String({ minLength: 1, maxLength: 255 }),
            type: optional(Type.String({ maxLength: 20 })),
          }),
          body: Authorization,
        },
      },
      async ({ query: { idToken, type }, body }) => {
        const { status, cacheExpiryDateTime, language1, groupIdToken, personalMessage } = body.idTokenInfo ?? { status: 'Accepted' }
        const named = typeof body.idToken === 'object' ? body.idToken.idToken : body.idToken
        if (named !== undefined && !isCalled(named, idToken))
          throw invalid(`idToken is '${idToken}', the body names '${named}'.`, 'Name one token.')
        if (!isTokenStatus(status)) throw invalid(`'${status}' is no status of a token.`, `Use one of ${STATUSES.join(', ')}.`)
        await charging.registerToken({
          ...{ token: idToken, status },
          ...(type !== undefined && { type }),
          ...(cacheExpiryDateTime !== undefined && { validUntil: parseInstant(cacheExpiryDateTime) }),
          ...(groupIdToken && { group: groupIdToken.idToken }),
          ...(language1 !== undefined && { language: language1 }),
          ...(personalMessage && { message: personalMessage.content }),
          ...(body.concurrentTransaction !== undefined && { concurrent: body.concurrentTransaction }),
        })
        return {
          idToken,
          type: type ?? null,
          idTokenInfo: body.idTokenInfo ?? { status },
          concurrentTransaction: body.concurrentTransaction ?? null,
        }
      },
    )

    app.get(
      '/data/transactions/transaction',
      {
        ...door,
        schema: schema('A transaction and its events', { ...OfStation, transactionId: Type.String({ minLength: 1, maxLength: 36 }) }),
      },
      async ({ query: { stationId, transactionId } }) => {
        const { list, ...session } = await charging.archive.session(stationId, transactionId)
        return {
          ...{ stationId, transactionId },
          isActive: session.endedAt === null,
          chargingState: session.chargingState,
          stoppedReason: session.stoppedReason,
          remoteStartId: session.remoteStartId,
          totalKwh: session.energyKwh,
          transactionEvents: list.map(({ seqNo, type, trigger, at, offline }) => ({
            eventType: type,
            triggerReason: trigger,
            seqNo,
            timestamp: formatInstant(parseInstant(at)).replace('+00:00', 'Z'),
            offline,
          })),
        }
      },
    )

    app.get(
      '/data/monitoring/variableAttribute',
      {
        ...door,
        schema: schema('Variables of a station as it last told them', {
          ...OfStation,
          component_name: optional(Type.String({ maxLength: 50 })),
          variable_name: optional(Type.String({ maxLength: 50 })),
        }),
      },
      async ({ query: { stationId, component_name: component, variable_name: variable } }) =>
        charging.blocks.variables
          .list(charging.station(stationId))
          .filter((each) => isCalled(each.component, component) && isCalled(each.variable, variable))
          .map(({ key, evse, value, mutability, dataType, ...names }) => ({
            ...{ stationId, value, mutability, dataType },
            type: ATTRIBUTES.find((name) => name.toLowerCase() === key.split('#')[1]) ?? 'Actual',
            component: { name: names.component, ...(evse === null ? {} : { evse: { id: evse } }) },
            variable: { name: names.variable },
          })),
    )

    app.delete(
      '/data/ocpprouter/connection',
      { ...door, schema: schema('Ends the connection of a station; it may come back', OfStation) },
      async ({ query: { stationId } }) => {
        const { session } = charging.station(stationId)
        if (!session)
          throw new Problem('station-offline', `${stationId} is not connected.`, { status: 404, hint: 'It may come back by itself.' })
        session.wire.close(1000, 'Disconnected by an operator')
        await session.wire.closed
        return { success: true }
      },
    )
  }

const isCalled = (name: string, wanted: string | undefined) => wanted === undefined || name.toLowerCase() === wanted.toLowerCase()
const isTokenStatus = (status: string): status is TokenStatus => (STATUSES as readonly string[]).includes(status)

/** What is kept of a station, to be said again with something changed. */
function asRegistered(record: ReturnType<CitrineParts['charging']['station']>['record']) {
  const { identity, asset, device, name, powerSensor, nominal, maxCurrent, phases, evse, v2g, securityProfile, ownProfile } = record
  if (asset === undefined || powerSensor === undefined)
    throw new Problem('station-parked', `${identity} waits for approval.`, { status: 409, hint: 'Register it first.' })
  return {
    ...{ identity, asset, powerSensor, nominalW: nominal, maxCurrentA: maxCurrent, phases, evse, v2g, securityProfile, ownProfile },
    ...(device !== undefined && { device }),
    ...(name !== undefined && { name }),
  }
}
