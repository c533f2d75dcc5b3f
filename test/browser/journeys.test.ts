// What people do on the pages, by role and name, against the invented island.
// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not the text of the tree
import assert from 'node:assert/strict'
import test, { after, before, type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { counts, type Look, launch, openWindow, says, signIn, violations, visit, withoutBrowser } from './browser.ts'
import { type Mock, startMock } from './mock.ts'

const skip = withoutBrowser ?? false
let browser: Browser
before(async () => {
  if (!skip) browser = await launch()
})
after(async () => {
  await browser?.close()
})

/** A signed-in window on an island of its own; what the console complained of is asserted at the end unless the test breaks things on purpose. */
async function enter(
  t: TestContext,
  look: Partial<Look> = {},
  options: { quiet?: boolean } = {},
): Promise<{ page: Page; mock: Mock; complaints: string[] }> {
  const mock = await startMock()
  const { page, context, complaints } = await openWindow(browser, mock.url, { width: 1280, height: 800, language: 'fr', ...look })
  t.after(async () => {
    await context.close()
    await mock.stop()
    if (options.quiet ?? true) assert.deepEqual(complaints, [])
  })
  await signIn(page, mock.email, mock.password)
  return { page, mock, complaints }
}

test('a wrong password says what to do, and signing in leads to the page that was asked for', { skip }, async (t) => {
  const mock = await startMock()
  const { page, context } = await openWindow(browser, mock.url, { width: 390, height: 844, language: 'fr' })
  t.after(async () => {
    await context.close()
    await mock.stop()
  })
  await page.goto('/ops/assets/12')
  await page.getByLabel('Adresse électronique').fill(mock.email)
  await page.getByRole('textbox', { name: 'Mot de passe' }).fill('pluie')
  await page.getByRole('button', { name: 'Se connecter' }).click()
  await says(page.getByRole('alert'), /Vérifiez les deux/)
  await page.getByRole('textbox', { name: 'Mot de passe' }).fill(mock.password)
  await page.getByRole('button', { name: 'Se connecter' }).click()
  await page.getByRole('heading', { level: 1, name: /BAT001/ }).waitFor()
})

test('where a second factor is demanded, the code of the letter is asked for, and a wrong one says what to do', { skip }, async (t) => {
  const mock = await startMock()
  const { page, context } = await openWindow(browser, mock.url, { width: 390, height: 844, language: 'fr' })
  t.after(async () => {
    await context.close()
    await mock.stop()
  })
  const json = (status: number, body: unknown) => ({ status, contentType: 'application/json', body: JSON.stringify(body) })
  await page.route('**/session', (route) =>
    route.request().method() === 'POST' ? route.fulfill(json(202, { secondFactor: 'mail', ticket: 'the-ticket' })) : route.continue(),
  )
  await page.route('**/session/code', async (route) => {
    const { ticket, code } = route.request().postDataJSON() as { ticket: string; code: string }
    if (ticket !== 'the-ticket' || code !== '042317') return route.fulfill(json(401, { code: 'wrong-code', detail: 'The code is wrong.' }))
    // The cookie of the session comes with the answer.
    const inside = await page.request.post(`${mock.url}/api/cariflex/v1/session`, { data: { email: mock.email, password: mock.password } })
    return route.fulfill(json(200, await inside.json()))
  })
  await page.goto('/ops/plans')
  await page.locator('input[name=email]').fill(mock.email)
  await page.locator('input[name=password]').fill(mock.password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Encore un code' }).waitFor()
  assert.deepEqual(await violations(page), [])
  await page.keyboard.type('000000')
  await page.keyboard.press('Enter')
  await page.getByText('Ce code est faux ou trop ancien').waitFor()
  await page.getByLabel('Code reçu').fill('042317')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Plan' }).waitFor()
})

test('the list beside the map names all forty devices with the numbers of the API', { skip }, async (t) => {
  const { page, mock } = await enter(t)
  await page.getByRole('heading', { name: 'Tous les équipements' }).waitFor()
  await counts(page.locator('.assets-table tbody tr'), 42)
  await page.locator('.map .pin').first().waitFor()
  await counts(page.locator('.map .pin'), 42)
  // The moment stands still, so that the screen and the API speak of the same one.
  await page.request.post(`${mock.url}/api/cariflex/v1/world/freeze`, { data: { on: true } })
  await page.reload()
  await page.locator('.assets-table').waitFor()
  const { data } = (await (await page.request.get(`${mock.url}/api/cariflex/v1/assets`)).json()) as {
    data: { device: string; live: { powerKw: number | null } }[]
  }
  for (const device of ['PV003', 'BAT001', 'CP004']) {
    const shown = await page.locator('.assets-table tr', { hasText: device }).first().locator('.power b').innerText()
    const real = Math.abs(data.find((each) => each.device === device)!.live.powerKw!)
    assert.equal(Number(shown.replace(/\s*kW/, '').replace(',', '.')), Number(real.toFixed(1)), device)
  }
  await page.getByRole('button', { name: 'Véhicule' }).click()
  await page.waitForURL(/kind=vehicle/)
  await counts(page.locator('.assets-table tbody tr'), 10)
})

test('the sums on the overview balance: grid = batteries + charging − sun', { skip }, async (t) => {
  const { page } = await enter(t, { language: 'en' })
  await page.locator('.flow-line').first().waitFor()
  const kw = (await page.evaluate(
    "[...document.querySelectorAll('.flow-line')].map((line) => Number(line.querySelector('.flow-value').innerText.replace(/[^0-9.]/g, '')) * (/↑/.test(line.querySelector('.flow-word').innerText) ? -1 : 1))",
  )) as number[]
  const [sun, storage, charging, net] = kw
  assert.ok(Math.abs(sun! + storage! + charging! - net!) <= 1.5, kw.join(' '))
})

test('by keyboard alone: skip to the content, walk the plan with arrows, hear each reason', { skip }, async (t) => {
  const { page } = await enter(t)
  await visit(page, '/ops/plans')
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Aller au contenu')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate('document.activeElement.id'), 'main')
  const row = page.getByRole('slider', { name: 'Plan de BAT001' })
  for (let press = 0; press < 20 && !(await row.evaluate((element) => element === element.ownerDocument.activeElement)); press++)
    await page.keyboard.press('Tab')
  const reason = page.locator('.reason')
  const first = await reason.innerText()
  assert.match(first, /BAT001/)
  await page.keyboard.press('ArrowRight')
  const second = await reason.innerText()
  assert.notEqual(second, first)
  assert.match(second, /Parce que/)
  assert.equal(await row.getAttribute('aria-valuenow'), '2')
  await page.keyboard.press('ArrowDown')
  await says(reason, /BAT002/)
})

test('a tap on a block of the plan tells its reason; the table tells the same', { skip }, async (t) => {
  const { page } = await enter(t, { width: 390, height: 844 })
  await visit(page, '/ops/plans')
  const row = page.getByRole('slider', { name: 'Plan de BAT003' })
  const box = (await row.boundingBox())!
  await row.tap({ position: { x: box.width * 0.25, y: 20 } })
  await says(page.locator('.reason'), /BAT003[\s\S]*Parce que/)
  await page.getByText('Voir en tableau').click()
  await page
    .getByRole('table', { name: /Blocs du plan/ })
    .locator('tbody tr')
    .nth(20)
    .waitFor()
  await page.getByText('manquera 16,2').waitFor()
})

test('the chart has a table with the same values, and a sentence', { skip }, async (t) => {
  const { page } = await enter(t)
  await visit(page, '/ops/assets/12')
  await says(page.locator('.chart-summary'), /BAT001\s: .*kW mesurés/)
  const dots = (await page.evaluate(`(() => {
    const canvas = document.querySelector('.chart-canvas canvas')
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
    let painted = 0
    for (let at = 3; at < data.length; at += 4) if (data[at] > 0) painted++
    return painted
  })()`)) as number
  assert.ok(dots > 3000, `only ${dots} dots are painted`)
  await page.getByText('Voir en tableau').click()
  const rows = page.getByRole('table', { name: /Valeurs de BAT001/ }).locator('tbody tr')
  await rows.nth(29).waitFor()
  await says(rows.nth(2), /\d,\d\d/)
})

test('what was believed earlier is asked for by the slider, and the address keeps it', { skip }, async (t) => {
  const { page, mock } = await enter(t)
  await visit(page, '/ops/assets/2')
  const slider = page.getByRole('slider', { name: /Que croyait-on/ })
  await slider.focus()
  for (let press = 0; press < 12; press++) await page.keyboard.press('ArrowLeft')
  await page.waitForURL(/at=2026-11-24/)
  const url = page.url()
  const asked = () => mock.seen.filter(({ line }) => line.endsWith('/assets/2/series')).length
  const before = asked()
  await page.reload()
  await page.locator('.chart-canvas canvas').waitFor()
  assert.ok(asked() > before)
  assert.equal(page.url(), url)
  await page.getByRole('button', { name: 'Revenir à maintenant' }).click()
  await page.waitForFunction('!location.search.includes("at=")').catch(() => {})
  assert.doesNotMatch(page.url(), /at=/)
})

test('a grid limit posted from the world is announced at once, bends orders, and is lifted', { skip }, async (t) => {
  const { page, mock } = await enter(t)
  await visit(page, '/ops/world')
  await page.getByRole('button', { name: '0 %', exact: true }).click()
  await page.getByRole('button', { name: 'Poser la limite' }).click()
  await page.getByText('Limite posée').waitFor()
  const posted = mock.seen.find(({ line }) => line === 'POST /api/cariflex/v1/limits')
  assert.equal((posted!.body as { maxKw: number }).maxKw, 0)
  await page.getByRole('link', { name: "Vue d'ensemble" }).click()
  const banner = page.getByRole('region', { name: 'Limites en vigueur' })
  await banner.waitFor()
  await says(banner, /Le réseau demande au plus 0\skW de consommation flexible jusqu'à 14:35/)
  await banner.getByText(/ordres ont été modifiés/).waitFor()
  await page.locator('.pin-bent').nth(5).waitFor()
  await page.getByRole('link', { name: 'Monde' }).click()
  await page.getByRole('button', { name: 'Lever' }).click()
  await page.getByText('Limite levée').waitFor()
  await banner.waitFor({ state: 'detached' })
})

test('the owner sets a power, sees it pinned with its reason, and takes it back', { skip }, async (t) => {
  const { page, mock } = await enter(t)
  await visit(page, '/ops/assets/12')
  await page.getByText('Imposer une puissance').click()
  await page.getByRole('radio', { name: 'Décharger' }).check()
  const power = page.getByLabel(/Puissance en kW/)
  await power.fill('80')
  await page.getByText('Entre 0 et 50').waitFor()
  assert.ok(await page.getByRole('button', { name: 'Imposer' }).isDisabled())
  await power.fill('12,5')
  await page.getByLabel('Pourquoi (facultatif)').fill('Fête ce soir')
  await page.getByRole('button', { name: 'Imposer' }).click()
  await page.getByRole('button', { name: 'Annuler' }).waitFor()
  assert.deepEqual(mock.seen.find(({ line }) => line === 'POST /api/cariflex/v1/overrides')?.body, {
    device: 'BAT001',
    powerKw: -12.5,
    duration: 'PT1H',
    because: 'Fête ce soir',
  })
  await page.getByRole('region', { name: 'Maintenant' }).getByText('Fête ce soir').waitFor()
  await page.getByRole('button', { name: 'Annuler' }).click()
  await page.getByText('Annulé').waitFor()
})

test('a command shows the answer of the station beside it; the conversation can be searched and opened', { skip }, async (t) => {
  const { page, mock } = await enter(t)
  await visit(page, '/ops/stations/CP004')
  await page.getByRole('button', { name: 'Redémarrer la borne' }).click()
  const commands = page.getByRole('region', { name: 'Commandes' })
  await commands.getByText('Rejected', { exact: true }).waitFor()
  await commands.getByText('Que faire ?').waitFor()
  await page.getByLabel('Limiter à (kW, 1 h)').fill('6,9')
  await page.getByRole('button', { name: 'Limiter', exact: true }).click()
  await commands.getByText('Limite posée').waitFor()
  assert.equal((mock.seen.find(({ line }) => line === 'POST /api/cariflex/v1/limits')!.body as { asset: number }).asset, 25)
  const talk = page.getByRole('region', { name: 'Conversation' })
  await talk.getByRole('searchbox').fill('SetChargingProfile')
  await page.waitForURL(/search=SetChargingProfile/)
  await talk.getByText('TransactionEvent').first().waitFor({ state: 'detached' })
  await talk.locator('summary').first().click()
  await talk.getByText('"chargingProfilePurpose"').or(talk.getByText('"status"')).first().waitFor()
  await talk.getByRole('searchbox').fill('nothing like it')
  await talk.getByText('Rien ne contient').waitFor()
})

test('unplugging a car is confirmed on the spot and seen in the list', { skip }, async (t) => {
  const { page, mock } = await enter(t)
  await visit(page, '/ops/world')
  const car = [...mock.state.plugged.keys()][0]!
  await page.getByRole('button', { name: `Débrancher ${car}` }).click()
  await page.getByText(`${car} est débranché.`).waitFor()
  await page.getByRole('button', { name: `Brancher ${car}`, exact: true }).waitFor()
})

test('language and theme are kept from one visit to the next', { skip }, async (t) => {
  const { page } = await enter(t)
  await visit(page, '/settings')
  await page.getByRole('radio', { name: 'English' }).check()
  await page.getByRole('heading', { level: 1, name: 'My profile' }).waitFor()
  await page.getByRole('radio', { name: 'Dark' }).check()
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'My profile' }).waitFor()
  assert.equal(await page.locator('html').getAttribute('lang'), 'en')
  assert.equal(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(14, 20, 32)')
})

test('when the platform goes, the dot turns and the numbers stay; when it is back, the page catches up from the last event', {
  skip,
}, async (t) => {
  const { page, mock } = await enter(t, {}, { quiet: false })
  const dot = page.locator('.connection')
  await page.locator('.connection[data-state=live]').waitFor()
  await page.getByText(/à jour · il y a/).waitFor()
  // An event seen on the screen is one the page can resume from.
  mock.say('live', { assets: [{ asset: 12, socKwh: 3 }] })
  await page
    .locator('.assets-table tr', { hasText: 'BAT001' })
    .getByText(/^3\s%$/)
    .last()
    .waitFor()
  await mock.cut()
  await page.locator('.connection[data-state=offline]').waitFor()
  await says(dot, /hors ligne, dernières données \d\d:\d\d/)
  await counts(page.locator('.assets-table tbody tr'), 42)
  mock.state.faults.add('BAT001')
  await mock.back()
  await page.locator('.connection[data-state=live]').waitFor()
  await page.getByRole('region', { name: 'Alarmes' }).getByText('BAT001').waitFor()
  const resumed = mock.seen.filter(({ line }) => line.endsWith('/stream')).at(-1)
  assert.match(resumed?.lastEventId ?? '', /^\d+$/)
})

test('one dead sensor takes down its card, not the page, and says what to do', { skip }, async (t) => {
  const { page } = await enter(t, {}, { quiet: false })
  // News would make the card read again by itself: here only the button may.
  await page.route('**/api/cariflex/v1/stream', (route) => route.abort())
  await page.route('**/assets/12/series**', (route) =>
    route.fulfill({
      status: 500,
      contentType: 'application/problem+json',
      body: JSON.stringify({ title: 'bug', status: 500, detail: 'The series could not be read.', code: 'internal' }),
    }),
  )
  await visit(page, '/ops/assets/12')
  const alert = page.getByRole('alert')
  await says(alert, /The series could not be read/)
  await page.getByRole('heading', { name: 'Journal des ordres' }).waitFor()
  const retry = alert.getByRole('button', { name: 'Réessayer' })
  await retry.waitFor()
  await page.unroute('**/assets/12/series**')
  await retry.click()
  await page.locator('.chart-canvas canvas').waitFor()
})

test('without a network the island is still drawn', { skip }, async (t) => {
  const { page } = await enter(t, { tiles: 'none' })
  await page.locator('.map path.coast').waitFor()
  await page.getByText('fond de carte hors ligne').waitFor()
  await counts(page.locator('.map img.leaflet-tile'), 0)
})

test('signing out leads back to the sign-in page', { skip }, async (t) => {
  const { page } = await enter(t)
  await visit(page, '/settings')
  await page.getByRole('button', { name: 'Se déconnecter' }).click()
  await page.getByRole('heading', { level: 1, name: 'Se connecter' }).waitFor()
})

test('an organisation is dressed in its colours, moved until they can be read, and a token for a program is shown once', {
  skip,
}, async (t) => {
  const { page } = await enter(t)
  await visit(page, '/admin/accounts/1')
  await page.getByRole('textbox', { name: 'Couleur principale', exact: true }).fill('#ffd400')
  await page.getByText(/Ajustée en #/).waitFor()
  await page.getByRole('button', { name: 'Enregistrer' }).click()
  await page.locator('html[style*="--accent"]').waitFor({ state: 'attached' })
  assert.match((await page.locator('html').getAttribute('style')) ?? '', /--band: ?#ffd400/)
  await visit(page, '/me')
  assert.deepEqual(await violations(page), [], 'yellow on white is made readable')
  const tokens = page.getByRole('region', { name: 'Connexions et jetons' })
  await counts(tokens.locator('.token-list > li'), 3)
  await tokens.getByLabel('Pour quel programme').fill('Metabase')
  await tokens.getByRole('button', { name: 'Créer le jeton' }).press('Enter')
  await says(tokens.locator('[data-token]'), /^invented-token/)
  await tokens.getByRole('button', { name: "C'est noté" }).click()
  await counts(tokens.locator('[data-token]'), 0)
  await tokens.getByRole('button', { name: 'Révoquer Metabase' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Révoquer', exact: true }).click()
  await counts(tokens.locator('.token-list > li'), 3)
})

test('who only reads is offered nothing that would be refused', { skip }, async (t) => {
  const { page, mock } = await enter(t)
  mock.roles.splice(0, 1, 'admin-reader')
  await visit(page, '/ops/stations/CP004')
  await says(page.getByRole('region', { name: 'Commandes' }), /demande le rôle/)
  await counts(page.getByRole('button', { name: 'Limiter' }), 0)
  await counts(page.getByRole('link', { name: 'Monde' }), 0)
  await visit(page, '/ops/world')
  await page.getByText('Vous êtes ici pour regarder').waitFor()
  await visit(page, '/ops/assets/12')
  await page.getByRole('region', { name: 'Votre mot à dire' }).getByText('Vous êtes ici pour regarder').waitFor()
  await visit(page, '/admin/users')
  await counts(page.getByRole('button', { name: "Inviter quelqu'un" }), 0)
})
