/** Records what somebody sent of one sensor and says what became of it, in FlexMeasures' words (reference 2.2, 2.6). */
import type { BeliefBatch, Sensor } from '#ems'
import type { Rooms } from '../rooms.ts'
import { failed, hasCode, processed, rejected } from './envelope.ts'

const ALREADY = {
  status: 'ALREADY_RECEIVED_AND_SUCCESSFULLY_PROCESSED',
  message: 'Some of the data has already been received and successfully processed.',
} as const
const REPLACEMENT =
  'Some of the data represents a replacement: another value is known for the same belief time. Replacing data is not enabled on this server; send it with a later prior.'

/**
 * All of the batches are durable when it answers, or none is stored.
 * @throws 403 `INVALID_REPLACEMENT`, 404 when the sensor was deleted meanwhile
 */
export async function recordAndAnswer(
  { beliefs, metrics, config, flexMeasures, sensors }: Rooms,
  sensor: Sensor,
  batches: BeliefBatch[],
): Promise<{ status: string; message: string }> {
  try {
    const overwrite = config.allowOverwrite === true || flexMeasures.mode === 'play'
    const { stored, known } = await beliefs.record(overwrite ? batches.map((batch) => ({ ...batch, overwrite })) : batches)
    metrics.beliefs.inc(stored)
    return known > 0 ? ALREADY : processed
  } catch (error) {
    if (hasCode(error, 'invalid-replacement')) throw rejected(403, 'INVALID_REPLACEMENT', REPLACEMENT)
    if (hasCode(error, 'unknown-sensor') || isForeignKeyViolation(error)) {
      // Another process deleted the sensor or the source meanwhile.
      sensors.forget(sensor.id)
      throw failed(404, `No sensor found with ID ${sensor.id}.`)
    }
    throw error
  }
}

const isForeignKeyViolation = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === '23503'
