/** Charging stations of a running instance from the command line: what they do, what they are sent, badges, logs. */
import { writeFileSync } from 'node:fs'
import { Problem } from '#kernel'
import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'

export const API = '/api/cariflex/v1'
export type Row = Record<string, unknown>

export const need = (value: string | undefined, what: string): string => {
  if (!value) throw new Problem('usage', `Say ${what}.`, { hint: 'Add --help to see an example.' })
  return value
}
export const path = (...parts: string[]) => `${API}/${parts.map(encodeURIComponent).join('/')}`
const text = (value: unknown): string =>
  value === null || value === undefined ? '—' : typeof value === 'object' ? JSON.stringify(value) : String(value)

/** Rows as columns of text. */
export function table(rows: readonly Row[], columns: readonly string[]): string {
  if (rows.length === 0) return 'None.'
  const cells = [columns.map((name) => name), ...rows.map((row) => columns.map((name) => text(row[name])))]
  const widths = columns.map((_, index) => Math.min(60, Math.max(...cells.map((line) => line[index]!.length))))
  return cells
    .map((line) =>
      line
        .map((cell, index) => cell.slice(0, 60).padEnd(widths[index]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** What may be shown of one station, with the columns that a person looks at. */
const PARTS: Record<string, readonly string[]> = {
  commands: ['id', 'at', 'action', 'status', 'took', 'effect', 'by'],
  variables: ['key', 'value', 'mutability', 'unit'],
  events: ['at', 'component', 'variable', 'value', 'severity', 'cleared'],
  'security-events': ['at', 'type', 'address', 'info'],
  monitors: ['id', 'component', 'variable', 'type', 'value', 'severity'],
  reservations: ['id', 'evse', 'token', 'until', 'status'],
  messages: ['id', 'priority', 'content', 'until'],
  customers: ['requestId', 'customer', 'status', 'text', 'completeAt'],
}

export const chargingStations: Verb = {
  name: 'charging stations',
  summary: 'Shows the charging stations and what they do now, or one part of one station.',
  usage: `[STATION [${Object.keys(PARTS).join('|')}|local-list]]`,
  example: 'cariflex charging stations CP001 commands',
  async run({ words: [station, part], env, show }) {
    const instance = connectInstance(env)
    if (station === undefined) {
      const { data } = await instance.get<{ data: (Row & { evses: Row[] })[] }>(`${API}/stations`)
      const rows = data.map((one) => ({ ...one, connector: one.evses.map(({ connectorStatus }) => text(connectorStatus)).join(', ') }))
      show({ data }, () => table(rows, ['identity', 'online', 'boot', 'connector', 'version', 'vendor', 'model', 'firmware', 'lastSeen']))
      return undefined
    }
    if (part === undefined || part === 'local-list') {
      const { data } = await instance.get<{ data: Row }>(part === undefined ? path('stations', station) : path('stations', station, part))
      show({ data }, () =>
        Object.entries(data)
          .map(([name, value]) => `${name.padEnd(16)} ${text(value)}`)
          .join('\n'),
      )
      return undefined
    }
    const columns = PARTS[part]
    if (!columns)
      throw new Problem('usage', `'${part}' is nothing that a station has.`, {
        hint: `Choose one of: ${Object.keys(PARTS).join(', ')}, local-list.`,
      })
    const { data } = await instance.get<{ data: Row[] }>(path('stations', station, part))
    show({ data }, () => table(data, columns))
    return undefined
  },
}

export const chargingSend: Verb = {
  name: 'charging send',
  summary: 'Sends one OCPP message to a station and shows its answer.',
  usage: 'STATION ACTION [PAYLOAD]',
  example: `cariflex charging send CP001 Reset '{"type":"OnIdle"}'`,
  async run({ words: [station, action, payload = '{}'], env, show }) {
    let body: unknown
    try {
      body = JSON.parse(payload)
    } catch {
      throw new Problem('usage', `'${payload.slice(0, 60)}' is no JSON.`, { hint: 'Put it in single quotes: \'{"type":"OnIdle"}\'.' })
    }
    const answer = await connectInstance(env).send<{ data: { status: string; payload: unknown; took: number } }>(
      'POST',
      path('stations', need(station, 'which station'), 'commands'),
      { action: need(action, 'which message, e.g. Reset'), payload: body },
    )
    show(answer, () => `${answer.data.status} after ${answer.data.took} ms: ${JSON.stringify(answer.data.payload)}`)
    return undefined
  },
}

export const chargingBoot: Verb = {
  name: 'charging boot',
  summary: 'Decides how the boots of a station are answered: accepted, pending, rejected, or auto (accepted once it is set up).',
  usage: 'STATION accepted|pending|rejected|auto [SECONDS]',
  example: 'cariflex charging boot CP001 pending 60',
  async run({ words: [station, word = '', seconds], env, show }) {
    const status = { accepted: 'Accepted', pending: 'Pending', rejected: 'Rejected', auto: null }[word]
    if (status === undefined) throw new Problem('usage', `'${word}' is none of accepted, pending, rejected, auto.`)
    const answer = await connectInstance(env).send('PUT', path('stations', need(station, 'which station'), 'boot'), {
      status,
      ...(seconds === undefined ? {} : { interval: Number(seconds) }),
    })
    show(answer, () => `Boots of ${station}: ${status ?? 'accepted once it is set up'}.`)
    return undefined
  },
}

const FORMATS: readonly unknown[] = ['csv', 'xlsx', 'pdf']

export const chargingSessions: Verb = {
  name: 'charging sessions',
  summary: 'Shows sessions, newest first, or one with its events; or writes them with their costs to a file.',
  usage: '[STATION [TRANSACTION]] [--since TIME] [--before TIME] [--format csv|xlsx|pdf -o FILE]',
  example: 'cariflex charging sessions --since 2026-11-01T00:00:00-04:00 --format pdf -o november.pdf',
  options: { since: { type: 'string' }, before: { type: 'string' }, format: { type: 'string' }, output: { type: 'string', short: 'o' } },
  explain: {
    since: 'only those that went on then or later',
    before: 'only those that began before',
    format: 'of the file',
    output: 'the file',
  },
  async run({ words: [station, id], options: { since, before, format, output }, env, show }) {
    const instance = connectInstance(env)
    if (station !== undefined && id !== undefined) {
      const { data } = await instance.get<{ data: Row & { list: Row[] } }>(path('charging', 'sessions', station, id))
      show({ data }, () => table(data.list, ['seqNo', 'type', 'trigger', 'at', 'offline']))
      return undefined
    }
    const wanted = Object.entries({ station, since, before }).filter(([, value]) => value !== undefined)
    const query = new URLSearchParams(wanted as [string, string][]).toString()
    if (format !== undefined || output !== undefined) {
      if (!FORMATS.includes(format))
        throw new Problem('usage', 'Say which format: csv, xlsx or pdf.', { hint: 'Add --help to see an example.' })
      const file = need(output as string | undefined, 'into which file, with -o')
      const content = await instance.bytes(`${API}/charging/sessions.${String(format)}?${query}`)
      writeFileSync(file, content)
      show({ data: { file, size: content.length } }, () => `${content.length} bytes written to ${file}.`)
      return undefined
    }
    const { data } = await instance.get<{ data: Row[] }>(`${API}/charging/sessions?${query}`)
    show({ data }, () => table(data, ['station', 'id', 'startedAt', 'endedAt', 'energyKwh', 'token', 'stoppedReason', 'complete']))
    return undefined
  },
}

export const chargingBadges: Verb = {
  name: 'charging badges',
  summary: 'Shows badges, makes one known, takes one out; shows those that nobody knows; sends them to the local list of a station.',
  usage: '[add BADGE | remove BADGE | unknown | sync STATION]',
  example: 'cariflex charging badges add 04A1B2C3D4 --nickname "Zoé of Ann"',
  options: {
    nickname: { type: 'string' },
    type: { type: 'string' },
    group: { type: 'string' },
    status: { type: 'string' },
    until: { type: 'string' },
    place: { type: 'string', multiple: true },
    master: { type: 'boolean' },
  },
  explain: {
    nickname: 'what people call it',
    type: 'ISO14443, eMAID, KeyCode …; any unless said',
    group: "badges of one group stop each other's sessions",
    status: 'Accepted unless said; Blocked …',
    until: 'when it ends, ISO 8601',
    place: 'a station, or STATION/EVSE, where it may charge; may be repeated',
    master: 'it stops any session and begins none',
  },
  async run({ words: [what, which], options, env, show }) {
    const instance = connectInstance(env)
    if (what === undefined) {
      const answer = await instance.get<{ data: Row[] }>(`${API}/charging/badges`)
      show(answer, () => table(answer.data, ['token', 'nickname', 'status', 'type', 'group', 'places', 'validUntil', 'lastUsedAt']))
    } else if (what === 'unknown') {
      const answer = await instance.get<{ data: Row[] }>(`${API}/charging/unknown-badges`)
      show(answer, () => table(answer.data, ['token', 'type', 'station', 'lastAt', 'times']))
    } else if (what === 'add') {
      const { until, place, ...rest } = options
      const body = { ...rest, ...(until === undefined ? {} : { validUntil: until }), ...(place === undefined ? {} : { places: place }) }
      const known = Object.fromEntries(
        Object.entries(body).filter(([name]) => ['nickname', 'type', 'group', 'status', 'master', 'validUntil', 'places'].includes(name)),
      )
      const answer = await instance.send('PUT', path('charging', 'badges', need(which, 'which badge')), known)
      show(answer, () => `${which} may charge.`)
    } else if (what === 'remove') {
      const answer = await instance.send('DELETE', path('charging', 'badges', need(which, 'which badge')))
      show(answer, () => `${which} is taken out.`)
    } else if (what === 'sync') {
      const answer = await instance.send<{ data: { version: number; messages: number; how: string } }>(
        'POST',
        path('stations', need(which, 'which station'), 'local-list'),
        {},
      )
      show(answer, () => `${which} holds version ${answer.data.version} (${answer.data.how}, ${answer.data.messages} messages).`)
    } else throw new Problem('usage', `'${what}' is none of add, remove, unknown, sync.`)
    return undefined
  },
}

export const chargingLog: Verb = {
  name: 'charging log',
  summary: 'Has a station bring a log; with a request number, writes what it brought to a file.',
  usage: 'STATION [diagnostics|security | REQUEST FILE]',
  example: 'cariflex charging log CP001 diagnostics',
  async run({ words: [station, what, file], env, show }) {
    const instance = connectInstance(env)
    const identity = need(station, 'which station')
    if (what === undefined || /^\d+$/.test(what)) {
      const answer = await instance.get<{ data: (Row & { requestId: number; file: number | null })[] }>(
        `${API}/charging/errands?kind=log&station=${encodeURIComponent(identity)}`,
      )
      if (what === undefined) {
        show(answer, () => table(answer.data, ['requestId', 'status', 'outcome', 'size', 'askedAt']))
        return undefined
      }
      const found = answer.data.find(({ requestId }) => requestId === Number(what))
      if (found?.file == null)
        throw new Problem('unknown-file', `${identity} brought no log for request ${what}.`, { hint: 'Look at the list without a number.' })
      const content = await instance.text(path('charging', 'files', String(found.file)))
      writeFileSync(need(file, 'into which file'), content)
      show({ data: { file, size: content.length } }, () => `${content.length} characters written to ${file}.`)
      return undefined
    }
    const type = { diagnostics: 'DiagnosticsLog', security: 'SecurityLog' }[what]
    if (type === undefined) throw new Problem('usage', `'${what}' is neither diagnostics nor security.`)
    const answer = await instance.send<{ data: { status: string; requestId: number } }>('POST', path('stations', identity, 'logs'), {
      type,
    })
    show(answer, () => `${answer.data.status}: request ${answer.data.requestId}.`)
    return undefined
  },
}
