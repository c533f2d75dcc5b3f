import { existsSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isZone, Problem } from '#kernel'
import type { Verb } from '../verb.ts'

export const init: Verb = {
  name: 'init',
  summary: 'Writes a commented cariflex.yaml for a new territory. Nothing is started and nothing else is touched.',
  usage: '[--name NAME] [--timezone ZONE] [--currency EUR] [--latitude N --longitude N] [--file cariflex.yaml]',
  example: "cariflex init --name 'My village' --timezone Europe/Paris --latitude 47.6 --longitude -2.1",
  options: {
    name: { type: 'string' },
    timezone: { type: 'string' },
    currency: { type: 'string' },
    latitude: { type: 'string' },
    longitude: { type: 'string' },
    file: { type: 'string' },
    force: { type: 'boolean' },
  },
  explain: {
    name: 'name of the site',
    timezone: "time zone of the site, by default this machine's",
    currency: 'ISO 4217 code, default EUR',
    latitude: 'of the site, degrees north',
    longitude: 'of the site, degrees east',
    file: 'where to write, default ./cariflex.yaml',
    force: 'overwrite an existing file',
  },
  async run({ options, show, say }) {
    const file = resolve(String(options['file'] ?? 'cariflex.yaml'))
    const timezone = String(options['timezone'] ?? Intl.DateTimeFormat().resolvedOptions().timeZone)
    if (!isZone(timezone))
      throw new Problem('usage', `'${timezone}' is not a time zone.`, { hint: "Write it like 'America/Martinique' or 'Europe/Paris'." })
    if (existsSync(file) && !options['force'])
      throw new Problem('file-exists', `${file} exists already.`, { hint: 'Give another --file, or --force to overwrite it.' })
    const number = (text: unknown, bound: number, fallback: number) => {
      const value = text === undefined ? fallback : Number(text)
      if (!(Math.abs(value) <= bound)) throw new Problem('usage', `'${text}' is not a number of degrees from -${bound} to ${bound}.`)
      return value
    }
    const text = template({
      name: String(options['name'] ?? 'My territory'),
      timezone,
      currency: String(options['currency'] ?? 'EUR'),
      latitude: number(options['latitude'], 90, 14.64),
      longitude: number(options['longitude'], 180, -61.02),
    })
    writeFileSync(file, text)
    show({ file }, () => `Wrote ${file}`)
    say("Next: edit it (editors complete the keys), then 'cariflex doctor', then 'cariflex start'.")
    return undefined
  },
}

const template = (site: {
  name: string
  timezone: string
  currency: string
  latitude: number
  longitude: number
}): string => `# yaml-language-server: $schema=./cariflex.schema.json
# Configuration of Cariflex. What is not written here has its default; 'cariflex config show' prints what is in force and where it came from.
# Values may be taken from the environment (\${NAME}) or from a file (!file /run/secrets/name).

platform:
  name: Cariflex
  language: fr

server:
  # Loopback only, until you say otherwise. Put TLS in front when you open it.
  host: 127.0.0.1
  port: 5000

# The embedded PostgreSQL in ./data is the default. Your own server instead:
# database:
#   url: \${DATABASE_URL}

territory:
  # Organisation that owns the assets.
  account: ${quote(site.name)}
  site:
    name: ${quote(site.name)}
    timezone: ${site.timezone}
    currency: ${site.currency}
    latitude: ${site.latitude}
    longitude: ${site.longitude}
    # Most that the site may draw from and feed into the grid, kW.
    # maxConsumptionKw: 100
    # maxProductionKw: 100
    # Which sensor plays which part.
    roles: { consumptionPrice: 1, loadControl: 2 }
    sensors:
      - { id: 1, name: consumption_price, unit: ${site.currency}/MWh, resolution: PT1H }
      # Percent of the flexible charging power that may be consumed; post 100 to lift a limit.
      - { id: 2, name: load_control_signal, unit: '%', resolution: PT15M }
    # Prices of a day by local time, per MWh, until you post real ones to sensor 1.
    tariff:
      - { from: '00:00', price: 150 }
      - { from: '07:00', price: 220 }
      - { from: '22:00', price: 150 }
  assets: []
  # A battery on Modbus TCP: an asset with its sensors, and a device that names them.
  #  - name: Battery
  #    type: battery
  #    sensors:
  #      - { id: 11, name: soc, unit: kWh, resolution: PT0S }
  #      - { id: 12, name: power, unit: kW, resolution: PT5M, attributes: { consumption_is_positive: true } }
  devices: []
  #  - { id: BAT001, kind: battery, asset: Battery, bus: modbus, template: battery/plain-battery, host: 192.168.1.7,
  #      nominalKw: 10, capacityKwh: 20, minSocKwh: 2, maxSocKwh: 19, sensors: { power: 12, soc: 11 } }
`

/** Single quotes of YAML. */
const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`
