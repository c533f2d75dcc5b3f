// `cariflex show forecasts` asks a running instance which forecasts there are, who makes them and how good they are.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { cariflex } from '../terminal.fixture.ts'

test('forecasts come with their models and their skill, and with the default model until one was chosen', async (t) => {
  const choice = (hours: number, models: string[], skill: number | null) => ({ hours, models, rmse: 1, skill })
  const row = { every: 'PT1H', duration: 'PT48H', model: 'CustomLGBM' }
  const data = [
    {
      ...{ ...row, name: 'load', sensor: 12, kind: 'load', unit: 'kW', fallback: 'MeanOf7Days' },
      chosen: { madeAt: '2026-11-24T10:00:00Z', days: 60, choices: [choice(1, ['Ridge'], 0.5), choice(48, ['LastWeek', 'Ridge'], 0.31)] },
      lately: { days: 14, rmse: 0.51234, rmsePersistence: 0.7, skill: 0.268 },
    },
    { ...row, name: 'co2', sensor: 13, kind: 'co2', unit: 'kg/MWh', fallback: 'UsualHour', chosen: null, lately: null },
  ]
  const server = createServer((request, response) =>
    response
      .writeHead(request.url === '/api/cariflex/v1/forecasts' ? 200 : 404, { 'content-type': 'application/json' })
      .end(JSON.stringify({ data })),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => server.close(resolve)))
  const env = { CARIFLEX_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, CARIFLEX_TOKEN: 'any' }
  const [, first, second] = (await cariflex('show forecasts', { env })).out.split('\n')
  assert.match(first!, /^load +12 +load +PT1H +Ridge, LastWeek +31 % +27 % of 14 d +0\.512 kW$/)
  assert.match(second!, /^co2 +13 +co2 +PT1H +UsualHour \(not chosen yet\) +- +- +-$/)
})
