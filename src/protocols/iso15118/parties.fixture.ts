/** A car and a station for tests: they do what they are told and keep what they heard. */
import type { Needs, Order, Supply, Vehicle, VehicleState } from './parties.ts'

export interface TestVehicle extends Vehicle {
  orders: Order[]
  says: VehicleState
}

export function testVehicle(more: Partial<Vehicle> & { turns?: number; says?: Partial<VehicleState> } = {}): TestVehicle {
  const { turns = 3, says: said, ...rest } = more
  const orders: Order[] = []
  const says: VehicleState = {
    soc: 40,
    capacity: 75_000,
    target: 30_000,
    least: 10_000,
    most: 45_000,
    departure: 7200,
    maxCharge: 11_040,
    minCharge: 4140,
    maxDischarge: 11_040,
    v2x: { most: 40_000, least: -5000 },
    power: 0,
    ...said,
  }
  return {
    evccId: '02AABBCCDDEE',
    protocols: ['iso20-ac'],
    current: 'AC',
    phases: 3,
    voltage: 230,
    bidirectional: true,
    control: 'dynamic',
    state: () => says,
    told: (order) => {
      orders.push(order)
      says.power = order.power
    },
    wish: () => (orders.length >= turns ? 'stop' : 'charge'),
    orders,
    says,
    ...rest,
  }
}

export interface TestSupply extends Supply {
  heard: Needs[]
  log: string[]
  power: number
}

export function testSupply(more: Partial<Supply> = {}): TestSupply {
  const heard: Needs[] = []
  const log: string[] = []
  const supply: TestSupply = {
    evseId: 'FR*MTQ*E00001',
    protocols: ['iso2', 'iso20-ac', 'iso20-dc'],
    current: 'AC',
    bidirectional: true,
    controls: ['dynamic', 'scheduled'],
    authorize: async (token) => {
      log.push(token.kind === 'contract' ? `authorize ${token.emaid}` : 'authorize')
      return 'accepted'
    },
    limits: () => ({ maxCharge: 22_080, minCharge: 4140, maxDischarge: 11_040, phases: 3, voltage: 230 }),
    needs: (needs) => {
      heard.push(needs)
    },
    offers: async () => [
      {
        id: 1,
        power: [
          { start: 0, power: 11_000 },
          { start: 1800, power: 6900 },
        ],
        until: 7200,
      },
      {
        id: 2,
        power: [
          { start: 0, power: 0 },
          { start: 3600, power: 11_040 },
        ],
        until: 7200,
        prices: [
          { start: 0, price: 0.3 },
          { start: 3600, price: 0.15 },
        ],
      },
    ],
    chosen: (offer, profile) => {
      log.push(`chosen ${offer} ${JSON.stringify(profile)}`)
      return true
    },
    setpoint: () => supply.power,
    present: () => supply.power,
    meter: () => ({ id: 'M-1', charged: 123_456, discharged: 789 }),
    wish: () => 'charge',
    closed: (on) => {
      log.push(on ? 'closed' : 'open')
    },
    heard,
    log,
    power: -5000,
    ...more,
  }
  return supply
}
