/** Reads of 100 registers over loopback: our server and client against each other and against jsmodbus, in the same run. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import jsmodbus from 'jsmodbus'
import { memoryUnit, modbusClient, serveModbus } from '#protocols/modbus'

export const name = 'Modbus TCP'

const COUNT = 100

/** Requests per second of a read repeated for a while, and rounds of all competitors interleaved so that load falls on each. */
export async function run({ short }: { short: boolean }): Promise<string[]> {
  const length = short ? 250 : 1000
  const rounds = short ? 2 : 5
  const ours = await serveModbus({ unit: () => memoryUnit({ holding: new Uint16Array(COUNT) }) })
  const listening = createServer()
  new jsmodbus.server.TCP(listening, { holding: Buffer.alloc(COUNT * 2) })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const theirs = (listening.address() as AddressInfo).port

  const client = modbusClient({ host: '127.0.0.1', port: ours.port })
  const eager = modbusClient({ host: '127.0.0.1', port: ours.port, inFlight: 16 })
  const visitor = modbusClient({ host: '127.0.0.1', port: theirs })
  const socket = connect(ours.port, '127.0.0.1')
  const foreign = new jsmodbus.client.TCP(socket, 1)
  await once(socket, 'connect')

  const competitors = {
    'jsmodbus client, our server': () => foreign.readHoldingRegisters(0, COUNT),
    'our client, our server': () => client.readHolding(0, COUNT),
    'our client, jsmodbus server': () => visitor.readHolding(0, COUNT),
    'our client, our server, 16 in flight': () => Promise.all(Array.from({ length: 16 }, () => eager.readHolding(0, COUNT))),
  }
  const best = new Map<string, number>()
  for (let round = 0; round < rounds; round++)
    for (const [label, ask] of Object.entries(competitors)) {
      const each = label.endsWith('flight') ? 16 : 1
      const started = performance.now()
      let asked = 0
      while (performance.now() - started < length) {
        await ask()
        asked += each
      }
      best.set(label, Math.max(best.get(label) ?? 0, (1000 * asked) / (performance.now() - started)))
    }

  client.close()
  eager.close()
  visitor.close()
  socket.destroy()
  listening.close()
  await ours.close()
  const baseline = best.get('jsmodbus client, our server')!
  return [...best].map(
    ([label, rate]) => `${label}: ${Math.round(rate)} requests/s of ${COUNT} registers (${(rate / baseline).toFixed(2)} × jsmodbus client)`,
  )
}
