/** Why a schedule asked for through the API is as it is: what holds each device, what a kWh or kW more costs and would bring. */
import { Type } from 'typebox'
import { demand, type ScheduleExplanation, type StoredSchedule } from '#ems'
import { after, formatDuration, formatInstant, Problem } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data, Moment } from './shape.ts'

const More = Type.Optional(
  Type.Object(
    {
      storage: Type.Optional(Type.Number({ description: 'What one kWh more of storage would bring over the plan.' })),
      consumption: Type.Optional(Type.Number({ description: 'What one kW more of consumption would bring.' })),
      production: Type.Optional(Type.Number({ description: 'What one kW more of production would bring.' })),
      because: Type.String(),
    },
    { description: 'What a larger storage, charger or connection would bring over this plan, in the currency.' },
  ),
)

const Shown = Data(
  Type.Object({
    schedule: Type.String(),
    solver: Type.String({ description: 'Who found the plan: storage, unit, highs-lp, decomposition, highs-mip, in-turn.' }),
    solveMs: Type.Number(),
    objective: Type.Number(),
    bound: Type.Unsafe<number | null>({
      type: ['number', 'null'],
      description: 'Proven: no plan costs less; null when nothing is proven.',
    }),
    gap: Type.Unsafe<number | null>({ type: ['number', 'null'], description: '(objective - bound) / |objective|.' }),
    currency: Type.String(),
    start: Moment,
    step: Type.String(),
    slots: Type.Integer(),
    devices: Type.Array(
      Type.Object({
        sensor: Type.Optional(Type.Integer()),
        asset: Type.Optional(Type.Integer()),
        limits: Type.Array(
          Type.Object({
            from: Moment,
            until: Moment,
            limitedBy: Type.Array(Type.String(), {
              description: 'absent, power, mode, full, empty, price, or limit, commitment, balance with a name.',
            }),
            because: Type.String(),
          }),
        ),
        storedValue: Type.Optional(
          Type.Array(Type.Number(), { description: 'What one kWh more in the storage after each slot is worth, currency per kWh.' }),
        ),
        more: More,
      }),
    ),
    flows: Type.Array(
      Type.Object({
        name: Type.String(),
        marginalPrice: Type.Optional(Type.Array(Type.Number(), { description: 'What one kW more in each slot costs, currency per kWh.' })),
        bound: Type.Array(Type.Object({ from: Moment, until: Moment, names: Type.Array(Type.String()) })),
        more: More,
      }),
    ),
  }),
)

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

export function explanationRoute(app: App, rooms: Rooms): void {
  app.get(
    '/schedules/:uuid/explanation',
    {
      schema: {
        tags: ['plans'],
        summary: 'Why a schedule is as it is: limits, marginal values, what more would bring',
        params: Type.Object({ uuid: Type.String() }),
        response: { 200: Shown },
      },
    },
    async (request) => {
      const { uuid } = request.params
      const found = await rooms.schedules.get(uuid)
      const subject = found && rooms.schedules.subjectOf(found.job)
      const asset = subject && (await rooms.assets.get(subject.asset))
      if (!found || !asset)
        throw new Problem('unknown-schedule', `There is no schedule ${uuid}.`, {
          status: 404,
          hint: 'Give the uuid that the trigger answered with.',
        })
      demand(request.principal!, 'read', { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
      const { schedule } = found
      if (!schedule?.explanation)
        throw new Problem('no-explanation', schedule ? 'This schedule has no explanation.' : 'The schedule is not made yet.', {
          status: 404,
          retry: schedule ? 'never' : 'later',
          hint: schedule
            ? 'Schedules of storages have one; loads that run a fixed time have none.'
            : 'Ask again when the schedule is there.',
        })
      const [output] = schedule.outputs
      const sensor = output && (await rooms.sensors.get(output.sensor))
      return { data: shown(uuid, schedule, schedule.explanation, sensor?.timezone ?? 'UTC') }
    },
  )
}

function shown(uuid: string, { start }: StoredSchedule, told: ScheduleExplanation, zone: string) {
  const moment = (slot: number) => formatInstant(after(start, slot * told.step), zone)
  const timed = <Run extends { from: number; to: number }>({ from, to, ...rest }: Run) => ({
    from: moment(from),
    until: moment(to),
    ...rest,
  })
  const { devices, flows, bound, gap, step, ...rest } = told
  return {
    schedule: uuid,
    ...rest,
    bound: finite(bound),
    gap: finite(gap),
    start: formatInstant(start, zone),
    step: formatDuration(step),
    devices: devices.map(({ limits, ...device }) => ({ ...device, limits: limits.map(timed) })),
    flows: flows.map((flow) => ({ ...flow, bound: flow.bound.map(timed) })),
  }
}
