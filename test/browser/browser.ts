// Chromium for the page tests: one browser a file, a fresh profile a test, and everything the console complained of.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core'

const require = createRequire(import.meta.url)
const CHROMIUM = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
)

/** Why browser tests cannot run here; undefined when they can. In CI a missing browser is a failure, not a skip. */
export const withoutBrowser: string | undefined =
  CHROMIUM || process.env['CI'] ? undefined : 'no Chromium: install the Debian package chromium, or set CHROMIUM to its path'

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
    ],
  })

export interface Look {
  width: number
  height: number
  theme?: 'light' | 'dark'
  language?: 'fr' | 'en'
  reducedMotion?: boolean
  /** What OpenStreetMap says: a grey picture, or nothing at all. */
  tiles?: 'grey' | 'none'
}

export interface Window {
  page: Page
  context: BrowserContext
  /** What the console complained of, and requests that failed. */
  complaints: string[]
}

const GREY = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGPYAwAArwCuLFFdAAAAAABJRU5ErkJggg==', 'base64')

export async function openWindow(browser: Browser, url: string, look: Look): Promise<Window> {
  const { width, height, theme = 'light', language = 'fr', reducedMotion = false, tiles = 'none' } = look
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width, height },
    colorScheme: theme,
    locale: language === 'fr' ? 'fr-FR' : 'en-GB',
    // Not the island's: times on the screen must be those of the site, not of the machine.
    timezoneId: 'Europe/Paris',
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
    hasTouch: width < 900,
  })
  context.setDefaultTimeout(15_000)
  await context.route('https://tile.openstreetmap.org/**', (route) =>
    tiles === 'grey' ? route.fulfill({ contentType: 'image/png', body: GREY }) : route.abort('internetdisconnected'),
  )
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    const at = message.location().url
    // Two that are right: nobody is signed in at first (401 is the answer), and the network to OpenStreetMap is cut on purpose.
    if (at.endsWith('/api/cariflex/v1/session') && message.text().includes('401')) return
    if (tiles === 'none' && at.startsWith('https://tile.openstreetmap.org/')) return
    complaints.push(`${message.type()}: ${message.text()} (${at})`)
  })
  page.on('pageerror', (error) => complaints.push(`thrown: ${error.message}`))
  return { page, context, complaints }
}

export async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.goto('/')
  await page.locator('input[name=email]').fill(email)
  await page.locator('input[name=password]').fill(password)
  await page.locator('button[type=submit]').first().click()
  await page.locator('nav.rail').waitFor()
}

/** Goes to an address inside the app and waits until nothing is loading. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await page.locator('main h1').first().waitFor()
  await page.locator('main .state, main .spinner').first().waitFor({ state: 'detached' })
}

/** WCAG A and AA violations of the page as it is now, with where they are. */
export async function violations(page: Page): Promise<string[]> {
  const source = require.resolve('axe-core/axe.min.js')
  // Run in the page's own world by the debugger: a strict policy on scripts does not keep it out.
  const { readFileSync } = await import('node:fs')
  await page.evaluate(readFileSync(source, 'utf8'))
  const found = (await page.evaluate(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
  )) as { violations: { id: string; help: string; nodes: { target: string[]; failureSummary: string }[] }[] }
  return found.violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes
        .slice(0, 5)
        .map((node) => `    ${node.target.join(' ')}: ${node.failureSummary.replace(/\s+/g, ' ')}`)
        .join('\n')}`,
  )
}

/** How far the page is wider than the window, px. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth') as Promise<number>

/** Resolves once the text of the element fits; fails with what it said last. Pages draw when their data is there, so a look is never final. */
export async function says(place: Locator, pattern: RegExp, timeout = 10_000): Promise<void> {
  const end = performance.now() + timeout
  const read = async () => (await place.allInnerTexts()).join('\n')
  let text = await read()
  while (!pattern.test(text) && performance.now() < end) {
    await place.page().waitForTimeout(100)
    text = await read()
  }
  assert.match(text, pattern)
}

/** Resolves once there are so many of them. */
export async function counts(places: Locator, wanted: number, timeout = 10_000): Promise<void> {
  const end = performance.now() + timeout
  let count = await places.count()
  while (count !== wanted && performance.now() < end) {
    await places.page().waitForTimeout(100)
    count = await places.count()
  }
  assert.equal(count, wanted, String(places))
}
