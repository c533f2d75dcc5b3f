import assert from 'node:assert/strict'
import test from 'node:test'
import { blank, fieldsOf, hintOf, type JsonSchema, meant } from './schema.ts'

const SCHEMA: JsonSchema = {
  type: 'object',
  definitions: {
    Kind: { type: 'string', enum: ['only'] },
    Evse: { type: 'object', properties: { id: { type: 'integer' }, connectorId: { type: 'integer' } }, required: ['id'] },
    Item: { type: 'object', properties: { kind: { $ref: '#/definitions/Kind' }, on: { type: 'boolean' } }, required: ['kind', 'on'] },
  },
  properties: {
    evse: { $ref: '#/definitions/Evse' },
    customData: { type: 'object' },
    note: { type: 'string', description: 'A <i>note</i>.\r\nMore of it.' },
    items: { type: 'array', minItems: 1, items: { $ref: '#/definitions/Item' } },
  },
  required: ['items'],
}

test('what must be there comes first, references are followed, and what programs add is left out', () => {
  assert.deepEqual(
    fieldsOf(SCHEMA).map(({ name, must }) => [name, must]),
    [
      ['items', true],
      ['evse', false],
      ['note', false],
    ],
  )
  assert.deepEqual(meant(SCHEMA, SCHEMA.properties!['evse']!).required, ['id'])
  assert.equal(hintOf(SCHEMA.properties!['note']!), 'A note .')
})

test('a form begins with what must be there, and a choice of one is made', () => {
  assert.deepEqual(blank(SCHEMA, SCHEMA), { items: [{ kind: 'only', on: false }] })
})
