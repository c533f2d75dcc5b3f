// What the platform says, it says in both languages: English templates live in `saying.ts` of each room, French twins in the web UI.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { pathToFileURL } from 'node:url'
import { tsImport } from 'tsx/esm/api'
import { parse } from 'yaml'
import { type Capability, narrow, type Reason, sayMissedWish, sayReason } from '#ems'
import { type Instant, instant, kilowatts, MINUTE, say, watts } from '#kernel'
import { judge } from '../src/ems/judge.ts'
import { inFrench, TWINS, WORDS } from '../web/src/i18n/reasons.ts'

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
const rooms = files.filter((file) => /(^|[/\\])saying\.ts$/.test(file))
const templates: string[] = []
for (const file of rooms) {
  const { SAYING } = (await tsImport(pathToFileURL(join('src', file)).href, import.meta.url)) as { SAYING: Record<string, string> }
  templates.push(...Object.values(SAYING))
}
const slots = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((hit) => hit[1]!).sort()

test('every sentence of the platform has a French twin with the same slots, and no twin is left over', () => {
  assert.ok(rooms.length >= 7, rooms.join())
  assert.deepEqual([...new Set(templates)].sort(), Object.keys(TWINS).sort())
  for (const [english, french] of Object.entries(TWINS)) assert.deepEqual(slots(french), slots(english), english)
  for (const template of templates) assert.equal(new Set(slots(template)).size, slots(template).length, `${template} fills a slot twice`)
})

/** Something as it may stand in a slot, in English and in French. */
const SAMPLES: Record<string, [english: string, french: string]> = {
  time: ['19:00', '19:00'],
  power: ['7.4 kW', '7,4\u00a0kW'],
  other: ['850 W', '850\u00a0W'],
  step: ['4.1 kW', '4,1\u00a0kW'],
  energy: ['22.5 kWh', '22,5\u00a0kWh'],
  price: ['191 EUR/MWh', '191\u00a0EUR/MWh'],
  share: ['50 %', '50\u00a0%'],
  age: ['90 s', '90\u00a0s'],
  count: ['96', '96'],
  slots: ['120', '120'],
  level: ['2', '2'],
  device: ['BAT003', 'BAT003'],
  where: ['192.168.1.7:502', '192.168.1.7:502'],
  owner: ['admin@cariflex.local', 'admin@cariflex.local'],
  cause: ['it is not connected before then', "rien n'est branché d'ici là"],
  what: ['at most 36 kW of consumption', 'au plus 36\u00a0kW de consommation'],
  signal: ['demand response level 2', "niveau 2 d'effacement"],
  request: ['read holding registers 40–44', 'lecture des registres 40–44'],
  why: ['The car is full. Measured 0 kW of 7 kW.', 'La voiture est pleine. Mesuré\u00a0: 0\u00a0kW sur 7\u00a0kW.'],
}
const sample = (slot: string): [string, string] => SAMPLES[slot] ?? [`some ${slot}`, `some ${slot}`]
const spaced = (text: string) => text.replace(/ ([:;!?»])/g, '\u00a0$1').replace(/« /g, '«\u00a0')

test('every sentence comes out in French with its amounts, alone and among others', () => {
  for (const template of templates) {
    const fill = (which: 0 | 1, text: string) => text.replace(/\{(\w+)\}/g, (_, slot: string) => sample(slot)[which])
    const english = say(template as 'Any {slot}', Object.fromEntries(slots(template).map((slot) => [slot, sample(slot)[0]])) as never)
    const french = fill(1, spaced(TWINS[template]!))
    assert.equal(english, fill(0, template))
    assert.equal(inFrench(english), french)
    if (english.endsWith('.') && !template.includes('{why}'))
      assert.equal(inFrench(`${english} Fête ce soir. Held by load control.`), `${french} Fête ce soir. Retenu par le pilotage du réseau.`)
  }
})

test('what somebody typed passes unchanged', () => {
  for (const text of ['Fête ce soir', 'We are away until 19:00.', 'Tea and coffee. At 12.5 kW!', 'My boss allows nothing until 19:00.', ''])
    assert.equal(inFrench(text), text)
  assert.equal(inFrench('Stands still: connect ECONNREFUSED 127.0.0.1:502.'), "À l'arrêt\u00a0: connect ECONNREFUSED 127.0.0.1:502.")
})

test('devices of the templates that ship with the platform say their state in French', () => {
  const folder = 'src/devices/templates'
  const shipped = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'))
  assert.ok(shipped.length >= 3)
  for (const file of shipped) {
    interface Reading {
      says?: Record<string, string>
      blocks?: number[]
      stuckAfter?: string
    }
    const { readings } = parse(readFileSync(join(folder, file), 'utf8')) as { readings: Record<string, Reading> }
    for (const [name, { says = {}, blocks, stuckAfter }] of Object.entries(readings)) {
      if (blocks || stuckAfter) assert.ok(WORDS[name], `${file}: ${name}`)
      if (blocks) for (const word of Object.values(says)) assert.ok(WORDS[word], `${file}: ${word}`)
    }
  }
  assert.equal(inFrench("Its state is 'fault'."), 'Son relevé «\u00a0état\u00a0» dit «\u00a0en panne\u00a0».')
})

/** Words that only English has. */
const ENGLISH = /\b(the|is|of|for|by|with|while|when|no|not|it|its|and|than)\b/i

test('what plan, orders and receipts really say leaves no English behind', () => {
  const said: string[] = []
  const codes = [
    'absent',
    'floor',
    'wish',
    'surplus',
    'cheap',
    'cover',
    'dear',
    'import-limit',
    'full',
    'empty',
    'wait',
    'turn',
    'keep',
  ] as const
  for (const code of [...codes, 'no-gain', 'export-limit', 'negative-price', 'free'] as const)
    for (const heldBy of [undefined, 'power', 'flexible-cap', 'site-import', 'site-export'] as const) {
      const reason: Reason = { from: 0, to: 4, code, aim: 8, price: 190.6, ...(heldBy && { heldBy }) }
      said.push(sayReason(reason, { time: () => '19:00', currency: 'EUR' }))
    }
  for (const cause of ['power', 'absent', 'flexible-cap', 'site-limit', 'capacity', 'other-wish'] as const)
    for (const kind of ['minimum', 'maximum', 'target', 'floor'] as const)
      for (const giver of ['charger', 'inverter'] as const)
        said.push(sayMissedWish({ device: 'V2G003', kind, slot: 3, missingKwh: 2.25, cause, powerKw: 7.36 }, { time: '07:00', giver }))

  const at = instant(Date.UTC(2026, 10, 24, 14))
  const battery: Capability = {
    kind: 'battery',
    maxPower: kilowatts(50),
    minPower: kilowatts(-50),
    minStep: watts(0),
    controllable: true,
  }
  const charger: Capability = { ...battery, kind: 'evse', maxPower: kilowatts(22), minPower: watts(0), minStep: watts(4140) }
  const want = { device: 'D', asset: 1, because: 'Full.', rung: 'plan' as const }
  for (const [capability, power] of [
    [battery, 80],
    [battery, -80],
    [charger, 2],
    [{ ...battery, controllable: false }, 10],
    [{ ...battery, controllable: false, why: 'It has not been heard yet.' }, 10],
    [{ ...battery, why: "Its state is 'derated'." }, 80],
  ] as const)
    said.push(...narrow([{ ...want, power: kilowatts(power), capability }], [], { at, inflexible: watts(0) }).map(({ because }) => because))

  const order = { device: 'D', asset: 1, power: kilowatts(20), at, until: instant(at + 3_600_000), because: 'Full.', rung: 'plan' as const }
  const receipt = (measured: number | undefined, more: object = {}, later = 2 * MINUTE): string | undefined => {
    const seen = measured === undefined ? undefined : { power: kilowatts(measured), at: instant(at + MINUTE) as Instant }
    return judge(
      order,
      { toldAt: at, answer: { answer: 'taken' }, measured: seen, capability: battery, every: 30_000, ...more },
      instant(at + later),
    )?.why
  }
  const receipts = [
    receipt(undefined),
    receipt(5),
    receipt(5, { capability: charger }),
    receipt(30),
    receipt(20, {}, 30 * MINUTE),
    receipt(undefined, { answer: { answer: 'refused' } }),
    receipt(undefined, { answer: { answer: 'silent' } }),
    receipt(0, { answer: { answer: 'refused', why: 'The station refused every form of the profile.' } }),
  ]
  assert.ok(receipts.every((text) => text !== undefined))
  said.push(...(receipts as string[]))
  for (const text of said) {
    const french = inFrench(text)
    assert.notEqual(french, text)
    assert.doesNotMatch(french, ENGLISH, text)
    assert.doesNotMatch(french, /\d\.\d/, text)
  }
})

test('nobody says a sentence past the templates', () => {
  const makers = files.filter(
    (file) => /^(ems|grid|charging|devices)[/\\].*\.ts$/.test(file) && !/\.(test|fixture)\.ts$|saying\.ts$/.test(file),
  )
  assert.ok(makers.length > 50)
  for (const file of makers) {
    const source = readFileSync(join('src', file), 'utf8')
    // A text of several sentences is put together of what others said: `${because} ${say(…)}`.
    const past = [
      /\b(?:because|fallback): (?:['"]|`[^$]).*/,
      // A single word is one of OCPP's.
      /\btrigger: (?:['"][^'"]* |`[^$]).*/,
      /\bwhy: (?:[\w.]+ \?\? )?['"`][A-Z].*/,
      /\.raise\([^)]*, '[a-z-]+', (?:['"]|`).*/,
    ]
    for (const pattern of past) assert.equal(pattern.exec(source)?.[0], undefined, `${file}: say it with a template of saying.ts`)
  }
})
