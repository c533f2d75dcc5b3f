/** Whoever works on the machine itself, without signing in: of programs that use the routes and open no port. */
import type { Principal } from '#ems'
import type { Identity } from './identity.ts'

/** Every request is asked by what `who` says at that moment. */
export const operatedBy = (who: () => Principal, identity: Identity): Identity => ({
  ...identity,
  async whoAsks(request) {
    request.principal = who()
    return request.principal
  },
  async authenticate(request) {
    request.principal = who()
  },
})
