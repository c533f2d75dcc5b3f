import assert from 'node:assert/strict'
import test from 'node:test'
import { nearest } from './nearest.ts'

test('a slip of the pen finds the word that was meant, anything else finds none', () => {
  const words = ['watchdog', 'refresh', 'writes', 'safe', 'WMaxLimPct']
  assert.equal(nearest('watchdogg', words), 'watchdog')
  assert.equal(nearest('wacthdog', words), 'watchdog')
  assert.equal(nearest('WRITES', words), 'writes')
  assert.equal(nearest('WMaxLimPtc', words), 'WMaxLimPct')
  assert.equal(nearest('sefa', words), undefined)
  assert.equal(nearest('temperature', words), undefined)
  assert.equal(nearest('', words), undefined)
})
