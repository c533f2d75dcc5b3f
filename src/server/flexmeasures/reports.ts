/** Reports of an asset as jobs, as FlexMeasures 1.1 has them (reference 4.9). */
import { Type } from 'typebox'
import { offspring, readReportOrder, sensorsOfReport } from '#ems'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { assetFor } from './assets.ts'
import { mayReport } from './automation-work.ts'
import { zoneOf } from './automations.ts'
import { type FieldErrors, hasCode, invalid } from './envelope.ts'
import { IdPath, idOf } from './query.ts'

const Body = Type.Object({
  reporter: Type.String({ description: 'PandasReporter, AggregatorReporter or ProfitOrLossReporter.' }),
  parameters: Type.Unsafe<Record<string, unknown>>({ type: 'object', description: 'input, output, start, end and the rest.' }),
  config: Type.Optional(Type.Unsafe<Record<string, unknown>>({ type: 'object', description: 'Of the reporter.' })),
})

export function reportRoutes(app: App, rooms: Rooms): void {
  app.post(
    '/assets/:id/reports/trigger',
    { schema: { tags: ['flexmeasures'], summary: 'Asks for a report that is saved on sensors', params: IdPath, body: Body } },
    async (request, reply) => {
      const who = request.principal!
      const asset = await assetFor(rooms, who, 'create-children', idOf(request.params))
      const order = await refusing(async () =>
        readReportOrder(request.body ?? {}, { now: rooms.clock.now(), zone: await zoneOf(rooms, asset) }),
      )
      const touched = sensorsOfReport(order)
      await mayReport(rooms, who, touched)
      const tree = await offspring(rooms.store, asset.id)
      for (const { field, sensor } of touched.writes)
        if (!tree.includes((await rooms.sensors.need(sensor)).asset))
          throw invalid('json', {
            parameters: { [field]: [`Sensor ${sensor} does not belong to asset ${asset.id} (or to one of its offspring).`] },
          })
      const id = await refusing(() => rooms.reports.trigger(asset.id, order))
      return reply.code(202).send({
        status: 'ACCEPTED',
        message: 'Request has been accepted for processing.',
        job: id,
        'job-url': `/api/v3_0/jobs/${id}`,
      })
    },
  )
}

/** What is wrong with an order, by its fields. @throws 422 */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (hasCode(error, 'invalid-report', 'invalid-offset'))
      throw invalid('json', (error.details?.['fields'] as FieldErrors | undefined) ?? { _schema: [error.message] })
    throw error
  }
}
