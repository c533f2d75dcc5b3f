/** All verbs of FlexMeasures' command line, group by group: what is done here, and what is refused. */
import { ADD_BELIEFS } from './add-beliefs.ts'
import { ADD_NOTES } from './add-notes.ts'
import { ADD_PEOPLE } from './add-people.ts'
import { ADD_REPORT } from './add-report.ts'
import { ADD_SCHEDULES } from './add-schedule.ts'
import { ADD_THINGS } from './add-things.ts'
import { ADD_TOY_ACCOUNT } from './add-toy-account.ts'
import { ADD_FORECASTS } from './add-work.ts'
import { AUTOMATIONS } from './automations.ts'
import { DELETE } from './delete.ts'
import { EDIT } from './edit.ts'
import { JOBS } from './jobs.ts'
import { MONITOR } from './monitor.ts'
import { SHOW_BELIEFS } from './show-beliefs.ts'
import { SHOW_THINGS } from './show-things.ts'
import { UPKEEP } from './upkeep.ts'
import type { Entry } from './verb.ts'

/** Each group in one line. */
export const GROUPS: Readonly<Record<string, string>> = {
  add: 'Add data.',
  show: 'Show data.',
  edit: 'Edit data.',
  delete: 'Delete data.',
  jobs: 'Look after the job queues.',
  db: 'Look after the tables.',
  'db-ops': 'Dump and restore the database.',
  monitor: 'Monitor tasks and users.',
}

const REFUSED: readonly Entry[] = [
  {
    name: 'show chart',
    summary: 'Would draw a chart into a PNG or SVG file.',
    refused: {
      why: 'No browser engine runs in this program to draw pictures.',
      instead:
        'show beliefs for a plot in the terminal, the page Graphs of the asset, or GET /api/dev/asset/ID/chart for its Vega-Lite specification',
    },
  },
  {
    name: 'edit secret',
    summary: 'Would store an encrypted secret on an account or asset.',
    refused: {
      why: 'Secrets on accounts and assets are for plug-ins of FlexMeasures, which do not run here; nothing would read it.',
      instead: 'the configuration, where variables of the environment stand for what is secret (docs/reference/configuration.md)',
    },
  },
  {
    name: 'delete structure',
    summary: 'Would delete all accounts, users, assets and sources.',
    refused: {
      why: 'A database is never emptied by one word here.',
      instead: 'delete account --id ID for one account with all it has, or an empty database',
    },
  },
]

const ORDER = Object.keys(GROUPS)

/** In the order of their groups, and of their names. */
export const TABLE: readonly Entry[] = [
  ...[...ADD_THINGS, ...ADD_PEOPLE, ...ADD_BELIEFS, ...ADD_NOTES, ...ADD_FORECASTS, ...ADD_SCHEDULES, ...ADD_REPORT, ...ADD_TOY_ACCOUNT],
  ...[...SHOW_THINGS, ...SHOW_BELIEFS, ...EDIT, ...DELETE, ...AUTOMATIONS, ...JOBS, ...UPKEEP, ...MONITOR, ...REFUSED],
].sort((a, b) => ORDER.indexOf(groupOf(a)) - ORDER.indexOf(groupOf(b)) || (a.name < b.name ? -1 : 1))

export function groupOf({ name }: Pick<Entry, 'name'>): string {
  return name.slice(0, name.indexOf(' '))
}
