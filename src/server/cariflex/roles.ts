/** Roles of a user and which of them the one who asks may give or take: what the form of a user offers. */
import { Type } from 'typebox'
import { demand, mayGrant } from '#ems'
import { Problem } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data, whoOf } from './shape.ts'

const Role = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  has: Type.Boolean({ description: 'The user has the role now' }),
  mayChange: Type.Boolean({ description: 'You may give or take it' }),
})

export function roleRoutes(app: App, rooms: Rooms): void {
  app.get(
    '/users/:id/roles',
    {
      schema: {
        tags: ['users'],
        summary: 'Roles, which of them the user has, and which you may give or take',
        params: Type.Object({ id: Type.Integer({ minimum: 1, description: 'Id of the user' }) }),
        response: { 200: Data(Type.Array(Role)) },
      },
    },
    async (request) => {
      const who = whoOf(request)
      const user = await rooms.users.get(request.params.id)
      if (!user)
        throw new Problem('unknown-user', `There is no user ${request.params.id}.`, { status: 404, hint: 'Look at the list of users.' })
      const subject = { kind: 'user' as const, account: user.account, consultancy: user.consultancy, user: user.id }
      demand(who, 'read', subject)
      const roles = await rooms.users.roles()
      return {
        data: roles.map((role) => ({
          id: role.id,
          name: role.name,
          has: user.roles.some((each) => each.id === role.id),
          mayChange: user.id !== who.user && mayGrant(who, role.name, subject),
        })),
      }
    },
  )
}
