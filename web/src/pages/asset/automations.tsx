/** What is made for an asset again and again by itself. */
import { AutomationList } from '../automation/list.tsx'
import type { TabProps } from './tab.ts'

export const AutomationsTab = ({ thing, route, may }: TabProps) => <AutomationList query={route.query} asset={thing.id} mayAdd={may.add} />
