/** What is made again and again by itself: plans, forecasts and reports of every asset one may see. */
import { useCell } from '../cell.ts'
import { session } from '../live.ts'
import type { PageProps } from '../route.ts'
import { mayOn } from '../things.ts'
import { AutomationList } from './automation/list.tsx'

export function Automations({ route }: PageProps) {
  const who = useCell(session)
  if (who.state !== 'in') return null
  return (
    <div class="page">
      <AutomationList query={route.query} mayAdd={mayOn(who.user, who.user.account.id).add} />
    </div>
  )
}
