// Every page in four windows: phone and desktop, light and dark, French and English. Nothing complains, nothing overflows, axe finds nothing.
// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not the text of the tree
import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import type { Browser } from 'playwright-core'
import { type Look, launch, openWindow, overflow, signIn, violations, visit, withoutBrowser } from './browser.ts'
import { type Mock, startMock } from './mock.ts'

const LOOKS: Look[] = [
  { width: 390, height: 844, theme: 'light', language: 'fr' },
  { width: 360, height: 740, theme: 'dark', language: 'en', reducedMotion: true },
  { width: 1280, height: 800, theme: 'dark', language: 'fr', tiles: 'grey' },
  { width: 1440, height: 900, theme: 'light', language: 'en' },
]
const PAGES: [path: string, heading: Record<'fr' | 'en', RegExp>][] = [
  ['/ops', { fr: /Martinique en ce moment/, en: /Martinique right now/ }],
  ['/ops/assets?kind=battery', { fr: /Équipements/, en: /Assets/ }],
  ['/ops/assets/2', { fr: /PV001/, en: /PV001/ }],
  ['/ops/assets/12', { fr: /BAT001/, en: /BAT001/ }],
  ['/ops/assets/18', { fr: /BAT007/, en: /BAT007/ }],
  ['/ops/assets/22', { fr: /CP001/, en: /CP001/ }],
  ['/ops/assets/32?span=P7D', { fr: /V2G001/, en: /V2G001/ }],
  ['/ops/plans?h=48', { fr: /Plan/, en: /Plan/ }],
  ['/ops/stations', { fr: /Bornes de recharge/, en: /Charging stations/ }],
  ['/ops/stations?view=map', { fr: /Bornes de recharge/, en: /Charging stations/ }],
  ['/ops/stations/CP004', { fr: /CP004/, en: /CP004/ }],
  ['/ops/stations/CP004?tab=transactions', { fr: /CP004/, en: /CP004/ }],
  ['/ops/stations/CP004?tab=transactions&transaction=7c2f-CP004', { fr: /CP004/, en: /CP004/ }],
  ['/ops/stations/CP004?tab=profiles', { fr: /CP004/, en: /CP004/ }],
  ['/ops/stations/CP004?tab=variables', { fr: /CP004/, en: /CP004/ }],
  ['/ops/stations/CP004?tab=tariffs', { fr: /CP004/, en: /CP004/ }],
  ['/ops/stations/CP004?tab=upstream', { fr: /CP004/, en: /CP004/ }],
  ['/ops/stations/CP004?tab=certificates', { fr: /CP004/, en: /CP004/ }],
  ['/ops/stations/CP004?tab=journal', { fr: /CP004/, en: /CP004/ }],
  ['/ops/stickers/CP004', { fr: /Codes de CP004/, en: /Codes of CP004/ }],
  ['/ops/sessions?state=ended', { fr: /Sessions de charge/, en: /Charging sessions/ }],
  ['/ops/firmware', { fr: /Campagnes/, en: /campaigns/ }],
  ['/ops/firmware/1', { fr: /Automne/, en: /Automne/ }],
  ['/ops/models', { fr: /Modèles/, en: /Models/ }],
  ['/ops/badges', { fr: /Badges/, en: /Badges/ }],
  ['/ops/contracts', { fr: /Contrats/, en: /contracts/ }],
  ['/ops/citrineos', { fr: /CitrineOS/, en: /CitrineOS/ }],
  ['/ops/tariffs', { fr: /Tarifs/, en: /Tariffs/ }],
  ['/admin/webhooks', { fr: /Webhooks/, en: /Webhooks/ }],
  ['/ops/world', { fr: /Monde simulé/, en: /Simulated world/ }],
  ['/ops/assets/12?tab=context', { fr: /BAT001/, en: /BAT001/ }],
  ['/ops/assets/12?tab=graphs', { fr: /BAT001/, en: /BAT001/ }],
  ['/ops/assets/12?tab=properties', { fr: /BAT001/, en: /BAT001/ }],
  ['/ops/assets/12?tab=status', { fr: /BAT001/, en: /BAT001/ }],
  ['/ops/assets/12?tab=automations', { fr: /BAT001/, en: /BAT001/ }],
  ['/ops/assets/12?tab=log', { fr: /BAT001/, en: /BAT001/ }],
  ['/ops/assets/1', { fr: /Martinique/, en: /Martinique/ }],
  ['/ops/sensors/151', { fr: /power/, en: /power/ }],
  ['/ops/forecasts', { fr: /Prévisions/, en: /Forecasts/ }],
  ['/ops/reports', { fr: /Rapports/, en: /Reports/ }],
  ['/ops/automations', { fr: /Automatisations/, en: /Automations/ }],
  ['/ops/sources?versions=all', { fr: /Sources de données/, en: /Data sources/ }],
  ['/ops/jobs', { fr: /Travaux/, en: /Jobs/ }],
  ['/ops/alarms', { fr: /Alarmes/, en: /Alarms/ }],
  ['/admin/retention', { fr: /Conservation/, en: /Retention/ }],
  ['/admin/mails', { fr: /Courriels/, en: /Mails/ }],
  ['/admin/accounts', { fr: /Organisations/, en: /Organisations/ }],
  ['/admin/accounts/1', { fr: /Cariflex/, en: /Cariflex/ }],
  ['/admin/users?all=1', { fr: /Utilisateurs/, en: /Users/ }],
  ['/admin/users/2', { fr: /Aurélie/, en: /Aurélie/ }],
  ['/menu', { fr: /Toutes les pages/, en: /All pages/ }],
  ['/me', { fr: /Mon profil/, en: /My profile/ }],
  ['/driver/Zb3kT0qx', { fr: /CP004/, en: /CP004/ }],
  ['/nowhere', { fr: /Page inconnue/, en: /Unknown page/ }],
]

/** Their wide look is held by the journeys of work.test.ts and charging.test.ts. */
const ON_PHONES = new Set([
  '/ops/assets/12?tab=automations',
  '/ops/reports',
  '/ops/automations',
  '/ops/alarms',
  '/admin/retention',
  '/admin/mails',
  '/ops/stations/CP004?tab=tariffs',
  '/ops/stations/CP004?tab=upstream',
  '/ops/contracts',
  '/ops/citrineos',
])

const skip = withoutBrowser ?? false
let mock: Mock
let browser: Browser
before(async () => {
  if (skip) return
  mock = await startMock()
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await mock?.stop()
})

for (const look of LOOKS) {
  const { width, height, theme, language = 'fr' } = look
  test(`at ${width}×${height}, ${theme}, ${language}: every page is whole, readable and quiet`, { skip }, async (t) => {
    const { page, context, complaints } = await openWindow(browser, mock.url, look)
    await t.test('sign-in', async () => {
      await page.goto('/')
      await page.locator('h1').waitFor()
      assert.deepEqual(await violations(page), [])
      assert.ok((await overflow(page)) <= 0, 'the page scrolls sideways')
    })
    await signIn(page, mock.email, mock.password)
    for (const [path, heading] of PAGES.filter(([path]) => width < 700 || !ON_PHONES.has(path)))
      await t.test(path, async () => {
        await visit(page, path)
        const title = await page.locator('h1').innerText()
        assert.match(title, heading[language])
        assert.equal(await page.locator('html').getAttribute('lang'), language)
        assert.match(await page.title(), / · Cariflex$/)
        const ground = (await page.evaluate('getComputedStyle(document.body).backgroundColor')) as string
        assert.equal(ground, theme === 'dark' ? 'rgb(14, 20, 32)' : 'rgb(243, 245, 248)')
        assert.ok((await overflow(page)) <= 0, `the page is ${await overflow(page)} px too wide`)
        assert.deepEqual(await violations(page), [])
        assert.match(await page.locator('.ribbon').innerText(), language === 'fr' ? /rien n'est réel/ : /nothing here is real/)
        if (look.reducedMotion)
          assert.equal(await page.evaluate("document.getAnimations().filter((one) => one.playState === 'running').length"), 0)
      })
    assert.deepEqual(complaints, [])
    await context.close()
  })
}
