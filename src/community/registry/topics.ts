/** Topics of devices: what they are when nobody says otherwise (formats of the community, section 4). */
import { USUAL_TOPICS, type UsualTopics } from '#protocols/mqtt'
import type { DeviceType } from './codes.ts'

/** Where a device tells what it does, where it is told what to do, where its last will goes; null = not known, or none. */
export interface Topics {
  control: string | null
  command: string | null
  will: string | null
}

/** A first-generation Shelly cannot rename its topic: it holds the hardware id. */
export const namedByHardware = (type: DeviceType): boolean => type === 111

const USUAL: Readonly<Record<number, (id: string, hardware: string) => UsualTopics>> = USUAL_TOPICS

/** The topics of its family; all null for a family that has none by default. */
export function usualTopics(type: DeviceType, id: string, hardware: string | null): Topics {
  const usual = USUAL[type]?.(id, hardware ?? '')
  return usual ? { control: usual.control, command: usual.command, will: usual.lwt } : { control: null, command: null, will: null }
}

/** Whether a text is the name of one topic that may be published to: no wildcards, nothing that is no text, not too long for MQTT. */
export const isTopic = (text: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: MQTT 3.1.1 1.5.3 lets a broker close the connection over them
  text !== '' && !/[+#\u0000-\u001f\u007f-\u009f]/.test(text) && Buffer.byteLength(text) <= 65_535
