/** Figures for Prometheus under /metrics. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { App } from './app.ts'
import type { Hub } from './sse.ts'

export interface Metrics {
  registry: Registry
  requests: Histogram<'method' | 'route' | 'status'>
  /** Beliefs that were acknowledged over HTTP. */
  beliefs: Counter
}

export function createMetrics(hub: Hub): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'cariflex_http_request_seconds',
    help: 'Time to answer HTTP requests.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  })
  const beliefs = new Counter({ name: 'cariflex_beliefs_stored_total', help: 'Beliefs stored over HTTP.', registers: [registry] })
  new Gauge({
    name: 'cariflex_stream_clients',
    help: 'Browsers and programs that follow the stream of events.',
    registers: [registry],
    collect() {
      this.set(hub.clients)
    },
  })
  return { registry, requests, beliefs }
}

/** Counts every request by route, method and status, and how long it took; shows all figures under /metrics. */
export function countRequests(app: App, { registry, requests }: Metrics): void {
  app.addHook('onResponse', async (request, reply) => {
    requests.observe(
      { method: request.method, route: request.routeOptions.url ?? 'unknown', status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    )
  })
  void app.register(async (scope) => {
    scope.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
      reply.type(registry.contentType).send(await registry.metrics()),
    )
  })
}
