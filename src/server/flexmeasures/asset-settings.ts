/** What a user has chosen for the pages of assets: the view that opens first, and where legends stand (reference 2.4). */
import { type Static, Type } from 'typebox'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { check } from './validate.ts'

const closed = { additionalProperties: false }
const tags = ['flexmeasures']
const VIEWS = ['Audit Log', 'Context', 'Graphs', 'Properties', 'Status']
const View = Type.Object(
  {
    default_asset_view: Type.Unsafe<string>({ type: 'string', enum: VIEWS, description: 'View of an asset that opens first.' }),
    use_as_default: Type.Optional(Type.Boolean({ description: 'False: back to the view that opens for everybody; true unless said.' })),
  },
  closed,
)
const Legends = Type.Object(
  { keep_legends_below_graphs: Type.Optional(Type.Boolean({ description: 'Legends below the graphs, not beside; true unless said.' })) },
  closed,
)

export function assetSettingRoutes(app: App, { store }: Rooms): void {
  const keep = (user: number, name: string, value: unknown) =>
    value === undefined
      ? store.query('delete from cariflex.user_setting where user_id = $1 and name = $2', [user, name])
      : store.query(
          `insert into cariflex.user_setting (user_id, name, value) values ($1, $2, $3::jsonb)
           on conflict (user_id, name) do update set value = excluded.value`,
          [user, name, JSON.stringify(value)],
        )

  app.post(
    '/assets/default_asset_view',
    { schema: { tags, summary: 'The view of assets that opens first for oneself', body: View } },
    async (request) => {
      const { default_asset_view: view, use_as_default: use } = check(View, request.body ?? {}, 'json') as Static<typeof View>
      await keep(request.principal!.user, 'default_asset_view', use === false ? undefined : view)
      return { message: 'Default asset view updated successfully.', status: 200 }
    },
  )

  app.post(
    '/assets/keep_legends_below_graphs',
    { schema: { tags, summary: 'Where legends of graphs stand for oneself', body: Legends } },
    async (request) => {
      const { keep_legends_below_graphs: below } = check(Legends, request.body ?? {}, 'json') as Static<typeof Legends>
      await keep(request.principal!.user, 'keep_legends_below_graphs', below === false ? undefined : true)
      return { message: 'Default legend position updated successfully.', status: 200 }
    },
  )
}
