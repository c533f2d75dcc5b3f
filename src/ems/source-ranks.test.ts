import assert from 'node:assert/strict'
import test from 'node:test'
import { rankSources } from './source-ranks.ts'

const source = (id: number, version: string | null, name = 'Seita') => ({ id, name, type: 'scheduler', model: 'StorageScheduler', version })

test('versions are ordered as Python packages are, not as text', () => {
  const ascending = [
    '1.0.dev1',
    '1.0a1',
    '1.0a1.post1',
    '1.0b2',
    '1.0rc1',
    '1.0',
    '1.0+local',
    '1.0+5',
    '1.0.post1',
    '1.0.1',
    '9',
    '10',
    '1!0.1',
  ]
  const ranks = rankSources(ascending.map((version, i) => source(100 - i, version)))
  assert.deepEqual(
    ascending.map((_, i) => ranks.get(100 - i)!.version),
    ascending.map((_, i) => i),
  )
})

test('equal versions are told apart by id only; none at all counts as 0.0.0', () => {
  const ranks = rankSources([source(1, '1.0'), source(2, '1.0.0'), source(3, null), source(4, '0'), source(5, 'bananas')])
  assert.equal(ranks.get(1)!.version, ranks.get(2)!.version)
  assert.ok(ranks.get(1)!.order < ranks.get(2)!.order)
  assert.equal(ranks.get(3)!.version, ranks.get(4)!.version)
  assert.equal(ranks.get(5)!.version, ranks.get(3)!.version)
  assert.ok(ranks.get(5)!.version < ranks.get(1)!.version)
})

test('sources of one name, type and model are one group', () => {
  const ranks = rankSources([source(1, '1'), source(2, '2'), source(3, '2', 'Other'), { ...source(4, '2'), model: null }])
  assert.equal(ranks.get(1)!.group, ranks.get(2)!.group)
  assert.equal(new Set([1, 3, 4].map((id) => ranks.get(id)!.group)).size, 3)
})
