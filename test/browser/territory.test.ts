// The story of the demonstration in a browser, on the real program with its simulated world: look, ask why, unplug, cloud, limit, come back.
// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not the text of the tree
import assert from 'node:assert/strict'
import test from 'node:test'
import { EMAIL, PASSWORD, startTerritory, until } from '../journeys/territory.ts'
import { counts, launch, openWindow, overflow, says, signIn, violations, visit, withoutBrowser } from './browser.ts'

interface Listed {
  asset: number
  device: string | null
  kind: string
  live: { powerKw: number | null }
  order: { because: string; rung: string; receipt: { outcome: string } | null } | null
}

test('a newcomer sees the island live, asks why, and bends the plan', { skip: withoutBrowser ?? false, timeout: 300_000 }, async (t) => {
  const island = await startTerritory(t)
  const assets = async () => (await island.ask<{ data: Listed[] }>('GET', '/api/cariflex/v1/assets')).body.data
  const browser = await launch()
  t.after(() => browser.close())
  const { page, complaints } = await openWindow(browser, island.url, { width: 1280, height: 800, language: 'fr' })
  await signIn(page, EMAIL, PASSWORD)

  await t.test('forty devices stand on the map, and the list says the same', async () => {
    await page.locator('.map .pin').first().waitFor()
    const devices = (await assets()).filter(({ device }) => device !== null)
    assert.equal(devices.length, 40)
    for (const kind of ['pv', 'battery', 'evse', 'vehicle']) await counts(page.locator(`.map .pin-${kind}`), 10)
    for (const { device } of devices) await counts(page.getByRole('link', { name: device!, exact: false }), 1)
    await says(page.locator('.ribbon'), /rien n'est réel/)
  })

  await t.test('a battery says what it was told, why, and whether it obeyed', async () => {
    const told = await until(
      'an order with a receipt',
      async () => (await assets()).find(({ kind, order }) => kind === 'battery' && order?.receipt),
      (found) => found !== undefined,
      180_000,
      1_000,
    )
    await visit(page, `/ops/assets/${told!.asset}`)
    const now = page.getByRole('region', { name: 'Maintenant' })
    await now.getByText('Parce que').waitFor()
    await says(now, /obéi|en partie|refusé|sans réponse/)
    await page.locator('.chart-canvas canvas').waitFor()
    await says(page.locator('.chart-summary'), /mesurés/)
    await page.locator('.journal li').first().waitFor()
    assert.deepEqual(await violations(page), [])
  })

  await t.test('the plan shows its devices, how it was made, and the reason of a block', async () => {
    await visit(page, '/ops/plans')
    const row = page.getByRole('slider', { name: 'Plan de BAT001' })
    await row.focus()
    await page.keyboard.press('End')
    await says(page.locator('.reason'), /BAT001[\s\S]*Parce que/)
    await says(page.getByRole('region', { name: 'Comment ce plan a été fait' }), /EUR[\s\S]*%/)
    assert.deepEqual(await violations(page), [])
  })

  await t.test('a limit of the grid is announced, listed by the API, and lifted', async () => {
    await visit(page, '/ops/world')
    await page.getByRole('button', { name: '0 %', exact: true }).click()
    await page.getByRole('button', { name: 'Poser la limite' }).click()
    await page.getByText('Limite posée').waitFor()
    const limits = (await island.ask<{ data: { rung: string; maxKw: number }[] }>('GET', '/api/cariflex/v1/limits')).body.data
    assert.ok(limits.some(({ rung, maxKw }) => rung === 'grid' && maxKw === 0))
    await page
      .getByRole('region', { name: 'Limites en vigueur' })
      .getByText(/au plus 0\skW/)
      .first()
      .waitFor()
    await until(
      'no order that consumes',
      assets,
      (all) => all.every(({ order }) => !order || (order as unknown as { powerKw: number }).powerKw <= 0.001),
      10_000,
    )
    await page.getByRole('button', { name: 'Lever' }).click()
    await page.getByText('Limite levée').waitFor()
    await page.getByRole('region', { name: 'Limites en vigueur' }).waitFor({ state: 'detached' })
  })

  await t.test('a car is unplugged and the station says so', async () => {
    const leave = page.getByRole('button', { name: /^Débrancher V2G/ }).first()
    const car = /V2G\d+/.exec((await leave.getAttribute('aria-label')) ?? '')![0]
    await leave.click()
    await page.getByText(`${car} est débranché.`).waitFor()
    await page.getByRole('button', { name: `Brancher ${car}`, exact: true }).waitFor()
    await visit(page, `/ops/stations/${car.replace('V2G', 'CP')}`)
    await page.getByRole('region', { name: 'Maintenant' }).getByText('libre').waitFor()
    await page.getByRole('region', { name: 'Conversation' }).getByText('TransactionEvent').first().waitFor()
    await page.getByText('Autre message').click()
    await page.getByLabel('Message').selectOption('GetLocalListVersion')
    await page.getByRole('button', { name: 'Envoyer' }).click()
    await page.getByRole('region', { name: 'Commandes' }).getByText('Accepted', { exact: true }).first().waitFor()
  })

  await t.test('the pages fit a phone and read well there', async () => {
    await page.setViewportSize({ width: 360, height: 740 })
    for (const path of ['/ops', '/ops/assets', '/ops/plans', '/ops/stations', '/ops/world', '/settings']) {
      await visit(page, path)
      assert.ok((await overflow(page)) <= 0, path)
      assert.deepEqual(await violations(page), [], path)
    }
    await page.setViewportSize({ width: 1280, height: 800 })
  })
  await t.test('the console has nothing to complain of', () => assert.deepEqual([...complaints], []))

  await t.test('the program is killed and starts again: the page says so and catches up by itself', async () => {
    await visit(page, '/ops')
    await page.locator('.map .pin').first().waitFor()
    await island.stop('SIGKILL')
    await page.locator('.connection[data-state=offline]').waitFor()
    await island.start()
    await page.locator('.connection[data-state=live]').waitFor({ timeout: 60_000 })
    await page.locator('.map .pin').first().waitFor()
  })
})
