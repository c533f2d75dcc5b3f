/** `edit`: attributes, plans, owners, parents, resolutions. */
import { auditAccount, auditAsset, type BeliefBatch, changePlan, OPERATOR, type PlanFields, type Sensor } from '#ems'
import { type Instant, instant, MINUTE, Problem } from '#kernel'
import { clock } from '../settings.ts'
import { planFields } from './add-people.ts'
import type { Desk } from './desk.ts'
import type { Given } from './option.ts'
import { PLAN_LIMITS } from './plan-limits.ts'
import type { FmVerb } from './verb.ts'

const CLEARABLE = PLAN_LIMITS.map(({ name }) => name)

export const EDIT: readonly FmVerb[] = [
  {
    name: 'edit attribute',
    summary: 'Adds or changes an attribute of accounts, assets or sensors.',
    options: [
      { name: 'account', kind: 'whole', many: true, what: 'id of an account' },
      { name: 'asset', also: ['asset-id'], kind: 'whole', many: true, what: 'id of an asset' },
      { name: 'sensor', also: ['sensor-id'], kind: 'whole', many: true, what: 'id of a sensor' },
      { name: 'attribute', required: true, what: 'its name' },
      { name: 'float', kind: 'number', what: 'the value, as a number' },
      { name: 'bool', kind: 'truth', what: 'the value, true or false' },
      { name: 'str', what: 'the value, as text' },
      { name: 'int', kind: 'whole', what: 'the value, as a whole number' },
      { name: 'list', what: 'the value, as JSON such as \'[1,"a"]\'' },
      { name: 'dict', what: 'the value, as JSON such as \'{"1":"a"}\'' },
      { name: 'null', kind: 'flag', what: 'no value' },
    ],
    async run(given, open, { show }) {
      const value = valueGiven(given)
      const name = given.need('attribute')
      if (!['account', 'asset', 'sensor'].some((kind) => given.has(kind)))
        throw new Problem('usage', 'Missing flag: pass at least one --account, --asset or --sensor.')
      const desk = await open()
      await setAttributes(desk, given, name, value)
      show({ attribute: name, value }, () => 'Successfully edited/added attribute.')
      return undefined
    },
  },
  {
    name: 'edit plan',
    summary: 'Renames a plan, changes or clears its limits, retires it.',
    options: [
      { name: 'id', kind: 'whole', required: true, what: 'see show plans' },
      { name: 'name', what: 'its new name' },
      ...PLAN_LIMITS,
      { name: 'legacy', kind: 'flag', off: 'no-legacy', what: 'it stays with its accounts and is given to no other' },
      {
        name: 'clear',
        many: true,
        choices: [...CLEARABLE, ...CLEARABLE.map((name) => name.replaceAll('-', '_'))],
        what: 'back to what the server says',
      },
    ],
    async run(given, open, { show }) {
      const cleared = Object.fromEntries(given.texts('clear').map((name) => [name.replaceAll('-', '_'), null])) as PlanFields
      const fields: PlanFields = {
        ...planFields(given),
        ...cleared,
        ...(given.has('name') && { name: given.need('name') }),
        ...(given.has('legacy') && { legacy: given.flag('legacy') }),
      }
      if (Object.keys(fields).length === 0) throw new Problem('usage', 'Nothing to edit: pass at least one field to change.')
      const plan = await changePlan((await open()).store, given.id('id'), fields)
      show(plan, () => `Plan '${plan.name}' (ID: ${plan.id}) successfully updated.`)
      return undefined
    },
  },
  {
    name: 'edit transfer-ownership',
    summary: 'Hands an asset with all below it to another account.',
    options: [
      { name: 'asset', also: ['asset-id'], kind: 'whole', required: true, what: 'id of the asset' },
      { name: 'new-owner', kind: 'whole', required: true, what: 'id of the account that gets it' },
    ],
    async run(given, open, { show }) {
      const desk = await open()
      if (!(await desk.accounts.get(given.id('new-owner'))))
        throw new Problem('unknown-account', `No account found with id ${given.id('new-owner')}.`)
      await desk.ask('PATCH', `/assets/${given.id('asset')}`, { account_id: given.id('new-owner') })
      show(
        { asset: given.id('asset'), account: given.id('new-owner') },
        () => `Success! Asset ${given.id('asset')} ownership was transferred to account ${given.id('new-owner')}.`,
      )
      return undefined
    },
  },
  {
    name: 'edit transfer-parenthood',
    summary: 'Puts an asset, or all children of one, below another asset, or at the top.',
    options: [
      { name: 'asset', kind: 'whole', what: 'id of the asset that moves' },
      { name: 'old-parent', kind: 'whole', what: 'or of the one whose children move' },
      { name: 'new-parent', kind: 'whole', what: 'id of the asset it goes below; without one it goes to the top' },
      { name: 'force', kind: 'flag', off: 'no-force', what: 'ask nothing' },
    ],
    async run(given, open, talk) {
      if (given.has('asset') === given.has('old-parent'))
        throw new Problem('usage', 'Either --asset or --old-parent must be specified (but not both).')
      const desk = await open()
      const above = given.number('new-parent') ?? null
      const named = await desk.assets.get(given.number('asset') ?? given.id('old-parent'))
      if (!named) throw new Problem('unknown-asset', `No asset found with ID ${given.number('asset') ?? given.id('old-parent')}.`)
      const parent = above === null ? null : await desk.assets.get(above)
      if (parent === undefined) throw new Problem('unknown-asset', `No asset found with ID ${above}.`)
      const moving = given.has('asset') ? [named] : named.children
      if (!given.flag('force') && (parent === null || given.has('old-parent') || parent.account !== named.account))
        await talk.confirm(
          `Move ${moving.length} asset(s) ${parent === null ? 'to the top' : `below '${parent.name}' (ID: ${parent.id})`}?`,
        )
      const moved = []
      for (const { id } of moving) {
        if ((await desk.assets.get(id))?.parent === above) continue
        await desk.ask('PATCH', `/assets/${id}`, { parent_asset_id: above })
        moved.push(id)
      }
      talk.show({ moved, parent: above }, () =>
        moved.length === 0
          ? 'No assets were updated.'
          : `Success! ${moved.length} asset(s) ${above === null ? 'have no parent now' : `are now below asset ${above}`}.`,
      )
      return undefined
    },
  },
  {
    name: 'edit resample-data',
    summary: 'Gives sensors another resolution, and fits their data to it.',
    options: [
      { name: 'sensor', also: ['sensor-id'], kind: 'whole', many: true, required: true, what: 'id of a sensor' },
      { name: 'event-resolution', kind: 'whole', required: true, what: 'minutes' },
      { name: 'from', kind: 'moment', what: 'refused: a sensor has one resolution for all its data' },
      { name: 'until', kind: 'moment', what: 'refused: a sensor has one resolution for all its data' },
      { name: 'skip-integrity-check', kind: 'flag', what: 'ask nothing' },
    ],
    async run(given, open, talk) {
      if (given.has('from') || given.has('until'))
        throw new Problem('usage', 'Part of the data cannot have another resolution: the rest would be misread.', {
          hint: 'Leave --from and --until away.',
        })
      const step = given.id('event-resolution') * MINUTE
      if (step <= 0) throw new Problem('usage', "Invalid value for '--event-resolution': it must be more than 0.")
      const desk = await open()
      const told: object[] = []
      for (const id of given.numbers('sensor')) {
        const sensor = await desk.sensors.need(id)
        if (sensor.resolution === step) {
          talk.say(`Sensor ${id} already has the desired event resolution.`)
          continue
        }
        const { batches, before, after } = await resampled(desk, sensor, step)
        if (!given.flag('skip-integrity-check'))
          await talk.confirm(
            `Sensor ${id} '${sensor.name}': ${before.n} beliefs with a mean of ${before.mean} become ${after.n} with a mean of ${after.mean}.${sensor.resolution < step ? ' Finer values are lost.' : ''} Continue?`,
          )
        await desk.beliefs.remove({ sensor: id })
        await desk.sensors.update(id, { resolution: step })
        await desk.beliefs.record(batches)
        const event = `Resampled sensor data for sensor '${sensor.name}': ${id} to ${step / MINUTE} minutes from ${sensor.resolution / MINUTE} minutes`
        await auditAsset(desk.store, clock.now(), OPERATOR, event, sensor.asset)
        told.push({ sensor: id, before, after })
      }
      talk.show(told, () => 'Successfully resampled sensor data.')
      return undefined
    },
  },
]

const VALUES = ['float', 'bool', 'str', 'int', 'list', 'dict', 'null'] as const

function valueGiven(given: Given): unknown {
  const named = VALUES.filter((name) => given.has(name))
  const [kind, ...more] = named
  if (kind === undefined || more.length > 0)
    throw new Problem('usage', kind === undefined ? 'Say the value.' : 'Cannot set multiple values simultaneously.', {
      hint: `With one of ${VALUES.map((name) => `--${name}`).join(', ')}.`,
    })
  if (kind === 'float' || kind === 'int') return given.number(kind)
  if (kind === 'bool') return given.flag(kind)
  if (kind === 'null') return null
  if (kind === 'str') return given.need(kind)
  try {
    const value: unknown = JSON.parse(given.need(kind))
    if (Array.isArray(value) === (kind === 'list') && typeof value === 'object' && value !== null) return value
  } catch {
    // told below
  }
  throw new Problem('usage', `Invalid value for '--${kind}': '${given.need(kind)}' is no ${kind === 'list' ? 'list' : 'object'} in JSON.`)
}

async function setAttributes(desk: Desk, given: Given, name: string, value: unknown): Promise<void> {
  const { store } = desk
  const missing = (kind: string, id: number) => new Problem('unknown-id', `No ${kind} found with ID ${id}.`, { status: 422 })
  const event = (was: unknown) => `Updated attribute '${name}': from ${JSON.stringify(was) ?? 'nothing'} to ${JSON.stringify(value)}`
  const accounts = await Promise.all(
    given.numbers('account').map(async (id) => (await desk.accounts.get(id)) ?? Promise.reject(missing('account', id))),
  )
  const assets = await Promise.all(
    given.numbers('asset').map(async (id) => (await desk.assets.get(id)) ?? Promise.reject(missing('asset', id))),
  )
  const sensors = await Promise.all(
    given.numbers('sensor').map(async (id) => (await desk.sensors.get(id)) ?? Promise.reject(missing('sensor', id))),
  )
  for (const { id, attributes } of accounts) {
    await desk.accounts.update(id, { attributes: { ...attributes, [name]: value } })
    await auditAccount(store, clock.now(), OPERATOR, event(attributes[name]), { account: id })
  }
  for (const { id, attributes } of assets) {
    await desk.assets.update(id, { attributes: { ...attributes, [name]: value } })
    await auditAsset(store, clock.now(), OPERATOR, event(attributes[name]), id)
  }
  for (const { id, attributes, asset } of sensors) {
    await desk.sensors.update(id, { attributes: { ...attributes, [name]: value } })
    await auditAsset(store, clock.now(), OPERATOR, event(attributes[name]), asset)
  }
}

interface Told {
  n: number
  mean: number
}

/** All beliefs of the sensor on the other clock: of each source and belief horizon the mean of finer ones, or repeated coarser ones. */
async function resampled(desk: Desk, sensor: Sensor, step: number): Promise<{ batches: BeliefBatch[]; before: Told; after: Told }> {
  const found = await desk.beliefs.search({
    sensor: sensor.id,
    from: instant(-Infinity),
    until: instant(Infinity),
    beliefs: 'all',
    versions: 'all',
  })
  const groups = new Map<string, { source: number; horizon: number; chance: number; sums: Map<number, { sum: number; n: number }> }>()
  const old = sensor.resolution === 0 ? step : sensor.resolution
  for (let k = 0; k < found.length; k++) {
    const [source, horizon, chance] = [found.sources[k]!, found.horizons[k]!, found.probabilities[k]!]
    const key = `${source} ${horizon} ${chance}`
    const group = groups.get(key) ?? { source, horizon, chance, sums: new Map<number, { sum: number; n: number }>() }
    groups.set(key, group)
    const start = found.starts[k]!
    const first = Math.floor(start / step) * step
    const put = (at: number) => {
      const slot = group.sums.get(at) ?? { sum: 0, n: 0 }
      group.sums.set(at, { sum: slot.sum + found.values[k]!, n: slot.n + 1 })
    }
    if (old <= step) put(first)
    else for (let at = first; at < start + old; at += step) put(at)
  }
  const batches = [...groups.values()].map(({ source, horizon, chance, sums }): BeliefBatch => {
    const starts = [...sums.keys()].sort((a, b) => a - b) as Instant[]
    const values = starts.map((at) => sums.get(at)!.sum / sums.get(at)!.n)
    return {
      sensor: sensor.id,
      source,
      starts,
      values,
      horizon,
      overwrite: true,
      ...(chance !== 0.5 && { probabilities: values.map(() => chance) }),
    }
  })
  const values = batches.flatMap((batch) => batch.values)
  return { batches, before: { n: found.length, mean: mean(Array.from(found.values)) }, after: { n: values.length, mean: mean(values) } }
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
