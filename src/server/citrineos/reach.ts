/** Who may use the interfaces that CitrineOS had, and what they have in common. */

import { BlockList, isIP } from 'node:net'
import { Type } from 'typebox'
import type { Charging } from '#charging'
import { steers } from '#ems'
import { isProblem, Problem } from '#kernel'
import type { Reply, Request } from '../app.ts'
import { onSite } from '../cariflex/shape.ts'
import type { Identity } from '../identity.ts'

/** CitrineOS' query of every request: there is one tenant here. */
export const Tenant = {
  tenantId: Type.Optional(Type.Integer({ minimum: 1, maximum: 1, description: 'Always 1: one territory, one tenant.' })),
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')
const isLoopback = (address: string): boolean => {
  const plain = address.replace(/^::ffff:/i, '')
  return isIP(plain) !== 0 && LOOPBACK.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
}

/** Whether a request comes from a program on this machine: not through a proxy, not out of a browser. */
export const isFromHere = ({ raw: { headers, socket } }: Request): boolean =>
  headers['x-forwarded-for'] === undefined &&
  headers.forwarded === undefined &&
  headers.origin === undefined &&
  isLoopback(socket.remoteAddress ?? '')

/**
 * Hook for `onRequest`: those who may steer the site, with one of our tokens. When `openOnLoopback` is set, programs on this machine need none,
 * as with CitrineOS' local bypass; a request that came through a proxy or out of a browser is never let in that way.
 */
export const citrineDoor = (identity: Identity, account: number, openOnLoopback: boolean) => {
  const maySteer = identity.requirePermission(steers)
  return async (request: Request, reply: Reply): Promise<void> => {
    const { headers } = request.raw
    const isAnonymous = headers.authorization === undefined && headers.cookie === undefined
    if (openOnLoopback && isAnonymous && isFromHere(request)) return
    await identity.authenticate(request, reply)
    await onSite(account, 'update')(request)
    await maySteer(request, reply)
  }
}

export const invalid = (message: string, hint: string) => new Problem('invalid-request', message, { status: 400, hint })

/** Undefined for one that nobody registered. */
export function stationOf(charging: Charging, identity: string): ReturnType<Charging['station']> | undefined {
  try {
    return charging.station(identity)
  } catch (error) {
    if (isProblem(error) && error.status === 404) return undefined
    throw error
  }
}
