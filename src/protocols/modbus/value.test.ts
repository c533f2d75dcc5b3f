import assert from 'node:assert/strict'
import test from 'node:test'
import { isProblem } from '#kernel'
import { decodeValue, encodeValue, isMissing, type ValueKind } from './value.ts'

test('values of every kind take the registers they should, and come back', () => {
  const table: [ValueKind, number | string, number[]][] = [
    ['u16', 65_000, [65_000]],
    ['i16', -2, [0xfffe]],
    ['u32', 100_000, [1, 34_464]],
    ['i32', -100_000, [0xfffe, 31_072]],
    ['u64', 2 ** 40 + 5, [0, 256, 0, 5]],
    ['i64', -1, [0xffff, 0xffff, 0xffff, 0xffff]],
    ['f32', 1.5, [0x3fc0, 0]],
    ['f64', -2.25, [0xc002, 0, 0, 0]],
  ]
  for (const [kind, value, words] of table) {
    assert.deepEqual(encodeValue(kind, value), words, kind)
    assert.equal(decodeValue(kind, words), value)
    assert.equal(decodeValue(kind, encodeValue(kind, value, 'little'), 'little'), value)
  }
  assert.deepEqual(encodeValue('u32', 100_000, 'little'), [34_464, 1])
  assert.deepEqual(encodeValue('string', 'Soleil', 'big', 4), [0x536f, 0x6c65, 0x696c, 0])
  assert.equal(decodeValue('string', [0x536f, 0x6c65, 0x696c, 0, 0x4142]), 'Soleil')
})

test('a number that does not fit is refused, not wrapped', () => {
  for (const [kind, value] of [
    ['u16', -1],
    ['u16', 65_536],
    ['i16', 40_000],
    ['i32', 2 ** 31],
    ['u16', Number.NaN],
    ['u64', -1],
  ] as const)
    assert.throws(
      () => encodeValue(kind, value),
      (error) => isProblem(error) && error.code === 'modbus-value-range',
    )
})

test('the markers for not implemented are known for every kind', () => {
  const missing: [ValueKind, number[]][] = [
    ['u16', [0xffff]],
    ['i16', [0x8000]],
    ['u32', [0xffff, 0xffff]],
    ['i32', [0x8000, 0]],
    ['u64', [0xffff, 0xffff, 0xffff, 0xffff]],
    ['f32', [0x7fc0, 0]],
    ['string', [0, 0]],
  ]
  for (const [kind, words] of missing) assert.equal(isMissing(kind, words), true, kind)
  for (const [kind, words] of [
    ['u16', [0x8000]],
    ['i16', [0xffff]],
    ['u32', [0xffff, 0]],
    ['i32', [0x8000, 1]],
    ['f32', [0, 0]],
    ['string', [0x4100]],
  ] as [ValueKind, number[]][])
    assert.equal(isMissing(kind, words), false, kind)
})
