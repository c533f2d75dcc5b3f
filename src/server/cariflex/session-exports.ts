/** Sessions as CSV, workbook or PDF, with the filters of the list. */
import { type Static, Type } from 'typebox'
import type { Charging } from '#charging'
import { COMMA_CSV, type Established, PROGRAM_CSV } from '#ems'
import { formatInstant, parseInstant } from '#kernel'
import type { Reply, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { csvOf, sessionTable, workbookOf } from './session-files.ts'
import { pdfOf } from './session-pdf.ts'
import { onSite } from './shape.ts'

const optional = Type.Optional
const Filter = Type.Object({
  station: optional(Type.String({ minLength: 1, maxLength: 48, description: 'Only of this station.' })),
  open: optional(Type.Boolean({ description: 'Only those that go on, or only those that ended.' })),
  before: optional(Type.String({ format: 'date-time', description: 'Only those that began before.' })),
  since: optional(Type.String({ format: 'date-time', description: 'Only those that went on then or later.' })),
  limit: optional(Type.Integer({ minimum: 1, maximum: 20_000, description: 'So many at most, the newest.' })),
  decimal: optional(
    Type.Unsafe<'point' | 'comma'>({
      type: 'string',
      enum: ['point', 'comma'],
      description: 'CSV: comma for spreadsheets, with semicolons.',
    }),
  ),
})
type Filter = Static<typeof Filter>

const TYPES = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pdf: 'application/pdf',
} as const

export interface SessionExportParts {
  charging: Charging
  established: Established
  rooms: Rooms
}

export const sessionExportRoutes =
  ({ charging: { archive }, established, rooms }: SessionExportParts): Routes =>
  (app) => {
    const { authenticate } = rooms.identity
    const { name, timezone: zone } = established.territory.site
    const read = { onRequest: [authenticate, onSite(established.account, 'read')] }
    const tags = ['charging']
    const chosen = ({ before, since, decimal: _, ...rest }: Filter) =>
      archive.priced({
        ...rest,
        ...(before !== undefined && { before: parseInstant(before) }),
        ...(since !== undefined && { since: parseInstant(since) }),
      })
    const send = (reply: Reply, kind: keyof typeof TYPES, content: string | Uint8Array) =>
      reply
        .type(TYPES[kind])
        .header('content-disposition', `attachment; filename="sessions.${kind}"`)
        .send(typeof content === 'string' ? content : Buffer.from(content))

    app.get(
      '/charging/sessions.csv',
      { ...read, schema: { tags, summary: 'Sessions with their costs as CSV', querystring: Filter, produces: [TYPES.csv] } },
      async ({ query }, reply) =>
        send(reply, 'csv', csvOf(sessionTable(await chosen(query)), query.decimal === 'comma' ? COMMA_CSV : PROGRAM_CSV)),
    )
    app.get(
      '/charging/sessions.xlsx',
      { ...read, schema: { tags, summary: 'Sessions with their costs as a workbook', querystring: Filter, produces: [TYPES.xlsx] } },
      async ({ query }, reply) => send(reply, 'xlsx', await workbookOf(sessionTable(await chosen(query)), 'Sessions')),
    )
    app.get(
      '/charging/sessions.pdf',
      {
        ...read,
        schema: { tags, summary: 'Sessions with their costs as PDF, in French and English', querystring: Filter, produces: [TYPES.pdf] },
      },
      async ({ query }, reply) => {
        const day = (text: string | undefined) => (text === undefined ? '…' : formatInstant(parseInstant(text), zone).slice(0, 10))
        const order = {
          ...{ platform: rooms.config.platformName, site: name, zone },
          madeAt: formatInstant(rooms.clock.now(), zone),
          chosen: [
            ...(query.station === undefined ? [] : [query.station]),
            ...(query.since === undefined && query.before === undefined ? [] : [`${day(query.since)} – ${day(query.before)}`]),
          ],
        }
        return send(reply, 'pdf', await pdfOf(await chosen(query), order))
      },
    )
  }
