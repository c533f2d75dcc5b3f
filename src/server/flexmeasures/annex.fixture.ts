/** Which test shows which row of the reference and which line of the issue: made into docs/reference/flexmeasures-annex.md; a name that is no test fails. */

const RECORDED = 'the answers are those recorded from FlexMeasures'
const REFUSED = 'what Annex A says is refused is refused, at its field, and nothing of it is stored'
const WORDS = 'refusals have the exact words that clients look for (A.1.3, A.1.4, 2.1)'
const LISTS = 'lists sort, filter and page as clients ask, in either spelling (A.1.5 to A.1.12, 2.3)'
const MADE = 'assets and sensors are made, changed and copied with the answers and notes of FlexMeasures (A.1.20 to A.1.30)'
const NOTES = 'notes, figures, users and jobs answer as their rows say (A.1.31 to A.1.36)'
const WAITING =
  'orders wait as jobs in the words that clients poll for, and are nobody else’s business (A.1.36, A.2.11 to A.2.17, 2.7, 2.9)'
const WRONG = 'what the real server crashes on or does wrong is a clear answer here (section 10)'
const ENVELOPES =
  'accounts and users are deleted on the command line only; what is gone, too large or no method says so in its envelope (1.5, 2.2)'
const CHANGED = 'an asset changes field by field, each noted in its audit log, and never into its own offspring'
const DANGLING = 'deleting is for account administrators and leaves no dangling references'
const SENSORS = 'sensors are listed by account, asset, unit and words, and changed by account administrators only'
const TOPS = 'top-level assets are made by account administrators, children by any member, public ones by administrators of the platform'
const SHOWN = 'what an asset shows and says of sensors must be right and readable'
const COPY = 'a copy has its own sensors, speaks of them, and of nobody else’s but public ones'
const ROLES = 'roles and activity change by those who may, and the log says so in FlexMeasures’ words'
const PLANNED = 'a plan is stored production-positive, and read in any unit, sign and length, also beyond two days'
const UNPLANNED = 'what cannot be planned is refused at once, field by field, and no job is made'
const STRANGE = 'a sensor of somebody else is never named, only the field that does'
const FAILING = 'a job that fails says why; a plan that waits says so'
const CHAIN = 'one device after the other is a chain of jobs, and the last id stands for the whole'
const SINGLE = 'a device scheduled by its sensor takes its state of charge from where it is, and leaves it with its asset'
const POSTED = 'posted values land on the clock and in the unit of the sensor'
const UNFIT = 'what does not fit is refused with its reason, and nothing of it is stored'
const AGAIN = 'the same again is known, another value at the same belief time a replacement, at a later one news'
const FIELDS = 'what cannot be asked is named field by field'
const OLD = 'in the dialect of 0.33 triggers answer 200, wishes are hard until relaxed, and what cannot be kept is planned by the fallback'
const UPLOADS = 'bad uploads get a clear answer and store nothing'
const HIDDEN = 'a sensor of somebody else is found in every field that takes one, however deep, and never named'
const MATRIX = 'everybody may do what the table of permissions says, and nothing else'
const READS = 'whatever is read of an asset or a sensor, and whatever is asked of it, takes the right that the table names'
const DOORS = 'top-level assets take the right to create in the account, children the right to create on their parent'
const POSTS = 'whoever posts data or triggers needs to create on the sensor; deleting data is for those who may delete it'

export const ANNEX: Record<string, Record<string, readonly string[]>> = {
  'Annex A.1: auth, shapes, errors': {
    '1 another account’s assets': [REFUSED],
    '2 unknown asset': [REFUSED, DANGLING],
    '3 no auth': [WORDS],
    '4 other account': [WORDS],
    '5 public assets': [REFUSED, LISTS],
    '6 pages': ['lists are bare without a page and carry counts with one; Python spellings of truth are understood'],
    '7 sorted by owner': [LISTS],
    '8 sensors of an asset': [LISTS, RECORDED],
    '9 any term': [LISTS, SENSORS],
    '10 account and asset apart': [LISTS, REFUSED],
    '11 sensors of children': [SENSORS],
    '12 by unit': [SENSORS],
    '13 one sensor': [LISTS, RECORDED],
    '14 unknown role': [REFUSED],
    '15 unknown field': [REFUSED, RECORDED],
    '16 a list as body': [REFUSED, TOPS],
    '17 longitude, missing type': [REFUSED, TOPS],
    '18 asset for another account': [REFUSED, TOPS],
    '19 duplicate name': [REFUSED, TOPS],
    '20 asset made, noted': [MADE],
    '21 asset changed by a member, noted': [MADE, CHANGED],
    '22 attributes that are none': [REFUSED, CHANGED],
    '23 sensors_to_show': [REFUSED, SHOWN],
    '24 asset deleted, noted, references gone': [DANGLING],
    '25 copies': [MADE, COPY],
    '26 sensor made, noted': [MADE],
    '27 fields of a sensor that stay': [MADE],
    '28 sensor changed by a member': [REFUSED, SENSORS],
    '29 sensor deleted, references gone': [DANGLING, MADE],
    '30 data deleted, noted': [MADE, 'a deletion says in the audit log what it took'],
    '31 stats': [NOTES, 'figures are told per source in the time zone of the sensor, from what is kept and from the table alike'],
    '32 annotations': [REFUSED, NOTES, 'an identical note is the same note, wherever it hangs'],
    '33 users, new passwords': [
      NOTES,
      'an account administrator invites a user, who gets a letter and no password',
      'a new password is asked for oneself or by an administrator of the account; the old one and all tokens end at once',
    ],
    '34 changes of users': [NOTES, ROLES],
    '35 accounts founded': ['accounts are founded by administrators, and by consultants of a consultancy for their clients', NOTES],
    '36 jobs': [WAITING, FAILING, REFUSED],
  },
  'Annex A.2: schedules and forecasts': {
    '1 unknown uuid': [WORDS],
    '2 unknown field': [UNPLANNED],
    '3 no quantity': [UNPLANNED],
    '4 soc-unit': [UNPLANNED],
    '5 no datetime': [UNPLANNED],
    '6 foreign sensor': [STRANGE, HIDDEN],
    '7 prices unknown': [FAILING],
    '8 infeasible': [FAILING],
    '9 units': [WAITING, PLANNED, RECORDED],
    '10 durations': [PLANNED],
    '11 what is saved': [WAITING, PLANNED, SINGLE],
    '12 state of charge from a sensor': [SINGLE],
    '13 sign conventions': [WAITING, PLANNED],
    '14 conflicting sign': [UNPLANNED],
    '15 soft capacity': ['A.2.15: what cannot be had within a soft capacity is taken beyond it, no more than it must be'],
    '16 sequential': [WAITING, CHAIN],
    '17 simultaneous': [WAITING],
    '18 aggregates': [PLANNED],
    '19 unused commodity': ['A.2.19: a commodity that no device uses changes nothing'],
    '20 group outside the tree': [UNPLANNED],
    '21 forecasts in cycles': ['several cycles are jobs of their own with one that wraps up, each viewpoint with the time it was believed'],
    '22 unreadable regressor': ['a regressor that one may not read is refused by its field, and its name stays unsaid'],
  },
  'Annex A.3 and A.4: uploads and posts': {
    'every row of A.3': ['rows are converted and resampled as FlexMeasures does (Annex A.3)'],
    'over HTTP': ['a CSV becomes beliefs, sent again it is known, changed it is refused', UPLOADS],
    'conversions of A.4': [POSTED],
    'refusals of A.4': [UNFIT, REFUSED],
    'known, replaced': [AGAIN],
    'frequency of moments': [POSTED],
  },
  'Sections 0.2, 1.5, 2 and 10': {
    '0.2 the 0.33 dialect': [
      OLD,
      'the dialect of 0.33 keeps starts as they are sent (0.2)',
      'in the dialect of 0.33 a trigger answers 200 with the legacy key only',
      'a server that speaks 0.33 says so and makes no accounts',
      'a server for play limits nobody, nor does one that speaks 0.33',
    ],
    '1.5 cell by cell': [MATRIX, READS, DOORS, POSTS, ROLES, ENVELOPES],
    '2.1 tokens': [WORDS, WRONG, RECORDED],
    '2.2 headers and envelopes': [ENVELOPES, WORDS],
    '2.3 pages, filters, sorts, spellings': [LISTS],
    '2.4 endpoints': [RECORDED, ENVELOPES, 'versions that are gone say so on every path and method, with the way on'],
    '2.5 representations': [RECORDED, MADE],
    '2.6 data': [POSTED, UNFIT, FIELDS, 'moments are read at a resolution that fits the window, the first of each slot'],
    '2.7 schedules': [WAITING, PLANNED, 'the same trigger within the hour is the same job, unless that failed or a new one is demanded'],
    '2.8 chart data': [
      'chart data has the latest belief of each source, coarse sensors repeated, units on one scale, fixed values as sensors',
    ],
    '2.9 jobs': [WAITING],
    '2.10 settings': [
      'who asks too often waits as long as told, others do not',
      'a server that allows overwriting, or plays, lets a post replace what is known of the same belief time',
      'the largest body of sensor data is configured',
    ],
    '10 what the real server does wrong': [WRONG, RECORDED],
  },
  'Bad input of the issue': {
    'zip bombs': [UPLOADS],
    'formula cells': [UPLOADS, 'workbooks are read as well: dates, texts, cached formulas; several files make one upload'],
    'asset trees of 100 levels': ['a tree of a hundred levels is built, listed, copied and deleted; one more level is refused'],
    'cycles of assets': ['a ring that somebody made in the database hangs nothing', CHANGED],
    'horizons of 2,520 steps': ['the longest horizon is planned, one step more is refused'],
    'flex-models of 200 devices': [
      'two hundred devices are planned together; more unknowns than the solver may hold are refused, and the job says so',
    ],
    'mixed currencies': ['two currencies are refused wherever the second one hides'],
    'foreign sensors in nested fields': [HIDDEN],
    'cron that never fires': [
      'bad automations are refused with their field: cron strings that never fire, strangers’ sensors, parameters of nothing',
      'a cron string is looked at before it is kept',
    ],
    'forecasts without data': [
      'without data a forecast fails clearly, and far ones are made',
      'odd pasts are foretold or refused with a reason',
    ],
    'nothing half-written': [
      REFUSED,
      'bad orders of schedules, forecasts, automations and reports are refused whole: no job, no automation, no report',
    ],
    'what no database can hold': ['no path, query or body that the database cannot hold is a failure of ours'],
  },
}

/** Benches that print the figures of the issue; `npm run bench WORD`. */
export const FIGURES: Record<string, string> = {
  'trigger to plan readable: a day, a week, a house, 10 and 20 storages': 'bench/trigger.bench.ts',
  '10 storages with power bands: plan and proven gap at 2 s; 10, 30 and 100 storages': 'bench/schedule.bench.ts',
  'ingest at 1, 96 and 10,000 values a call, news and duplicates, against COPY': 'bench/ingest.bench.ts',
  'reads of 96 values, a week, a year; stats over ten million beliefs': 'bench/read.bench.ts',
  'chart data of an asset week, status of 500 sensors': 'bench/charts.bench.ts',
  'forecast of 48 hours from 60 days': 'bench/forecast.bench.ts',
  'memory of the whole': 'bench/start.bench.ts',
}
