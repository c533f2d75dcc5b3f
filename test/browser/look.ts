// Takes pictures of every page for a person to look at: node --import tsx test/browser/look.ts <folder> [url email password [only pages that begin so [whole|seen]]]
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Look, launch, openWindow, overflow, signIn, violations, visit } from './browser.ts'
import { startMock } from './mock.ts'

const [folder = 'test-results/look', url = '', email = '', password = '', only = '', whole = 'whole'] = process.argv.slice(2)
const LOOKS: [string, Look][] = [
  ['desktop-light-fr', { width: 1280, height: 800, tiles: 'grey' }],
  ['wide-dark-en', { width: 1440, height: 900, theme: 'dark', language: 'en' }],
  ['phone-light-fr', { width: 390, height: 844 }],
  ['small-dark-fr', { width: 360, height: 740, theme: 'dark' }],
]
const PAGES: [string, string][] = [
  ['overview', '/ops'],
  ['assets', '/ops/assets'],
  ['battery', '/ops/assets/BAT001'],
  ['solar', '/ops/assets/PV001'],
  ['charger', '/ops/assets/CP001'],
  ['vehicle', '/ops/assets/V2G004'],
  ['plan', '/ops/plans'],
  ['stations', '/ops/stations'],
  ['stations-map', '/ops/stations?view=map'],
  ['station', '/ops/stations/CP004'],
  ['station-transactions', '/ops/stations/CP004?tab=transactions'],
  ['station-transaction', '/ops/stations/CP004?tab=transactions&transaction=7c2f-CP004'],
  ['station-profiles', '/ops/stations/CP004?tab=profiles'],
  ['station-variables', '/ops/stations/CP004?tab=variables'],
  ['station-certificates', '/ops/stations/CP004?tab=certificates'],
  ['station-journal', '/ops/stations/CP004?tab=journal'],
  ['new-stickers', '/ops/stickers/CP004'],
  ['new-sessions', '/ops/sessions'],
  ['new-firmware', '/ops/firmware'],
  ['new-campaign', '/ops/firmware/1'],
  ['new-models', '/ops/models'],
  ['links-tariffs', '/ops/stations/CP004?tab=tariffs'],
  ['links-upstream', '/ops/stations/CP004?tab=upstream'],
  ['links-contracts', '/ops/contracts'],
  ['links-citrineos', '/ops/citrineos'],
  ['new-badges', '/ops/badges'],
  ['new-tariffs', '/ops/tariffs'],
  ['new-webhooks', '/admin/webhooks'],
  ['driver', '/driver/Zb3kT0qx'],
  ['world', '/ops/world'],
  ['forecasts', '/ops/forecasts'],
  ['automations', '/ops/automations'],
  ['reports', '/ops/reports?asset=1&report=00000000-0000-4000-8000-00000000000a'],
  ['sources', '/ops/sources'],
  ['jobs', '/ops/jobs'],
  ['retention', '/admin/retention'],
  ['mails', '/admin/mails'],
  ['alarms', '/ops/alarms'],
  ['accounts', '/admin/accounts'],
  ['account', '/admin/accounts/1'],
  ['users', '/admin/users'],
  ['user', '/admin/users/1'],
  ['menu', '/menu'],
  ['me', '/me'],
]
mkdirSync(folder, { recursive: true })
const mock = url !== '' ? undefined : await startMock()
const browser = await launch()
for (const [name, look] of LOOKS) {
  const { page, context, complaints } = await openWindow(browser, url || mock!.url, look)
  await page.goto('/')
  await page.locator('h1').waitFor()
  if (only === '') await page.screenshot({ path: join(folder, `${name}-sign-in.png`), fullPage: true })
  await signIn(page, email || mock!.email, password || mock!.password)
  for (const [title, path] of PAGES) {
    if (only !== '' && !title.startsWith(only)) continue
    await visit(page, path)
    await page.waitForTimeout(900)
    await page.screenshot({ path: join(folder, `${name}-${title}.png`), fullPage: whole === 'whole' })
    const [wide, bad] = [await overflow(page), await violations(page)]
    if (wide > 0 || bad.length > 0) console.log(name, title, `overflow ${wide}`, bad.join('\n'))
  }
  if (complaints.length > 0) console.log(name, complaints)
  await context.close()
}
await browser.close()
await mock?.stop()
