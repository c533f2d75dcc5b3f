/** Topics of devices: what they are when nobody says otherwise (formats of the community, section 4). */
import type { DeviceType } from './codes.ts'

/** Where a device tells what it does, where it is told what to do, where its last will goes; null = not known, or none. */
export interface Topics {
  control: string | null
  command: string | null
  will: string | null
}

type Family = (id: string, hardware: string) => Topics

const FAMILIES = new Map<number, Family>([
  [
    111,
    (_, hardware) => ({
      control: `shellies/${hardware}/relay/0`,
      command: `shellies/${hardware}/relay/0/command`,
      will: `shellies/${hardware}/online`,
    }),
  ],
  [112, (id) => ({ control: `stat/${id}/RESULT`, command: `cmnd/${id}/POWER`, will: `tele/${id}/LWT` })],
  [411, (id) => ({ control: `controle/${id}/rpc`, command: `${id}/rpc`, will: `${id}/online` })],
])

/** A first-generation Shelly cannot rename its topic: it holds the hardware id. */
export const namedByHardware = (type: DeviceType): boolean => type === 111

/** The topics of its family; all null for a family that has none by default. */
export const usualTopics = (type: DeviceType, id: string, hardware: string | null): Topics =>
  FAMILIES.get(type)?.(id, hardware ?? '') ?? { control: null, command: null, will: null }

/** Whether a text is the name of one topic that may be published to: no wildcards, nothing that is no text, not too long for MQTT. */
export const isTopic = (text: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: MQTT 3.1.1 1.5.3 lets a broker close the connection over them
  text !== '' && !/[+#\u0000-\u001f\u007f-\u009f]/.test(text) && Buffer.byteLength(text) <= 65_535
