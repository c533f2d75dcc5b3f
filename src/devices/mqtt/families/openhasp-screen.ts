/** A screen with openHASP (711, ELFE's ELFI). The hardware id is the name of its node, `g002`. Its people touch it; the house writes on it. */
import { millis, Problem, SECOND } from '#kernel'
import { each, type Family, type HeardMessage, type MqttDevice } from '../family.ts'
import { decimal, objectOf, words } from '../reading.ts'

/** What openHASP takes at once, bytes. */
const LONGEST = 2048

export const openhaspScreen: Family = {
  code: 711,
  name: 'openHASP screen',
  // Its keepalive; between touches it says nothing.
  period: millis(20 * SECOND),
  topics: ({ hardwareId }) => ({ command: `hasp/${hardwareId}/command`, lwt: `hasp/${hardwareId}/LWT` }),
  says: (_, { lwt }) => each([lwt], words('online', { online: true, offline: false })),
}

/** Where its objects tell of touches, and of their values when they are asked. */
export const screenTopics = ({ hardwareId }: MqttDevice): string => `hasp/${hardwareId}/state/+`

export interface ScreenObject {
  page: number
  object: number
  /** `down`, `up`, `release`, `long`, `hold`, `changed`; undefined in the answer to a question. */
  event?: string
  value?: number
  text?: string
}

/** What an object of the screen tells; undefined when the message is nothing of that kind. */
export function screenObject({ hardwareId }: MqttDevice, { topic, payload }: HeardMessage): ScreenObject | undefined {
  const prefix = `hasp/${hardwareId}/state/`
  const place = topic.startsWith(prefix) ? /^p(\d{1,2})b(\d{1,3})$/.exec(topic.slice(prefix.length)) : null
  const told = objectOf(payload)
  if (!place || !told) return undefined
  const value = decimal(told.val)
  return {
    page: Number(place[1]),
    object: Number(place[2]),
    ...(typeof told.event === 'string' && { event: told.event }),
    ...(value !== undefined && { value }),
    ...(typeof told.text === 'string' && { text: told.text }),
  }
}

/**
 * Objects to draw or change, as one message of lines of JSON.
 * @throws Problem `screen-too-much` above 2,048 bytes, which the screen would cut off
 */
export function screenLines({ hardwareId }: MqttDevice, objects: readonly ({ page: number; id: number } & Record<string, unknown>)[]) {
  const payload = objects.map((object) => JSON.stringify(object)).join('\n')
  const bytes = Buffer.byteLength(payload)
  if (bytes > LONGEST)
    throw new Problem('screen-too-much', `${bytes} bytes are too much for one message to a screen; it takes ${LONGEST}.`, {
      hint: 'Send fewer objects at once.',
    })
  return { topic: `hasp/${hardwareId}/command/jsonl`, payload }
}
