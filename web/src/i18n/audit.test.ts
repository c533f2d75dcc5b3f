// The audit log reads French where the reader does.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { inFrench } from './audit.ts'

const SOURCE = fileURLToPath(new URL('../../../src/', import.meta.url))

/** Sentences that are given to the audit log right where they are written, each slot filled. */
function written(): string[] {
  const found = new Set<string>()
  for (const file of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue
    const text = readFileSync(join(SOURCE, file), 'utf8')
    for (const [, template] of text.matchAll(/(?:auditAccount|auditAsset)\((?:[^()]|\([^()]*\))*?`([^`]+)`/g))
      found.add(template!.replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '7'))
    for (const [, template] of text.matchAll(/note\(request, `([^`]+)`/g)) found.add(template!.replace(/\$\{[^}]*\}/g, '7'))
  }
  return [...found]
}

test('each sentence that the platform writes into its log has a French form', () => {
  const sentences = written().filter((sentence) => !/^Password of 7 7$/.test(sentence))
  assert.ok(sentences.length >= 18, `only ${sentences.length} were found`)
  assert.deepEqual(
    sentences.filter((sentence) => inFrench(sentence) === sentence),
    [],
  )
})

test('names and values stay as they are, and what is not known is shown as it was written', () => {
  assert.equal(inFrench("Created asset 'Toit « est »': 12"), "Création de l'équipement « Toit « est » » (n° 12)")
  assert.equal(inFrench('Updated: name, From: A, To: B'), 'name : de A à B')
  assert.equal(
    inFrench("Updated sensor 'power': 5. Updated fields: Field name: unit, Old value: kW, New value: MW"),
    'Modification : le capteur « power » (n° 5). Champ unit : avant kW, après MW',
  )
  assert.equal(inFrench('Removed role(s): [admin].Added role(s): [consultant].'), 'Rôle retiré : admin. Rôle donné : consultant.')
  assert.equal(inFrench("Active status set to 'False'."), 'Compte désactivé.')
  assert.equal(
    inFrench('Updated flex_model:\n1. Added soc-max: 12 kWh\n2. Removed soc-min (was: 1 kWh)'),
    'flex_model modifié :\n1. soc-max ajouté : 12 kWh\n2. soc-min ôté (avant : 1 kWh)',
  )
  assert.equal(inFrench('Something else happened'), 'Something else happened')
})
