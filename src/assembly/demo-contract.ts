/** One car of the demo pays by itself (Plug & Charge): the certificate of its maker, a contract that waits in our pool, the root on its station. */
import { describeError, isProblem } from '#kernel'
import type { PlatformAddress } from '#simulators'
import type { House } from './house.ts'

const EMAID = 'FRDEMC00000001'
const PCID = 'CARIFLEXDEMO00001'

/** Sets it up anew at each start: the key of the car is kept nowhere. */
export async function demoContract({ steered, bus, log }: House): Promise<PlatformAddress['contract']> {
  const { territory, assets } = steered!.established
  const speaksOf = (home: string | undefined) => territory.devices.find(({ id }) => id === home)?.ocpp
  const car = territory.vehicles?.find(({ v2g = false, home }) => !v2g && home !== undefined && speaksOf(home) !== '1.6')
  if (!car) return undefined
  const { charging } = steered!
  const { contracts, installed } = charging.security
  const [root = ''] = await contracts.trial()
  await contracts.issue({ emaid: EMAID, car: PCID }).catch((error: unknown) => {
    if (!isProblem(error) || error.code !== 'contract-exists') throw error
  })
  const { emaid } = await contracts.find(EMAID)
  await charging.registerToken({ token: emaid, type: 'eMAID', vehicle: assets[car.asset]! })
  const give = async () => {
    const station = charging.station(car.home!)
    if ((await installed.last(car.home!)).some(({ type }) => type === 'MORootCertificate')) return
    await installed.install(station, 'MORootCertificate', root)
    await installed.ask(station)
  }
  bus.on('device', ({ device, what }) => {
    if (device === car.home && what === 'online')
      give().catch((error: unknown) => log.info({ station: device, error: describeError(error) }, 'no root of contracts was installed'))
  })
  const made = (await contracts.trialCar(PCID)).find(({ version }) => version === 'iso2')!
  return { vehicle: car.id, certificate: made.certificate, key: made.key }
}
