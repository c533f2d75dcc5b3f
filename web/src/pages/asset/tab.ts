/** What each part of the page of an asset gets. */
import type { Route } from '../../route.ts'
import type { mayOn, Thing } from '../../things.ts'
import type { User } from '../../wire.ts'

export interface TabProps {
  thing: Thing
  route: Route
  user: User
  may: ReturnType<typeof mayOn>
  /** The asset was changed: read it again. */
  onChange(): void
}
