// Work that is done again and again: automations made, paused and deleted; reports asked for, followed and read; against the invented island.
// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not the text of the tree
import assert from 'node:assert/strict'
import test, { after, before, type TestContext } from 'node:test'
import type { Browser } from 'playwright-core'
import { counts, type Look, launch, openWindow, says, signIn, violations, visit, withoutBrowser } from './browser.ts'
import { startMock } from './mock.ts'

const skip = withoutBrowser ?? false
let browser: Browser
before(async () => {
  if (!skip) browser = await launch()
})
after(async () => {
  await browser?.close()
})

async function enter(t: TestContext, look: Partial<Look> = {}) {
  const mock = await startMock()
  const { page, context, complaints } = await openWindow(browser, mock.url, { width: 1280, height: 900, language: 'fr', ...look })
  t.after(async () => {
    await context.close()
    await mock.stop()
    assert.deepEqual(complaints, [])
  })
  await signIn(page, mock.email, mock.password)
  const bodies = (line: string) => mock.seen.filter((one) => one.line === line).map(({ body }) => body)
  return { page, bodies, button: (name: string | RegExp) => page.getByRole('button', { name }), dialog: page.getByRole('dialog') }
}

test('an automation is made in words, sees its next runs, rests and goes', { skip }, async (t) => {
  const { page, bodies, button, dialog } = await enter(t)
  await visit(page, '/ops/automations')
  await counts(page.locator('.work'), 3)
  await says(page.locator('.work').first(), /Plan de la nuit[\s\S]*un plan de 24 h[\s\S]*À 05:00, tous les jours[\s\S]*terminé/)
  await button('Nouvelle automatisation').click()
  await dialog.getByLabel('un rapport').check()
  await dialog.getByLabel('Rapport', { exact: true }).selectOption({ label: 'CO₂' })
  await dialog.getByLabel('Période').selectOption({ label: "les 7 jours d'avant" })
  await dialog.getByLabel('Quand', { exact: true }).selectOption({ label: 'chaque semaine' })
  await dialog.getByLabel('À', { exact: true }).fill('06:30')
  await says(dialog.locator('.preview-runs'), /À 06:30, le lundi[\s\S]*Prochaines fois : mar\.\s24\snov\.\s14:15/)
  assert.deepEqual(await violations(page), [])
  await dialog.getByRole('button', { name: 'Créer' }).click()
  await counts(page.locator('.work'), 4)
  assert.deepEqual(bodies('POST /api/v3_0/assets/1/automations'), [
    {
      ...{ name: 'CO₂', type: 'reporting', cron: '30 6 * * 1' },
      parameters: { report: 'co2', 'start-offset': 'DB,-7D', 'end-offset': 'DB' },
    },
  ])
  const made = page.locator('.work', { hasText: 'CO₂' })
  await made.getByRole('button', { name: 'Suspendre' }).click()
  await says(made, /Reprendre/)
  await made.getByRole('button', { name: 'Lancer maintenant' }).click()
  await says(made, /1 fois/)
  assert.equal(bodies('POST /api/cariflex/v1/automations/4/run').length, 1)
  await made.getByRole('button', { name: 'Modifier' }).click()
  await dialog.getByLabel('Nom').fill('CO₂ du mois')
  await dialog.getByLabel('Quand', { exact: true }).selectOption({ label: 'autrement (cron)' })
  await dialog.getByLabel('Expression cron').fill('0 7 1 *')
  await says(dialog.locator('.preview-runs'), /n'est pas valable/)
  await dialog.getByLabel('Expression cron').fill('0 7 1 * *')
  await dialog.getByRole('button', { name: 'Enregistrer' }).click()
  await says(made, /CO₂ du mois/)
  assert.deepEqual(bodies('PATCH /api/v3_0/assets/1/automations/4').at(-1), { name: 'CO₂ du mois', cron: '0 7 1 * *' })
  await made.getByRole('button', { name: 'Supprimer' }).click()
  await says(dialog, /rapports déjà faits restent/)
  await dialog.getByRole('button', { name: 'Supprimer' }).click()
  await counts(page.locator('.work'), 3)
  await button('Suspendues').click()
  await counts(page.locator('.work'), 1)
  assert.match(page.url(), /state=paused/)
})

test('a report is asked for, followed to its end, read and taken away; earlier ones and failures stand beside', { skip }, async (t) => {
  const { page, bodies, button } = await enter(t)
  await visit(page, '/ops/reports')
  const card = page.locator('.reports-main .card')
  await says(card, /Coût de l'énergie[\s\S]*Économisé\s+242\sEUR[\s\S]*242\sEUR de moins[\s\S]*Référence\s: batteries au repos/)
  await card.getByText('Voir en tableau').click()
  await counts(card.locator('tbody tr'), 7)
  await says(card.locator('tbody tr').nth(3), /ven\. 20 nov\.\s+–\s+–\s+–/)
  await says(card.locator('tfoot'), /Total\s+241,5\s+2\s316,6\s+2\s558,1/)
  assert.deepEqual(await violations(page), [])

  await page.getByRole('link', { name: /^CO₂/ }).click()
  await says(card, /n'a pas pu être fait[\s\S]*how much CO₂/)
  await page.getByLabel('Rapport', { exact: true }).selectOption({ label: 'Autoconsommation' })
  await page.getByLabel('Période').selectOption({ label: "d'un jour à un autre…" })
  await page.getByLabel('Du', { exact: true }).fill('2026-11-20')
  await page.getByLabel('Au (compris)').fill('2026-11-22')
  await button('Calculer').click()
  // By the clock of the site: its days begin at 04:00 UTC.
  assert.deepEqual(bodies('POST /api/cariflex/v1/assets/1/reports'), [
    { report: 'self-consumption', start: '2026-11-20T04:00:00.000Z', end: '2026-11-23T04:00:00.000Z' },
  ])
  await says(card, /Autoconsommation[\s\S]*Part\s+81,0\s%[\s\S]*sans flexibilité, 60,4\s%/)
  await counts(page.locator('.report-list li'), 4)
  assert.match(page.url(), /asset=1&report=/)
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /CSV/ }).click()])
  assert.match(download.url(), /\/api\/cariflex\/v1\/assets\/1\/reports\/[\w-]+\/report\.csv$/)
})

test('the bell counts what nobody looked at, and the page says whom it tells by mail', { skip }, async (t) => {
  const { page, bodies, button } = await enter(t)
  const bell = page.getByRole('link', { name: /^Alarmes/ })
  await page.getByRole('link', { name: 'Alarmes : 1 non lue' }).click()
  const active = page.getByRole('region', { name: '1 alarme en cours' })
  await says(active, /Ne répond plus[\s\S]*nouveau[\s\S]*Batterie BAT007 · équipement muet · depuis/)
  assert.equal(await bell.getAttribute('aria-label'), 'Alarmes : rien de nouveau')
  await page.getByLabel("pour tous les équipements de l'organisation").check()
  await page.getByLabel('Équipements suivis').selectOption({ label: 'Martinique' })
  await button('Ne plus suivre BAT001').click()
  await button('Enregistrer').click()
  await says(page.locator('.done'), /Enregistré/)
  assert.deepEqual(bodies('PUT /api/cariflex/v1/notices'), [{ mail: 'account', assets: [1] }])
  assert.deepEqual(await violations(page), [])
  await visit(page, '/admin/accounts/1')
  await page.getByLabel("Utilisateurs qui n'ont rien choisi").selectOption({ label: 'ne sont pas prévenus' })
  await says(page.locator('.done'), /Enregistré/)
  assert.deepEqual(bodies('PUT /api/cariflex/v1/accounts/1/notices'), [{ mail: 'off' }])
  // A new one rings, and what was read stays read.
  await page.getByRole('link', { name: 'Plan', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: /Plan/ }).waitFor()
  await page.request.post('/api/cariflex/v1/world/fault', { data: { device: 'BAT002', on: true } })
  await page.getByRole('link', { name: 'Alarmes : 1 non lue' }).waitFor()
})

test('an administrator reads letters that nobody carries, and what was thinned by which rule', { skip }, async (t) => {
  const { page, button } = await enter(t)
  await visit(page, '/admin/mails')
  await says(page.locator('.notice'), /Aucun serveur de messagerie/)
  await page.getByText('Lire', { exact: true }).click()
  await says(page.locator('.letter'), /il manquera 4,2 kWh à 07:00/)
  assert.deepEqual(await violations(page), [])
  await button('Abandonné').click()
  await counts(page.locator('.mails > li'), 1)
  await visit(page, '/admin/retention')
  const rules = page.getByRole('region', { name: 'Règles en vigueur' })
  await says(rules, /old raw readings[\s\S]*2 ans[\s\S]*une valeur toutes les 15 min[\s\S]*sauf les capteurs 84/)
  await counts(page.getByRole('table').locator('tbody tr'), 3)
  assert.deepEqual(await violations(page), [])
})
