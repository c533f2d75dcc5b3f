/**
 * A battery to try things on: 10 kWh, 5 kW, on Modbus TCP with the register map of the template battery/plain-battery.
 * It knows nothing of Cariflex, and stops by itself when nobody speaks to it.
 *
 *     node --import tsx examples/battery-on-modbus.ts 1502
 */
import { systemClock } from '../src/kernel/index.ts'
import { battery } from '../src/simulators/battery.ts'
import { serveBattery } from '../src/simulators/modbus-battery.ts'

const port = Number(process.argv[2] ?? 1502)
const body = battery({ id: 'example', start: systemClock.now(), capacity: 10_000, power: 5000 })
await serveBattery(body, { clock: systemClock, speaks: 'plain', port })
console.log(`A battery listens on 127.0.0.1:${port}. Ctrl-C ends it.`)
