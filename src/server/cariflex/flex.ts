/** Flex-models and flex-contexts for who edits them: which fields there are, what is wrong with what is typed, what holds where nothing is. */
import { Type } from 'typebox'
import {
  type Asset,
  demand,
  FLEX_CONTEXT_FIELDS,
  FLEX_MODEL_FIELDS,
  type FlexField,
  flexSource,
  formsOf,
  inheritedFlexContext,
  permits,
  type Refusals,
  refusalsOfStored,
  sensorsNamedIn,
} from '#ems'
import { Problem } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data } from './shape.ts'

const Field = Type.Object({
  name: Type.String(),
  of: Type.String({ description: 'flex-model or flex-context' }),
  kind: Type.String({ description: 'What it takes: variable, quantity, sensor, output, flag …' }),
  unit: Type.Optional(Type.String({ description: 'What it measures: power, energy, ratio, price of energy …' })),
  min: Type.Optional(Type.Number()),
  choices: Type.Optional(Type.Array(Type.String())),
  default: Type.Optional(Type.String({ description: 'What holds when it is left out.' })),
  keeps: Type.Optional(Type.String({ description: 'Kept at any price (hard), at a price (soft), or only among equals (preference).' })),
  softBy: Type.Optional(Type.String({ description: 'The price that makes it soft.' })),
  description: Type.String(),
  example: Type.Optional(Type.Unknown()),
  since: Type.Optional(Type.String()),
  deprecated: Type.Optional(Type.String({ description: 'What to write instead.' })),
  stored: Type.Boolean({ description: 'May be stored on an asset.' }),
  inherited: Type.Boolean({ description: 'Found on the nearest asset up the tree.' }),
  perCommodity: Type.Optional(Type.Boolean()),
  forms: Type.Array(Type.String(), { description: 'Forms of its value when sent: fixed, sensor, series.' }),
  storedForms: Type.Array(Type.String(), { description: 'Forms of its value when stored.' }),
})

const Body = Type.Object(
  {
    'flex-model': Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'As it would be stored on the asset.' })),
    'flex-context': Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'As it would be stored on the asset.' })),
  },
  { additionalProperties: false },
)

const Check = Data(
  Type.Object({
    problems: Type.Array(
      Type.Object({
        of: Type.String({ description: 'flex-model or flex-context' }),
        field: Type.String({ description: "Field, with the place within it after dots: 'commitments.0.up-price'; '' = the whole." }),
        message: Type.String(),
      }),
    ),
    resolved: Type.Record(
      Type.String(),
      Type.Object({ value: Type.Unknown(), from: Type.Object({ asset: Type.Integer(), name: Type.String() }) }),
      { description: 'Fields that hold for the asset with their values: of its own, else of the nearest asset above.' },
    ),
  }),
)

const fieldView = ({ choices, ...field }: FlexField) => ({
  ...field,
  ...(choices && { choices: [...choices] }),
  forms: formsOf(field, false),
  storedForms: field.stored ? formsOf(field, true) : [],
})

export function flexRoutes(app: App, rooms: Rooms): void {
  app.get(
    '/flex/fields',
    { schema: { tags: ['assets'], summary: 'Fields of flex-model and flex-context', response: { 200: Data(Type.Array(Field)) } } },
    async () => ({ data: [...FLEX_MODEL_FIELDS, ...FLEX_CONTEXT_FIELDS].map(fieldView) }),
  )

  app.post(
    '/assets/:id/flex/validate',
    {
      schema: {
        tags: ['assets'],
        summary: 'Checks a flex-model or flex-context before it is stored, and tells what is inherited',
        params: Type.Object({ id: Type.Integer() }),
        body: Body,
        response: { 200: Check },
      },
    },
    async (request) => {
      const who = request.principal!
      const asset = await rooms.assets.get(request.params.id)
      if (!asset)
        throw new Problem('unknown-asset', `No asset found with ID ${request.params.id}.`, {
          status: 404,
          hint: 'List the assets you can reach.',
        })
      demand(who, 'read', { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
      const source = flexSource(rooms)
      const problems: { of: string; field: string; message: string }[] = []
      for (const of of ['flex-model', 'flex-context'] as const) {
        const value = request.body[of]
        if (!value) continue
        for (const { id, path } of sensorsNamedIn(value)) {
          const sensor = await rooms.sensors.get(id)
          const isHidden = sensor && !permits(who, 'read', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy })
          if (isHidden) problems.push({ of, field: path.join('.'), message: 'It references a sensor you cannot read.' })
        }
        for (const told of flat((await refusalsOfStored(of, value, source)) ?? {})) problems.push({ of, ...told })
      }
      return { data: { problems, resolved: await resolved(rooms, asset, request.body) } }
    },
  )
}

/** Every message with its place. */
function flat(refusals: Refusals, path: string[] = []): { field: string; message: string }[] {
  return Object.entries(refusals).flatMap(([key, said]) => {
    const here = key === '_schema' ? path : [...path, key]
    return Array.isArray(said) ? said.map((message) => ({ field: here.join('.'), message })) : flat(said, here)
  })
}

/** What would hold when this were stored. */
async function resolved(rooms: Rooms, asset: Asset, body: { 'flex-model'?: object; 'flex-context'?: object }) {
  const from = { asset: asset.id, name: asset.name }
  const own = (fields: object) => Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, { value, from }]))
  if (!body['flex-context']) return own(body['flex-model'] ?? asset.flexModel)
  return inheritedFlexContext(rooms.store, asset.id, body['flex-context'])
}
