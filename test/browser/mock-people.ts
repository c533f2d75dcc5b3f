// The invented user of the tests: who is signed in, own tokens, the face of the organisation.
import { local } from './mock-island.ts'

const DAY = 86_400_000
type Answered = { status: number; body?: unknown }

export function peopleOf(now: () => number) {
  const face: Record<string, unknown> = { name: 'Cariflex', primary_color: null, secondary_color: null, logo_url: null }
  const roles = ['admin']
  const tokens: {
    id: string
    kind: string
    label: string | null
    createdAt: string
    expiresAt: string | null
    lastUsedAt: string | null
    own: boolean
  }[] = []
  const add = (id: string, kind: string, label: string | null, days: number | null, own = false) =>
    tokens.unshift({
      id,
      kind,
      label,
      createdAt: local(now()),
      expiresAt: days === null ? null : local(now() + days * DAY),
      lastUsedAt: own ? local(now()) : null,
      own,
    })
  add('aa01', 'program', 'Grafana', null)
  add('aa02', 'session', null, 12)
  add('aa03', 'session', null, 30, true)
  return {
    email: 'demo@cariflex.example',
    /** Of who is signed in; tests change them. */
    roles,
    user: () => ({
      id: 1,
      email: 'demo@cariflex.example',
      username: 'demo',
      account: {
        id: 1,
        name: 'Cariflex',
        primaryColor: face['primary_color'],
        secondaryColor: face['secondary_color'],
        logoUrl: face['logo_url'],
      },
      roles,
      secondFactor: null,
    }),
    /** What these answer, undefined for all others. */
    answer(method: string, path: string, body: Record<string, unknown>): Answered | undefined {
      if (path === '/api/v3_0/accounts/1') {
        if (method === 'PATCH') Object.assign(face, body)
        return {
          status: 200,
          body: { id: 1, ...face, account_roles: [], consultancy_account_id: null, plan_id: null, user_count: 4, asset_count: 43 },
        }
      }
      if (path === '/api/cariflex/v1/tokens' && method === 'GET') return { status: 200, body: { data: tokens } }
      if (path === '/api/cariflex/v1/tokens' && method === 'POST') {
        add(`bb${tokens.length}`, 'program', String(body['label']), body['days'] === undefined ? null : Number(body['days']))
        return { status: 201, body: { token: 'invented-token-of-the-tests-0123456789' } }
      }
      const gone = /^\/api\/cariflex\/v1\/tokens\/(\w+)$/.exec(path)?.[1]
      if (gone === undefined || method !== 'DELETE') return undefined
      const at = tokens.findIndex(({ id }) => id === gone)
      if (at >= 0) tokens.splice(at, 1)
      return { status: at >= 0 ? 204 : 404 }
    },
  }
}
