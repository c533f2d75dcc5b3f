import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import en from './en.json' with { type: 'json' }
import fr from './fr.json' with { type: 'json' }
import { speak } from './i18n.ts'

const both: Record<string, Record<string, string>> = { fr, en }
const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((hit) => hit[1]).sort()

test('French and English know the same words', () => {
  assert.deepEqual(Object.keys(both['fr']!).sort(), Object.keys(both['en']!).sort())
})

test('a translation fills the same placeholders', () => {
  for (const [key, text] of Object.entries(both['fr']!))
    assert.deepEqual(holes(both['en']![key] ?? ''), holes(text), `placeholders of ${key}`)
})

test('no text is empty, and a plural has both forms', () => {
  for (const [language, words] of Object.entries(both))
    for (const [key, text] of Object.entries(words)) {
      assert.notEqual(text.trim(), '', `${language} ${key}`)
      if (key.endsWith('.one')) assert.ok(words[key.replace(/one$/, 'other')], `${language} ${key} has no .other`)
    }
})

test('every word is spoken somewhere', () => {
  const root = join(fileURLToPath(import.meta.url), '../..')
  const source = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.ts$/.test(file))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n')
  // Words for codes of the wire are asked for by prefix: t.code('rung', …).
  const prefixes = [...source.matchAll(/t\.code\('([\w.]+)'|t\(`([\w.]+)\.\$\{/g)].map((hit) => `${hit[1] ?? hit[2]}.`)
  for (const key of Object.keys(fr)) {
    if (prefixes.some((prefix) => key.startsWith(prefix))) continue
    const stem = key.replace(/\.(one|other)$/, '')
    assert.ok(source.includes(`'${key}'`) || source.includes(`'${stem}'`), `nobody says ${key}`)
  }
})

test('one car is singular, in French zero as well', () => {
  assert.match(speak('fr').count('overview.assets', 0), /^0 équipement$/)
  assert.match(speak('fr').count('overview.assets', 40), /^40 équipements$/)
  assert.match(speak('en').count('overview.assets', 0), /^0 assets$/)
})
