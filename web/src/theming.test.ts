// Whatever colour an organisation chooses, what is written in it can be read.
import assert from 'node:assert/strict'
import test from 'node:test'

import { accentOf, contrast, logoOf, propertiesOf, rgbOf } from './theming.ts'

const GROUNDS = { light: ['#ffffff', '#f3f5f8'], dark: ['#161e2c', '#0e1420'] } as const

test('every colour is moved until it can be read on each ground, and what stands on it too', () => {
  const steps = ['00', '33', '66', '99', 'cc', 'ff']
  for (const r of steps)
    for (const g of steps)
      for (const b of steps)
        for (const theme of ['light', 'dark'] as const) {
          const { accent, onAccent, tint } = accentOf(`#${r}${g}${b}`, theme)!
          for (const ground of [...GROUNDS[theme], tint, onAccent]) {
            const found = contrast(rgbOf(accent)!, rgbOf(ground)!)
            assert.ok(found >= 4.5, `#${r}${g}${b} ${theme}: ${accent} on ${ground} is ${found.toFixed(2)} : 1`)
          }
        }
})

test('a colour that can be read stays as it is, and a name of a colour is none', () => {
  assert.equal(accentOf('#0067a5', 'light')?.accent, '#0067a5')
  assert.equal(accentOf('#FD0', 'dark')?.accent, '#ffdd00')
  assert.notEqual(accentOf('#fd0', 'light')?.accent, '#ffdd00')
  for (const none of ['', 'red', '#12345', 'url(x)']) assert.equal(accentOf(none, 'light'), undefined)
})

test('what an organisation leaves open stays as the platform has it; a logo comes over https or from here', () => {
  const none = { primaryColor: null, secondaryColor: null, logoUrl: null }
  assert.deepEqual(propertiesOf(none), {})
  assert.deepEqual(propertiesOf({ ...none, secondaryColor: '#00aa55' }), { '--band': '#00aa55' })
  assert.equal(propertiesOf({ ...none, primaryColor: '#0067a5' })['--band'], '#0067a5')
  const logo = (logoUrl: string) => logoOf({ ...none, logoUrl })
  assert.equal(logo('https://a.example/l.svg'), 'https://a.example/l.svg')
  assert.equal(logo('/icon.svg'), '/icon.svg')
  for (const bad of ['http://a.example/l.svg', '//a.example/l.svg', 'javascript:alert(1)', '']) assert.equal(logo(bad), undefined)
})
