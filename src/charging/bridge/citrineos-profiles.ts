/**
 * Our profiles on stations of CitrineOS: under ids of our own, orders above every level that others use, standing ones at the bottom. What
 * others lay there is remembered. Pure.
 */
import { OCPP16, type OcppVersion, type Payload } from '#protocols/ocpp'

/** The highest stack level of a station that does not say. */
const USUAL_TOP = 3
/** Between the two places that orders take in turn. */
const SECOND_PLACE = 50
export const OWN_IDS = 100

/** Which of the two places of an order; the second one lies a level lower. */
export type Turn = 0 | 1

const isOrder = (profile: Payload) => profile['chargingProfilePurpose'] === 'TxProfile'

/** A SetChargingProfile of ours as the station gets it. */
export function laidBy(version: OcppVersion, payload: Payload, place: { first: number; top: number | undefined; turn: Turn }): Payload {
  const is16 = version === OCPP16
  const key = is16 ? 'csChargingProfiles' : 'chargingProfile'
  const id = is16 ? 'chargingProfileId' : 'id'
  const profile = payload[key] as Payload
  const { first, top = USUAL_TOP, turn } = place
  const level = isOrder(profile) ? Math.max(0, top - turn) : profile['stackLevel']
  return { ...payload, [key]: { ...profile, [id]: ownId(first, Number(profile[id]), turn), stackLevel: level } }
}

export const ownId = (first: number, id: number, turn: Turn = 0): number => first + id + turn * SECOND_PLACE

/** A ClearChargingProfile of ours, by id; one by its place only ever means ours, so it is said by the levels that are ours. */
export function clearedBy(
  version: OcppVersion,
  payload: Payload,
  { first, top = USUAL_TOP }: { first: number; top: number | undefined },
): Payload {
  const key = version === OCPP16 ? 'id' : 'chargingProfileId'
  if (typeof payload[key] === 'number') return { ...payload, [key]: ownId(first, payload[key]) }
  const criteria = (payload['chargingProfileCriteria'] ?? payload) as Payload
  if (!isOrder(criteria) || typeof criteria['stackLevel'] !== 'number') return payload
  const moved = { ...criteria, stackLevel: top }
  return payload['chargingProfileCriteria'] === undefined ? moved : { ...payload, chargingProfileCriteria: moved }
}

/** Whether a profile is one of ours by its id. */
export const isOurs = (first: number, id: unknown): boolean => typeof id === 'number' && id > first && id <= first + OWN_IDS
