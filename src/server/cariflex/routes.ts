/** `/api/cariflex/v1`: the platform's own API. Every route but sign-in needs somebody signed in. */
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { alarmRoute } from './alarms.ts'
import { assetRoutes } from './assets.ts'
import { automationRoutes } from './automations.ts'
import { explanationRoute } from './explanations.ts'
import { exportRoutes } from './export.ts'
import { flexRoutes } from './flex.ts'
import { forecastRoutes } from './forecasts.ts'
import { latestRoute } from './latest.ts'
import { noticeRoutes } from './notices.ts'
import { ownTokenRoutes } from './own-tokens.ts'
import { passwordRoutes } from './password.ts'
import { reportRoutes } from './reports.ts'
import { roleRoutes } from './roles.ts'
import { sessionRoutes } from './session.ts'
import { siteRoutes } from './site.ts'
import { assetStatusRoute } from './status.ts'
import { streamRoutes } from './stream.ts'
import { uploadPreviewRoute } from './uploads.ts'

export function cariflexRoutes(app: App, rooms: Rooms): void {
  sessionRoutes(app, rooms)
  passwordRoutes(app, rooms)
  app.register(async (scope) => {
    const signedIn = scope as App
    signedIn.addHook('onRequest', rooms.identity.authenticate)
    siteRoutes(signedIn, rooms)
    assetRoutes(signedIn, rooms)
    flexRoutes(signedIn, rooms)
    forecastRoutes(signedIn, rooms)
    latestRoute(signedIn, rooms)
    explanationRoute(signedIn, rooms)
    assetStatusRoute(signedIn, rooms)
    alarmRoute(signedIn, rooms)
    noticeRoutes(signedIn, rooms)
    streamRoutes(signedIn, rooms)
    roleRoutes(signedIn, rooms)
    ownTokenRoutes(signedIn, rooms)
    uploadPreviewRoute(signedIn, rooms)
    exportRoutes(signedIn, rooms)
    reportRoutes(signedIn, rooms)
    automationRoutes(signedIn, rooms)
  })
}
