import assert from 'node:assert/strict'
import test from 'node:test'
import { plainText, signedValues } from './signed.ts'

test('signed values are found with their moment and their context, in 2.x and in 1.6', () => {
  const signed = { signedMeterData: 'T0NNRg==', encodingMethod: 'OCMF', signingMethod: '', publicKey: 'cHVi' }
  const found = signedValues([
    {
      at: 'a',
      payload: {
        meterValue: [
          { timestamp: 'b', sampledValue: [{ value: 1, context: 'Transaction.Begin', signedMeterValue: signed }, { value: 2 }] },
        ],
      },
    },
    { at: 'c', payload: { transactionData: [{ sampledValue: [{ value: 'OCMF|…', format: 'SignedData', context: 'Transaction.End' }] }] } },
  ])
  assert.deepEqual(found, [
    { at: 'b', context: 'Transaction.Begin', method: 'OCMF', data: 'T0NNRg==', publicKey: 'cHVi' },
    { at: 'c', context: 'Transaction.End', method: 'SignedData', data: 'OCMF|…' },
  ])
})

test('values that nobody signed are no signed values', () => {
  assert.deepEqual(signedValues([{ at: 'a', payload: { meterValue: [{ sampledValue: [{ value: 3, format: 'Raw' }] }] } }]), [])
})

test('what is text is shown as text, what is not stays as it came', () => {
  const value = { at: '', context: '', method: '' }
  assert.equal(plainText({ ...value, data: 'T0NNRg==' }), 'OCMF')
  assert.equal(plainText({ ...value, data: 'OCMF|{}|{}' }), 'OCMF|{}|{}')
  for (const data of ['3082AB', 'AAECAw==']) assert.equal(plainText({ ...value, data }), undefined)
})
