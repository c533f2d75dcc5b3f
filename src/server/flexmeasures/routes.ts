import type { App, Reply } from '../app.ts'
import type { Rooms } from '../rooms.ts'
export function flexMeasuresRoutes(_app: App, _rooms: Rooms): void {}
export const isFlexMeasuresPath = (url: string): boolean => /^\/api(\/|\?|$)/.test(url) && !url.startsWith('/api/cariflex')
export const unknownFlexMeasuresPath = (reply: Reply) => reply.code(404).send({ message: 'Not found', status: 404 })
