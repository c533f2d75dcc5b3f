/**
 * A connection as this room uses it: whatever the station speaks, the room speaks 2.0.1 to it, and 2.1 to a station of 2.1.
 * `version` is what may be said on the line, `wire` the connection as it is, for those who speak the station's own version.
 */
import type { Session } from '#protocols/ocpp'

export interface Line extends Session {
  readonly wire: Session
}

/** The line to a station that speaks as this room does. */
export const plainLine = (session: Session): Line => ({ ...session, wire: session })
