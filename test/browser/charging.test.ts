// The screens of charging: a command with its effect, the inbox of badges, a tariff made by the form, a webhook's secret, the page of a driver.
import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { counts, launch, openWindow, overflow, says, signIn, violations, visit, withoutBrowser } from './browser.ts'
import { type Mock, startMock } from './mock.ts'

const skip = withoutBrowser ?? false
let browser: Browser
let mock: Mock
before(async () => {
  if (skip) return
  browser = await launch()
  mock = await startMock()
})
after(async () => {
  await browser?.close()
  await mock?.stop()
})

async function enter(t: { after(then: () => Promise<void>): void }, signed = true, width = 1280): Promise<Page> {
  const { page, context, complaints } = await openWindow(browser, mock.url, { width, height: 840 })
  t.after(async () => {
    await context.close()
    assert.deepEqual(complaints, [])
  })
  if (signed) await signIn(page, mock.email, mock.password)
  return page
}
const sent = (line: string) => mock.seen.filter((one) => one.line === line).map(({ body }) => body as Record<string, unknown>)

test('every message of the version is offered; the journal has the answer and the effect of each', { skip }, async (t) => {
  const page = await enter(t)
  await visit(page, '/ops/stations/CP004')
  const commands = page.getByRole('region', { name: 'Commandes' })
  await commands.getByText('Autre message…').click()
  // A form made from the schema of the message; what is required is asked for, the rest is folded away.
  await commands.getByLabel('Message').selectOption('ChangeAvailability')
  await commands.getByLabel('operationalStatus').selectOption('Inoperative')
  assert.deepEqual(await violations(page), [])
  await commands.getByRole('button', { name: 'Envoyer' }).click()
  await says(commands, /ChangeAvailability[\s\S]*Accepted/)
  const { payload } = sent('POST /api/cariflex/v1/stations/CP004/commands').at(-1) as { payload: Record<string, unknown> }
  assert.equal(payload['operationalStatus'], 'Inoperative')
  await commands.getByLabel('Message').selectOption('GetLocalListVersion')
  await commands.getByRole('button', { name: 'Envoyer' }).click()
  await says(commands, /GetLocalListVersion[\s\S]*Accepted/)
  await page.getByRole('navigation', { name: 'Parties de la borne' }).getByRole('link', { name: 'Journal' }).click()
  const journal = page.getByRole('region', { name: 'Commandes, réponses et effets' })
  await says(journal, /TriggerMessage[\s\S]*effet constaté : StatusNotification/)
  await journal.getByRole('button', { name: 'Des personnes' }).click()
  await journal.getByText('GetBaseReport').waitFor({ state: 'detached' })
})

test('a session shows its bill line by line and its signed values', { skip }, async (t) => {
  const page = await enter(t)
  await visit(page, '/ops/stations/CP004?tab=transactions')
  await page.getByRole('region', { name: 'Transactions' }).getByRole('link').first().click()
  await says(page.getByRole('region', { name: "Coût jusqu'ici" }), /Énergie[\s\S]*18,40\s?kWh[\s\S]*7,53\s?EUR/)
  await page.getByRole('region', { name: 'Valeurs signées' }).getByText('Montrer la valeur').first().click()
  await says(page.getByRole('region', { name: 'Valeurs signées' }), /T0NNRnx7/)
  await says(page.getByRole('region', { name: 'Puissance et charge' }), /de 30\s?% à 80\s?%/)
})

test('an unknown badge is accepted with one click and a name; a change keeps what the form does not ask for', { skip }, async (t) => {
  const page = await enter(t)
  await visit(page, '/ops/badges')
  const inbox = page.getByRole('region', { name: 'Qui est-ce ?' })
  await inbox.getByLabel('Surnom').fill('Paul')
  await inbox.getByRole('button', { name: /^Accepter/ }).click()
  await counts(page.getByRole('region', { name: 'Qui est-ce ?' }), 0)
  assert.deepEqual(sent('PUT /api/cariflex/v1/charging/badges/04A2F7B1C38E80').at(-1), {
    type: 'ISO14443',
    status: 'Accepted',
    nickname: 'Paul',
  })
  await page.getByRole('button', { name: 'Modifier Marie' }).click()
  await page.getByLabel('État').selectOption('Blocked')
  await page.getByText('Voiture, message et listes').click()
  await page.getByLabel('Message personnel').fill('Bonjour Marie')
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: 'Enregistrer' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const body = sent('PUT /api/cariflex/v1/charging/badges/MARIE-01').at(-1)!
  assert.equal(body['status'], 'Blocked')
  assert.equal(body['type'], 'Central')
  assert.equal(body['group'], 'famille')
  assert.equal(body['local'], true)
  assert.equal(body['message'], 'Bonjour Marie')
})

test('a tariff is made by the form, said in words before it is kept, and priced', { skip }, async (t) => {
  const page = await enter(t)
  await visit(page, '/ops/tariffs')
  await page.getByRole('button', { name: 'Nouveau tarif' }).click()
  const form = page.getByRole('region', { name: 'Nouveau tarif' })
  await says(form, /Donnez un nom/)
  await form.getByLabel('Nom').fill('NIGHT')
  await form.getByLabel('Énergie par kWh (HT)').fill('0,35')
  await form.getByRole('button', { name: 'Ajouter des heures' }).click()
  await form.getByLabel('Énergie par kWh (HT)').last().fill('0,22')
  await says(form, /0,50 EUR au démarrage/)
  await form.getByText('Essayer un prix').click()
  await form.getByRole('button', { name: 'Calculer' }).click()
  await says(form, /Total/)
  assert.deepEqual(await violations(page), [])
  await form.getByRole('button', { name: 'Enregistrer' }).click()
  await page.getByRole('heading', { name: 'NIGHT' }).waitFor()
  const { elements } = sent('PUT /api/cariflex/v1/tariffs/NIGHT')[0] as { elements: { restrictions?: object }[] }
  assert.deepEqual(elements[0]?.restrictions, { start_time: '22:00', end_time: '06:00' })
})

test("a webhook's secret is shown once; its deliveries are told", { skip }, async (t) => {
  const page = await enter(t)
  await visit(page, '/admin/webhooks')
  await page.getByRole('button', { name: 'Nouveau webhook' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Adresse').fill('https://example.org/hook')
  await dialog.getByRole('button', { name: 'alarmes' }).click()
  assert.deepEqual(await violations(page), [])
  await dialog.getByRole('button', { name: 'Créer' }).click()
  await page.getByText('whsec_c2VjcmV0LW9uY2U').waitFor()
  assert.deepEqual(sent('POST /api/cariflex/v1/webhooks')[0]?.['events'], ['alarm.*'])
  await page.reload()
  await page.getByText('Envois').first().click()
  await page.getByText('HTTP 503').waitFor()
  await counts(page.getByText('whsec_'), 0)
})

test('who scans the code sees the price first, and learns whether a wish can be before it is kept', { skip }, async (t) => {
  const page = await enter(t, false, 360)
  await visit(page, '/driver/Zb3kT0qx')
  await says(page.locator('main .card').first(), /0,38\s?EUR/)
  const wish = page.getByRole('region', { name: 'Ce que vous voulez' })
  const keep = wish.getByRole('button', { name: "C'est ce que je veux" })
  assert.equal(await keep.isDisabled(), true)
  await wish.getByLabel('Encore (kWh)').fill('40')
  await says(wish, /il manquera 18,0\s?kWh/)
  assert.deepEqual(await violations(page), [])
  assert.ok((await overflow(page)) <= 0)
  const kept = () => mock.seen.filter(({ line }) => line === 'PUT /api/cariflex/v1/driver/Zb3kT0qx/wish').length
  const before = kept()
  await keep.click()
  await says(wish, /C'est noté/)
  assert.equal(kept(), before + 1)
})

test('an operator finds the address for the sticker, and it leads to the page', { skip }, async (t) => {
  const page = await enter(t)
  await visit(page, '/ops/stations/CP004')
  await page.getByText('Page du conducteur, point 1').click()
  await page.getByRole('button', { name: "Montrer l'adresse" }).click()
  await page.getByRole('link', { name: /driver/ }).click()
  await says(page.locator('main .card').first(), /0,38\s?EUR/)
  await counts(page.locator('nav.rail'), 0)
})

test('a code that nobody gave is said to be unknown, with what to do', { skip }, async () => {
  const { page, context } = await openWindow(browser, mock.url, { width: 390, height: 844 })
  await visit(page, '/driver/nothing-here')
  await says(page.locator('main'), /ne mène à aucune borne[\s\S]*Scannez/)
  await context.close()
})

test('the profiles of a station: what was laid, and once it was asked what it holds and makes of them', { skip }, async (t) => {
  const page = await enter(t)
  await visit(page, '/ops/stations/CP004?tab=profiles')
  const profiles = page.getByRole('region', { name: 'Profils posés sur la borne' })
  await says(profiles, /ChargingStationMaxProfile[\s\S]*TxProfile[\s\S]*n° 3 · point 1[\s\S]*TxDefaultProfile/)
  await profiles.getByRole('button', { name: 'Demander ce que la borne applique' }).click()
  await says(profiles, /4 profils, dont 3 de notre part[\s\S]*ChargingStationExternalConstraints[\s\S]*posé par EMS/)
  await says(profiles, /Le programme qu'elle en fait[\s\S]*au plus 6,9\s?kW/)
  assert.deepEqual(await violations(page), [])
  assert.ok((await overflow(page)) <= 0, 'it fits')
})

test('a simulated station is switched on from the page of the world: made known first, then begun with its password', {
  skip,
}, async (t) => {
  const page = await enter(t)
  await visit(page, '/ops/world')
  const card = page.getByRole('region', { name: 'Bornes simulées' })
  await card.getByText('Nouvelle borne simulée').click()
  await card.getByLabel('Identité').fill('ESSAI-1')
  await card.getByLabel('Protocole').selectOption('1.6')
  await card.getByLabel('Raccordement').selectOption('1')
  await card.getByLabel('Puissance (kW)').fill('7,4')
  await card.getByRole('button', { name: 'Allumer' }).click()
  await card.getByRole('link', { name: 'ESSAI-1' }).waitFor()
  assert.deepEqual(sent('POST /api/cariflex/v1/stations').at(-1), { identity: 'ESSAI-1', nominalKw: 7.4, phases: 1 })
  assert.deepEqual(sent('POST /api/cariflex/v1/world/station').at(-1), {
    ...{ identity: 'ESSAI-1', nominalKw: 7.4, phases: 1, version: '1.6', password: 'p'.repeat(24) },
  })
  await card.getByText('Agir sur ESSAI-1').click()
  await card.getByLabel('Badge').last().fill('04AABB')
  await card.getByRole('button', { name: 'Présenter le badge' }).last().click()
  await says(page.locator('body'), /Badge présenté/)
})

test('a campaign is begun with a file that was brought, for a model, in waves; one that failed tries again', { skip }, async (t) => {
  const page = await enter(t)
  await visit(page, '/ops/firmware')
  await page.getByRole('button', { name: 'Nouvelle campagne' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Nom').fill('Essai')
  await form.getByLabel('Ou un fichier déjà déposé').selectOption('3')
  await form.getByLabel('Modèle').selectOption('Sim-22')
  assert.deepEqual(await violations(page), [])
  await form.getByRole('button', { name: 'Commencer' }).click()
  await page.getByRole('heading', { name: 'Essai' }).waitFor()
  const { firmware, model, shares, mostFailures } = sent('POST /api/cariflex/v1/charging/firmware-campaigns').at(-1)!
  assert.deepEqual([firmware, model, shares, mostFailures], [{ file: 3 }, { model: 'Sim-22' }, [0, 10], 1])
  await visit(page, '/ops/firmware/1')
  await page.getByRole('button', { name: 'Réessayer CP002' }).click()
  await page.getByText('DownloadFailed').waitFor({ state: 'detached' })
})

test('a contract of Plug & Charge is made, and revoked with a reason; the keys of a car for trials are shown', { skip }, async (t) => {
  const page = await enter(t)
  await visit(page, '/ops/contracts')
  await page.getByRole('button', { name: 'Nouveau contrat' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('eMAID').fill('FRCARC00000004')
  await form.getByLabel('Identité de la voiture (PCID)').fill('VF1AAAAAA00000004')
  assert.deepEqual(await violations(page), [])
  await form.getByRole('button', { name: 'Établir le contrat' }).click()
  await page.getByRole('button', { name: 'Révoquer FRCARC000000049' }).click()
  await form.getByLabel('Pourquoi').fill('Badge rendu')
  await form.getByRole('button', { name: 'Révoquer' }).click()
  await says(page.getByRole('region', { name: 'Contrats connus' }), /FRCARC000000049[\s\S]*révoqué[\s\S]*Badge rendu/)
  assert.deepEqual(sent('POST /api/cariflex/v1/charging/contracts').at(-1), { emaid: 'FRCARC00000004', car: 'VF1AAAAAA00000004' })
  const car = page.getByRole('region', { name: "Voiture d'essai" })
  await car.getByLabel('Identité de la voiture (PCID)').fill('VF1AAAAAA00000004')
  await car.getByRole('button', { name: 'Créer la voiture' }).click()
  assert.match(await car.getByLabel('Certificats et clé, ISO 15118-20').inputValue(), /BEGIN CERTIFICATE[\s\S]*KEY/)
})

test('beside CitrineOS: every way is tried, what differs is mended, a file is tried before it is kept', { skip }, async (t) => {
  const page = await enter(t)
  await visit(page, '/ops/citrineos')
  const bridge = page.getByRole('region', { name: 'Pont' })
  await says(bridge, /CP004 ne tient pas la limite/)
  await bridge.getByRole('button', { name: 'Essayer chaque voie' }).click()
  await says(bridge, /Courtier répond[\s\S]*Interface de messages ne répond pas/)
  const sync = page.getByRole('region', { name: 'Bornes et équipements' })
  await sync.getByRole('button', { name: 'Comparer' }).click()
  await sync.getByRole('button', { name: "Réparer ce qui peut l'être" }).click()
  await says(sync, /CP001 puissance réparé[\s\S]*QUAI-9 borne inconnue ici à décider par une personne/)
  const table = page.getByRole('region', { name: 'Importer des bornes' })
  const buffer = Buffer.from('identity,power_kw\nCP050,22\nCP001,22\nCP051,much')
  await table.getByLabel('Fichier CSV').setInputFiles({ name: 'bornes.csv', mimeType: 'text/csv', buffer })
  await table.getByRole('button', { name: 'Essayer sans rien garder' }).click()
  await says(table, /à créer\s: 1 · déjà connues\s: 1 · refusées\s: 1[\s\S]*Ligne 4 CP051[\s\S]*doit être un nombre/)
  assert.deepEqual(await violations(page), [])
  await table.getByRole('button', { name: 'Importer', exact: true }).click()
  await says(table, /Créées\s: 1 · déjà connues\s: 1 · refusées\s: 1/)
})

test('a station: the tariffs it holds, and the terms of its other CSMS', { skip }, async (t) => {
  const page = await enter(t)
  await visit(page, '/ops/stations/CP004?tab=tariffs')
  const held = page.getByRole('region', { name: 'Tarifs dans la borne' })
  await says(held, /ISLAND accepté[\s\S]*trop d'éléments/)
  await held.getByRole('button', { name: 'Demander à la borne' }).click()
  await says(held, /tariffAssignments/)
  assert.deepEqual(await violations(page), [])
  await page.getByRole('link', { name: 'Autre CSMS' }).click()
  const upstream = page.getByRole('region', { name: "L'autre CSMS de cette borne" })
  await says(upstream, /non relié[\s\S]*ECONNREFUSED[\s\S]*12 messages/)
  const terms = page.getByRole('region', { name: 'Changer les termes' })
  await terms.getByRole('checkbox').uncheck()
  await terms.getByLabel('Badges').selectOption('ours')
  assert.deepEqual(await violations(page), [])
  await terms.getByRole('button', { name: /Enregistrer/ }).click()
  await says(upstream, /sont retenus[\s\S]*cette plateforme décide/)
  const body = { url: 'wss://csms.example/ocpp', orders: false, badges: 'ours' }
  assert.deepEqual(sent('PUT /api/cariflex/v1/stations/CP004/upstream').at(-1), body)
  await upstream.getByRole('button', { name: 'La détacher' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'La détacher' }).click()
  await says(upstream, /Elle n'en a pas/)
})
