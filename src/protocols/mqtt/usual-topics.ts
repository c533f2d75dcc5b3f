/** Topics of switched devices when nobody says otherwise (formats of the community, section 4; ELFE reference 3). */

export interface UsualTopics {
  /** Where it tells its state, or replies. */
  control: string
  /** Where it is told what to do. */
  command: string
  /** Where its last will goes. */
  lwt: string
}

/** By ELFE's code of the device. The first generation of Shelly cannot rename its topic: it holds the hardware id. */
export const USUAL_TOPICS = {
  111: (_id: string, hardwareId: string): UsualTopics => {
    const root = `shellies/${hardwareId}`
    return { control: `${root}/relay/0`, command: `${root}/relay/0/command`, lwt: `${root}/online` }
  },
  112: (id: string): UsualTopics => ({ control: `stat/${id}/RESULT`, command: `cmnd/${id}/POWER`, lwt: `tele/${id}/LWT` }),
  411: (id: string): UsualTopics => ({ control: `controle/${id}/rpc`, command: `${id}/rpc`, lwt: `${id}/online` }),
} as const satisfies Record<number, (id: string, hardwareId: string) => UsualTopics>
