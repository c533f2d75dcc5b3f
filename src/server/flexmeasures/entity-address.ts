/** Sensors by entity address, `ea1.2021-01.io.flexmeasures:fm1.42`: what old clients send instead of an id (reference 2.4). Deprecated. */
import { Type } from 'typebox'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { type FieldErrors, failed, invalid } from './envelope.ts'
import { readData } from './get-data.ts'
import { LOCATION, takeData } from './post-data.ts'
import { canonical } from './query.ts'
import { sensorFor } from './sensors.ts'

const tags = ['flexmeasures']
const sensor = Type.String({ description: 'Entity address of the sensor.', examples: ['ea1.2021-01.io.flexmeasures:fm1.42'] })
const Query = Type.Object({ sensor }, { additionalProperties: true, description: 'And what GET /sensors/{id}/data takes.' })
const Body = Type.Object({ sensor }, { additionalProperties: true, description: 'And what POST /sensors/{id}/data takes.' })

/** Id of the sensor that is addressed; whose host it was counts for nothing. @throws 422 under `location` */
export function sensorOfAddress(address: unknown, location: 'query' | 'json'): number {
  const refuse = (text: string) => invalid(location, { sensor: [text] })
  if (address === undefined) throw refuse('Missing data for required field.')
  if (typeof address !== 'string') throw refuse('Not a valid string.')
  if (!address.startsWith('ea1')) throw refuse(`A valid type 1 USEF entity address starts with 'ea1', please review ${address}`)
  if (!/^ea1\.\d{4}-(0[1-9]|1[012])\./.test(address))
    throw refuse("After 'ea1.', a date specification of the format ([0-9]{4})-(0[1-9]|1[012]) is expected.")
  const id = /^ea1\.\d{4}-\d\d\.[^:]+:fm1\.(\d{1,18})$/.exec(address)?.[1]
  if (id === undefined) throw refuse(`Could not parse sensor ${address}.`)
  return Number(id)
}

export function entityAddressRoutes(app: App, rooms: Rooms): void {
  app.get(
    '/sensors/data',
    { schema: { tags, deprecated: true, summary: 'Sensor data by entity address', querystring: Query } },
    async (request) => {
      const { sensor: address, ...query } = request.query as Record<string, unknown>
      const known = await sensorFor(rooms, request.principal!, 'read', sensorOfAddress(address, 'query'))
      return atHome('query', () => readData(rooms, known, canonical(query)))
    },
  )

  app.post(
    '/sensors/data',
    {
      bodyLimit: rooms.config.ingestLimit ?? Math.floor(3.1 * 1024 * 1024),
      schema: { tags, deprecated: true, summary: 'Stores sensor data by entity address', body: Body },
    },
    async (request) => {
      const given = request.body ?? {}
      if (typeof given !== 'object' || Array.isArray(given)) throw invalid('json', { _schema: ['Invalid input type.'] })
      const { sensor: address, ...body } = given as Record<string, unknown>
      const id = sensorOfAddress(address, 'json')
      if (!(await rooms.sensors.get(id))) throw failed(404, `No sensor found with ID ${id}.`)
      return atHome('json', () => takeData(rooms, request.principal!, id, body))
    },
  )
}

/** The same work; what is wrong with it is told under the place of these routes. */
async function atHome<T>(location: 'query' | 'json', work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const body = (error as { details?: { flexMeasures?: { message?: unknown } } }).details?.flexMeasures
    const told = (body?.message as Record<string, FieldErrors> | undefined)?.[LOCATION]
    throw told === undefined ? error : invalid(location, told)
  }
}
