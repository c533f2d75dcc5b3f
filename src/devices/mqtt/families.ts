/** The families of the inventory, by their device codes. */
import { openhaspScreen } from './families/openhasp-screen.ts'
import { shellyPlug } from './families/shelly-plug.ts'
import { shellyPlus } from './families/shelly-plus.ts'
import { shellyThermometer } from './families/shelly-thermometer.ts'
import { socorelOutput } from './families/socorel-output.ts'
import { switchbotFinger } from './families/switchbot-finger.ts'
import { tasmotaPlug } from './families/tasmota-plug.ts'
import { tasmotaTeleinfo } from './families/tasmota-teleinfo.ts'
import { zigbee2mqtt } from './families/zigbee2mqtt.ts'
import type { Family } from './family.ts'

export const FAMILIES: readonly Family[] = [
  shellyPlug,
  tasmotaPlug,
  tasmotaTeleinfo,
  { ...tasmotaTeleinfo, code: 212 },
  switchbotFinger,
  shellyPlus,
  shellyThermometer,
  openhaspScreen,
  socorelOutput,
  zigbee2mqtt,
]

/** The family with this device code (`equipement_domotique_type_id`); undefined when none is known. */
export const familyOf = (code: number): Family | undefined => FAMILIES.find((family) => family.code === code)
