// An asset from its making to its end, on the real program: made, given a sensor and values, drawn, planned for, noted, and taken away again.
// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not the text of the tree
import assert from 'node:assert/strict'
import test from 'node:test'
import { EMAIL, PASSWORD, startTerritory } from '../journeys/territory.ts'
import { counts, launch, openWindow, says, signIn, violations, visit, withoutBrowser } from './browser.ts'

test('an operator makes an asset, fills it, looks at it and removes it', { skip: withoutBrowser ?? false, timeout: 240_000 }, async (t) => {
  const island = await startTerritory(t)
  const browser = await launch()
  t.after(() => browser.close())
  const { page, complaints } = await openWindow(browser, island.url, { width: 1280, height: 900, language: 'fr' })
  await signIn(page, EMAIL, PASSWORD)
  const button = (name: string | RegExp) => page.getByRole('button', { name })
  const dialog = page.getByRole('dialog')

  await t.test('it is made below the site, at a place picked on the map', async () => {
    await visit(page, '/ops/assets')
    await button('Nouvel équipement').click()
    await dialog.getByLabel('Nom').fill('Ballon du gîte')
    await dialog.getByLabel('Type').selectOption({ label: 'Batterie' })
    await dialog.getByLabel('Fait partie de').selectOption({ label: 'Martinique' })
    await dialog.locator('.map-pick').click({ position: { x: 120, y: 100 } })
    assert.match(await dialog.getByLabel('Latitude').inputValue(), /^14\.\d+$/)
    assert.deepEqual(await violations(page), [])
    await dialog.getByRole('button', { name: 'Créer' }).click()
    await says(page.locator('h1'), /Ballon du gîte/)
    await says(page.getByRole('navigation', { name: "Où l'on est" }), /Martinique[\s\S]*Ballon du gîte/)
  })

  await t.test('it gets a sensor', async () => {
    await button('Ajouter un capteur').click()
    await dialog.getByLabel('Capteur').fill('puissance')
    await dialog.getByRole('button', { name: 'Ajouter' }).click()
    await page.getByRole('link', { name: 'puissance' }).click()
    await says(page.locator('h1'), /puissance[\s\S]*Ballon du gîte · kW · 15 min/)
  })

  await t.test('a file is looked at before it is written', async () => {
    await page.getByRole('link', { name: 'Importer, supprimer' }).click()
    const start = Math.floor(Date.now() / 900_000) * 900_000 - 4 * 900_000
    const rows = [1, 2, 3, 4].map((value, index) => `${new Date(start + index * 900_000).toISOString()},${value}`)
    const file = { name: 'valeurs.csv', mimeType: 'text/csv', buffer: Buffer.from(['event_start,value', ...rows].join('\n')) }
    await page.getByLabel('Fichiers').setInputFiles(file)
    await says(page.locator('.card', { hasText: "Valeurs d'un fichier" }), /4 dans le fichier, 4 enregistrées/)
    const id = page.url().split('/').pop()!.split('?')[0]
    const stats = async () => (await island.ask<Record<string, unknown>>('GET', `/api/v3_0/sensors/${id}/stats`)).body
    assert.deepEqual(Object.keys(await stats()), ['status'], 'a preview writes nothing')
    await button(/Écrire 4 valeurs/).click()
    await says(page.locator('.done'), /4 valeurs ont été enregistrées/)
    assert.equal(Object.keys(await stats()).length, 2)
    await page.getByRole('link', { name: 'Valeurs', exact: true }).click()
    await page.locator('.chart-canvas canvas').waitFor()
    await says(page.locator('.chart-summary'), /de 1,0 à 4,0\skW/)
    assert.deepEqual(await violations(page), [])
  })

  await t.test('flex-fields show what is inherited, and say what is wrong while they are typed', async () => {
    await page.getByRole('link', { name: 'Ballon du gîte' }).click()
    await page.getByRole('link', { name: 'Propriétés' }).click()
    await says(page.getByRole('region', { name: /flex-context/ }), /consumption-price[\s\S]*hérité de Martinique/)
    const fields = page.getByRole('region', { name: 'Propriétés', exact: true })
    await fields.getByLabel('Description').fill('Au grenier')
    const again = page.waitForResponse((answer) => answer.request().method() === 'GET' && /api\/v3_0\/assets\/\d+$/.test(answer.url()))
    await fields.getByRole('button', { name: 'Enregistrer' }).press('Enter')
    await again
    await page.waitForTimeout(200)
    assert.equal(await fields.getByLabel('Description').inputValue(), 'Au grenier', 'what was saved stays on the screen')
    const model = page.getByRole('region', { name: /flex-model/ })
    await model.getByLabel('Ajouter un champ').selectOption('soc-max')
    await model.getByLabel('soc-max', { exact: true }).fill('12 bananes')
    await says(model, /1 chose ne va pas/)
    await model.getByLabel('soc-max', { exact: true }).fill('12 kWh')
    await says(model, /Rien à redire/)
    await model.getByRole('button', { name: 'Enregistrer' }).click()
    await counts(model.getByText('Rien à redire'), 0)
    assert.deepEqual(await violations(page), [])
  })

  await t.test('its graphs are arranged by keyboard, and a note stands in them', async () => {
    await page.getByRole('link', { name: 'Graphes' }).click()
    await button('Modifier les graphes').click()
    await page.getByLabel('Titre du graphe 1').fill('Le ballon')
    const editor = page.getByRole('region', { name: /Graphes et chiffres clés/ })
    await editor.getByRole('button', { name: 'Enregistrer' }).press('Enter')
    await page.getByRole('heading', { name: 'Le ballon' }).waitFor()
    await button('Annoter').click()
    await dialog.getByLabel('Annotation').fill('Le gîte est fermé')
    await dialog.getByRole('button', { name: 'Enregistrer' }).click()
    await says(page.getByRole('region', { name: 'Annotations' }), /Le gîte est fermé/)
    assert.deepEqual(await violations(page), [])
  })

  await t.test('a plan that is asked for is followed to its end', async () => {
    await visit(page, `${new URL(page.url()).pathname}?tab=status`)
    await button('Faire un plan').click()
    await page.locator('.jobs > li').first().waitFor()
    await says(page.locator('.jobs > li').first(), /Ballon du gîte/)
    await says(page.locator('.jobs > li').first(), /terminé|échoué/, 30_000)
  })

  await t.test('it is forecast every night by itself, until that is deleted', async () => {
    await page.getByRole('link', { name: 'Automatisations' }).last().click()
    await says(page.getByRole('main'), /Rien ne se fait encore tout seul/)
    await button('Nouvelle automatisation').click()
    await dialog.getByLabel('une prévision').check()
    await dialog.getByLabel('Capteur à prévoir').selectOption({ label: 'puissance (kW)' })
    await dialog.getByLabel('À', { exact: true }).fill('04:30')
    await says(dialog.locator('.preview-runs'), /À 04:30, tous les jours heure de America\/Martinique[\s\S]*04:30 · [\s\S]*04:30/)
    await dialog.getByRole('button', { name: 'Créer' }).click()
    const line = page.locator('.work')
    await says(line, /Prévision puissance[\s\S]*prévision de puissance \(24\sh\)[\s\S]*À 04:30[\s\S]*pas encore/)
    await line.getByRole('button', { name: 'Suspendre' }).click()
    await says(line, /Reprendre/)
    assert.deepEqual(await violations(page), [])
    await line.getByRole('button', { name: 'Supprimer' }).click()
    await dialog.getByRole('button', { name: 'Supprimer' }).click()
    await counts(line, 0)
  })

  await t.test('a report of the site is computed while one looks, and downloaded', async () => {
    await page.getByRole('link', { name: 'Rapports' }).click()
    await page.getByLabel('Rapport', { exact: true }).selectOption({ label: 'Autosuffisance' })
    await page.getByLabel('Période').selectOption({ label: 'hier' })
    await button('Calculer').click()
    const card = page.locator('.reports-main .card')
    await says(card, /Autosuffisance[\s\S]*Part[\s\S]*sans flexibilité[\s\S]*Référence\s: batteries au repos/, 30_000)
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /CSV/ }).click()])
    assert.match(file.suggestedFilename(), /^self-sufficiency-[\da-f]{8}\.csv$/)
    assert.deepEqual(await violations(page), [])
    await page.goBack()
  })

  await t.test('the audit log knows it all, and it goes when that is confirmed', async () => {
    await page.getByRole('link', { name: 'Journal' }).click()
    await says(page.getByRole('table'), /Création de l'équipement « Ballon du gîte »/)
    await page.getByRole('link', { name: 'Contexte' }).click()
    await button('Supprimer').first().click()
    await says(dialog, /1 capteur avec toutes ses valeurs/)
    await dialog.getByRole('button', { name: 'Supprimer' }).click()
    await says(page.locator('h1'), /Martinique/)
    const { body } = await island.ask<{ name: string }[]>('GET', '/api/v3_0/assets?all_accessible=true')
    assert.ok(!body.some(({ name }) => name === 'Ballon du gîte'))
  })
  assert.deepEqual(complaints, [])
})
