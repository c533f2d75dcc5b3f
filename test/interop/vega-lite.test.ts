// Vega-Lite and Vega, unmodified: our chart specifications fit the published schema, compile without a complaint and draw what we send.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { Ajv } from 'ajv'
import { EMAIL, PASSWORD, startTerritory } from '../journeys/territory.ts'

const PACKAGES = ['vega-lite@5.23.0', 'vega@5.33.0']
const FOLDER = join(tmpdir(), `cariflex-vega-${process.getuid?.() ?? 0}-${PACKAGES.join('-').replace(/[^\w.-]/g, '_')}`)

interface VegaLite {
  compile(spec: unknown, options: { logger: unknown }): { spec: unknown }
}
interface Vega {
  parse(spec: unknown): unknown
  View: new (runtime: unknown, options: object) => { toSVG(): Promise<string> }
}

/** The packages, installed once a machine, as CommonJS modules. */
function installed(): { vegaLite: VegaLite; vega: Vega; schema: object } {
  if (!existsSync(join(FOLDER, 'complete'))) {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(join(FOLDER, 'package.json'), '{"private":true}')
    for (let attempt = 1; ; attempt++) {
      const done = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--silent', ...PACKAGES], { cwd: FOLDER, timeout: 300_000 })
      if (done.status === 0) break
      assert.ok(attempt < 5, `${PACKAGES.join(' and ')} could not be installed: ${done.stderr}`)
    }
    writeFileSync(join(FOLDER, 'complete'), '')
  }
  const require = createRequire(join(FOLDER, 'package.json'))
  return {
    vegaLite: require(join(FOLDER, 'node_modules/vega-lite/build/vega-lite.js')) as VegaLite,
    vega: require(join(FOLDER, 'node_modules/vega/build/vega-node.js')) as Vega,
    schema: JSON.parse(readFileSync(join(FOLDER, 'node_modules/vega-lite/build/vega-lite-schema.json'), 'utf8')) as object,
  }
}

test('Vega-Lite takes and draws every chart of the island', async (t) => {
  const { vegaLite, vega, schema } = installed()
  const fits = new Ajv({ strict: false, validateFormats: false }).compile(schema)
  const island = await startTerritory(t)
  const token = (
    (await (
      await fetch(`${island.url}/api/requestAuthToken`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: EMAIL, password: PASSWORD }),
      })
    ).json()) as { auth_token: string }
  ).auth_token
  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${island.url}/api/v3_0${path}`, { headers: { authorization: token } })
    assert.equal(answer.status, 200, path)
    return (await answer.json()) as T
  }
  const assets = await get<{ id: number; name: string; sensors: { id: number }[] }[]>('/assets')
  const shown = assets.filter(({ sensors }) => sensors.length > 0).slice(0, 3)
  const end = new Date().toISOString()
  const window = `end=${end}&duration=P1D&include-data=true`
  const paths = [
    ...shown.map(({ id }) => `/assets/${id}/chart?${window}&include-asset-annotations=true`),
    ...shown.map(({ id }) => `/assets/${id}/chart?${window}&combine-legend=false&width=600`),
    ...['bar_chart', 'histogram', 'daily_heatmap', 'weekly_heatmap'].flatMap((type) =>
      shown.slice(0, 2).map(({ sensors }) => `/sensors/${sensors[0]!.id}/chart?${window}&chart-type=${type}&width=600`),
    ),
  ]
  for (const path of paths) {
    const spec = await get<{ datasets: Record<string, unknown[]> }>(path)
    assert.ok(fits(spec), `${path}: ${JSON.stringify(fits.errors?.slice(0, 3))}`)
    const complaints: string[] = []
    const keep = (...words: unknown[]) => {
      complaints.push(words.join(' '))
      return logger
    }
    const logger: object = { level: () => logger, error: keep, warn: keep, info: () => logger, debug: () => logger }
    const { spec: compiled } = vegaLite.compile(spec, { logger })
    // A width that follows its container is only known in a page; a graph among others then falls back to a fixed one.
    assert.deepEqual(
      complaints.filter((text) => !/container|autosize/i.test(text)),
      [],
      path,
    )
    const svg = await new vega.View(vega.parse(compiled), { renderer: 'none', logLevel: 1 }).toSVG()
    const records = Object.values(spec.datasets)[0]!.length
    assert.ok(svg.includes('<path') && (records === 0 || svg.length > 5000), `${path}: ${svg.length} characters for ${records} records`)
  }
})
