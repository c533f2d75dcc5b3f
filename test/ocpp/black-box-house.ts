// For the black-box test: the real program in a folder of its own, stations that know nothing of our code (raw WebSockets, payloads written from
// the schemas of the package ocpp-rpc), and a program that is called back.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { freePort, until } from '../journeys/territory.ts'

export type Version = '1.6' | '2.0.1' | '2.1'
export type Payload = Record<string, unknown>

const ROOT = join(import.meta.dirname, '..', '..')
const SETTINGS = `charging: { securityProfile: 0, citrineosOnLoopback: true }
simulation: { enabled: 'off' }
territory:
  account: Check
  site: { name: Yard, timezone: America/Martinique, currency: EUR, latitude: 14.6, longitude: -61, roles: {} }
  assets: []
  devices: []
`

/** Starts the program as people do; resolves when it says that it is ready. */
export async function startProgram(t: TestContext): Promise<{ url: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-black-box-'))
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'cariflex.yaml'), SETTINGS)
  const port = await freePort()
  const args = [
    'bin/cariflex.js',
    'start',
    '--config',
    join(folder, 'cariflex.yaml'),
    '--data',
    join(folder, 'data'),
    '--port',
    String(port),
  ]
  const child: ChildProcess = spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore' })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  t.after(async () => {
    child.kill('SIGTERM')
    await gone
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
  })
  const url = `http://127.0.0.1:${port}`
  const status = () =>
    fetch(`${url}/health/ready`).then(
      (answer) => answer.status,
      () => 0,
    )
  await until('ready', status, (one) => one === 200, 120_000, 300)
  return { url }
}

/** A program beside: what it is told, in order. */
export async function callback(t: TestContext): Promise<{ url: string; heard: { path: string; text: string }[] }> {
  const heard: { path: string; text: string }[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (part) => {
      text += part
    })
    request.on('end', () => {
      heard.push({ path: request.url ?? '', text })
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard }
}

export interface RawStation {
  /** Answers by action; one that is not there is refused with NotImplemented. */
  answers: Record<string, Payload>
  asked: { action: string; payload: Payload }[]
  closed: Promise<number>
  /** Sends a CALL and resolves with the whole answering frame. */
  send(action: string, payload: Payload): Promise<unknown[]>
  /** Sends text as it is and resolves with the next answer. */
  text(text: string): Promise<unknown[]>
  close(): void
}

export async function rawStation(url: string, identity: string, version: Version): Promise<RawStation> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ocpp/${identity}`, [`ocpp${version}`])
  const waiting = new Map<string, (frame: unknown[]) => void>()
  const any: ((frame: unknown[]) => void)[] = []
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  const station: RawStation = {
    answers: {},
    asked: [],
    closed,
    send: (action, payload) =>
      new Promise((resolve) => {
        const id = randomUUID()
        waiting.set(id, resolve)
        socket.send(JSON.stringify([2, id, action, payload]))
      }),
    text: (text) =>
      new Promise((resolve) => {
        any.push(resolve)
        socket.send(text)
      }),
    close: () => socket.terminate(),
  }
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as [number, string, string, Payload]
    const [type, id, action, payload] = frame
    if (type !== 2) return void (waiting.get(id) ?? any.shift())?.(frame)
    station.asked.push({ action, payload })
    const answer = station.answers[action]
    socket.send(JSON.stringify(answer ? [3, id, answer] : [4, id, 'NotImplemented', '', {}]))
  })
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  return station
}

export const bootOf = (version: Version): Payload =>
  version === '1.6'
    ? { chargePointVendor: 'V', chargePointModel: 'M' }
    : { reason: 'PowerUp', chargingStation: { model: 'M', vendorName: 'V' } }

interface Schema {
  $id?: string
  $ref?: string
  enum?: unknown[]
  type?: string
  format?: string
  minimum?: number
  required?: string[]
  properties?: Record<string, Schema>
  items?: Schema
}
const TEXTS: Record<string, string> = { 'date-time': '2026-03-01T08:00:00Z', uri: 'https://files.example/x' }
const FOLDER = join(dirname(createRequire(import.meta.url).resolve('ocpp-rpc')), 'lib', 'schemas')
const schemas = new Map<Version, Map<string, Schema>>()
function schemasOf(version: Version): Map<string, Schema> {
  const known = schemas.get(version)
  if (known) return known
  const all = JSON.parse(readFileSync(join(FOLDER, `ocpp${version.replaceAll('.', '_')}.json`), 'utf8')) as Schema[]
  const byId = new Map(all.map((schema) => [String(schema.$id), schema]))
  schemas.set(version, byId)
  return byId
}

/** The least payload that a message may have. */
export function leastPayload(version: Version, action: string, part: 'request' | 'response'): Payload {
  const all = schemasOf(version)
  const root =
    all.get(`urn:${action}.${part === 'request' ? 'req' : 'conf'}`) ??
    all.get(`urn:${action}${part === 'request' ? 'Request' : 'Response'}`)
  assert.ok(root, `there is a schema of ${action} in ${version}`)
  const make = (schema: Schema): unknown => {
    if (schema.$ref) {
      const found = schema.$ref
        .replace('#/', '')
        .split('/')
        .reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], root)
      return make(found as Schema)
    }
    if (schema.enum) return schema.enum[0]
    if (schema.type === 'object') return Object.fromEntries((schema.required ?? []).map((key) => [key, make(schema.properties![key]!)]))
    if (schema.type === 'array') return [make(schema.items!)]
    if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1
    if (schema.type === 'boolean') return true
    return TEXTS[schema.format ?? ''] ?? 'x'
  }
  return make(root) as Payload
}
