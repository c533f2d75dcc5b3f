/** The API of FlexMeasures in the dialect of 1.0, so that its clients, dashboards and bridges go on working (reference section 2). */
import type { FlexMeasuresSettings } from '#kernel'
import type { App, Reply, Request } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { accountRoutes } from './accounts.ts'
import { annotationRoutes } from './annotations.ts'
import { apiPageRoutes, documentRoute } from './api-page.ts'
import { assetSettingRoutes } from './asset-settings.ts'
import { assetRoutes } from './assets.ts'
import { automationRoutes } from './automations.ts'
import { chartRoutes, devChartRoutes } from './chart.ts'
import { entityAddressRoutes } from './entity-address.ts'
import { entryRoutes, indexRoute } from './entry.ts'
import { envelopeHandler, unauthorized, versionOf } from './envelope.ts'
import { figureRoutes } from './figures.ts'
import { forecastRoutes } from './forecasts.ts'
import { getDataRoutes } from './get-data.ts'
import { jobRoutes } from './jobs.ts'
import { kpiRoute } from './kpis.ts'
import { opsRoutes } from './ops.ts'
import { postDataRoute } from './post-data.ts'
import { reportRoutes } from './reports.ts'
import { scheduleRoutes } from './schedules.ts'
import { sensorRoutes } from './sensors.ts'
import { sourceRoutes } from './sources.ts'
import { statusRoute } from './status.ts'
import { uploadRoute } from './upload.ts'
import { userRoutes } from './users.ts'

const ROOT = '/api/v3_0'

export function flexMeasuresRoutes(app: App, rooms: Rooms): void {
  app.setErrorHandler(envelopeHandler(rooms.log))
  // The schemas of these routes make the document; `check` validates by them and words what is wrong in FlexMeasures' way.
  app.setValidatorCompiler(() => () => true)
  readBodies(app)
  app.addHook('onRequest', async (request, reply) => {
    markVersion(request, reply, rooms.flexMeasures)
    const who = await rooms.identity.whoAsks(request, { bearer: false })
    await rooms.rateLimits.request(request, who, reply)
  })
  entryRoutes(app, rooms)
  documentRoute(app)
  app.register(async (scope) => opsRoutes(scope as App, rooms), { prefix: '/api/ops' })
  app.register(
    async (scope) => {
      const services: { url: string; name: string; description: string }[] = []
      scope.addHook('onRoute', (route) => {
        const summary = route.schema && 'summary' in route.schema ? String(route.schema.summary) : ''
        if (route.method !== 'HEAD') services.push({ url: route.url, name: `${String(route.method)} ${route.url}`, description: summary })
      })
      indexRoute(scope as App, services)
      apiPageRoutes(scope as App, rooms)
      scope.register(async (inner) => {
        const signedIn = inner as App
        signedIn.addHook('onRequest', async (request) => {
          if (!request.principal) throw unauthorized()
        })
        accountRoutes(signedIn, rooms)
        userRoutes(signedIn, rooms)
        assetRoutes(signedIn, rooms)
        assetSettingRoutes(signedIn, rooms)
        automationRoutes(signedIn, rooms)
        sensorRoutes(signedIn, rooms)
        entityAddressRoutes(signedIn, rooms)
        figureRoutes(signedIn, rooms)
        postDataRoute(signedIn, rooms)
        uploadRoute(signedIn, rooms)
        getDataRoutes(signedIn, rooms)
        sourceRoutes(signedIn, rooms)
        annotationRoutes(signedIn, rooms)
        chartRoutes(signedIn, rooms)
        statusRoute(signedIn, rooms)
        kpiRoute(signedIn, rooms)
        forecastRoutes(signedIn, rooms)
        reportRoutes(signedIn, rooms)
        scheduleRoutes(signedIn, rooms)
        jobRoutes(signedIn, rooms)
      })
    },
    { prefix: ROOT },
  )
  app.register(
    async (scope) => {
      scope.addHook('onRequest', async (request) => {
        if (!request.principal) throw unauthorized()
      })
      devChartRoutes(scope as App, rooms)
    },
    { prefix: '/api/dev' },
  )
}

/** Empty bodies under a JSON content type are fine (clients send DELETE so); Python's NaN reads as null; other types as no body. */
function readBodies(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body as string
    if (text === '') return done(null, undefined)
    parse(request, text, (error, value) => {
      if (error && /\bNaN\b/.test(text)) return parse(request, text.replace(/([[,:]\s*)NaN(?=\s*[\],}])/g, '$1null'), done)
      done(error, value)
    })
  })
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null, undefined))
}

function markVersion(request: Request, reply: Reply, settings: FlexMeasuresSettings): void {
  reply.header('FlexMeasures-Version', versionOf(settings))
  if (request.url.startsWith(ROOT)) reply.header('API-Version', 'v3_0')
}

export const isFlexMeasuresPath = (url: string): boolean => /^\/api(\/|\?|$)/.test(url) && !url.startsWith('/api/cariflex')

/** What this API says of a method that a path does not know. */
export function wrongFlexMeasuresMethod(request: Request, reply: Reply, settings: FlexMeasuresSettings): Reply {
  markVersion(request, reply, settings)
  return reply.code(405).send({ message: 'The method is not allowed for the requested URL.', status: 405 })
}

/** What this API says of paths it does not know. */
export function unknownFlexMeasuresPath(request: Request, reply: Reply, settings: FlexMeasuresSettings): Reply {
  markVersion(request, reply, settings)
  return reply.code(404).send({
    message: 'The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.',
    status: 404,
  })
}
