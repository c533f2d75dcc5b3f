/** Firmware from the command line: for one station, and for many in waves. */
import { createReadStream, existsSync } from 'node:fs'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { Problem } from '#kernel'
import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'
import { API, need, path, type Row, table } from './charging.ts'

/** A URL as it is; a file of this machine is brought first. @throws Problem `usage` when there is no such file */
async function firmwareFrom(
  source: string,
  instance: ReturnType<typeof connectInstance>,
  say: (text: string) => void,
): Promise<{ file: number } | { url: string }> {
  if (/^https?:/.test(source)) return { url: source }
  if (!existsSync(source)) throw new Problem('usage', `There is no file '${source}'.`, { hint: 'Give a file of this machine, or a URL.' })
  const kept = await instance.upload<{ data: { id: number; size: number } }>(
    `${API}/charging/files?name=${encodeURIComponent(basename(source))}`,
    Readable.toWeb(createReadStream(source)) as ReadableStream<Uint8Array>,
  )
  say(`${source}: ${kept.data.size} bytes kept as file ${kept.data.id}.`)
  return { file: kept.data.id }
}

export const chargingFirmware: Verb = {
  name: 'charging firmware',
  summary: 'Has a station fetch and install firmware: a file of this machine, or a URL; without one, shows what is on its way.',
  usage: '[STATION [FILE|URL]] [--retrieve TIME] [--install TIME]',
  example: 'cariflex charging firmware CP001 station-2.1.bin --install 2026-12-01T02:00:00-04:00',
  options: { retrieve: { type: 'string' }, install: { type: 'string' } },
  explain: { retrieve: 'not fetched before', install: 'not installed before' },
  async run({ words: [station, source], options, env, show, say }) {
    const instance = connectInstance(env)
    if (station === undefined || source === undefined) {
      const query = station === undefined ? '' : `&station=${encodeURIComponent(station)}`
      const answer = await instance.get<{ data: Row[] }>(`${API}/charging/errands?kind=firmware${query}`)
      show(answer, () => table(answer.data, ['station', 'requestId', 'status', 'outcome', 'askedAt', 'changedAt']))
      return undefined
    }
    const from = await firmwareFrom(source, instance, say)
    const answer = await instance.send<{ data: { status: string; requestId: number } }>('POST', path('stations', station, 'firmware'), {
      ...from,
      ...(options['retrieve'] === undefined ? {} : { retrieveAt: options['retrieve'] }),
      ...(options['install'] === undefined ? {} : { installAt: options['install'] }),
    })
    show(
      answer,
      () => `${answer.data.status}: request ${answer.data.requestId}. 'cariflex charging firmware ${station}' shows how it goes.`,
    )
    return undefined
  },
}

const CAMPAIGNS = `${API}/charging/firmware-campaigns`
type Campaign = Row & { id: number; name: string; state: string; wave: number; waves: number; counts: Row; stations: Row[] }

const told = ({ id, name, state, wave, waves, counts }: Campaign): string =>
  `Campaign ${id} '${name}': ${state}, wave ${wave + 1} of ${waves}; ${Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ')}.`

export const chargingFirmwareCampaign: Verb = {
  name: 'charging firmware campaign',
  summary: 'Brings firmware to many stations in waves: one, a tenth, the rest; without a word, shows the campaigns.',
  usage: '[start FILE|URL | show ID | stop ID | resume ID | retry ID [STATION]]',
  example: 'cariflex charging firmware campaign start station-2.1.bin --name "Autumn 2026" --model Sim-22',
  options: {
    name: { type: 'string' },
    station: { type: 'string', multiple: true },
    vendor: { type: 'string' },
    model: { type: 'string' },
    running: { type: 'string' },
    share: { type: 'string', multiple: true },
    start: { type: 'string' },
    install: { type: 'string' },
    failures: { type: 'string' },
  },
  explain: {
    name: 'what people call it; the file or URL unless said',
    station: 'a station; may be repeated',
    vendor: 'all stations of this maker',
    model: 'all stations of this model',
    running: 'of those, only the ones that run this version',
    share: 'percent asked after a wave; may be repeated; 0 and 10 unless said: one, a tenth, the rest',
    start: 'not before, ISO 8601',
    install: 'not installed before, ISO 8601',
    failures: 'it stops when so many failed; 1 unless said',
  },
  async run({ words: [what, which, station], options, env, show, say }) {
    const instance = connectInstance(env)
    if (what === undefined) {
      const answer = await instance.get<{ data: Campaign[] }>(CAMPAIGNS)
      show(answer, () => (answer.data.length === 0 ? 'None.' : answer.data.map(told).join('\n')))
      return undefined
    }
    if (what === 'start') {
      const source = need(which, 'which file or URL')
      const { name = basename(source), station: stations, vendor, model, running, share, start, install, failures } = options
      const isOfModel = vendor !== undefined || model !== undefined || running !== undefined
      const answer = await instance.send<{ data: Campaign }>('POST', CAMPAIGNS, {
        name,
        firmware: { ...(await firmwareFrom(source, instance, say)), ...(install === undefined ? {} : { installAt: install }) },
        ...(stations === undefined ? {} : { stations }),
        ...(isOfModel ? { model: { vendor, model, firmware: running } } : {}),
        ...(share === undefined ? {} : { shares: (share as string[]).map(Number) }),
        ...(start === undefined ? {} : { startsAt: start }),
        ...(failures === undefined ? {} : { mostFailures: Number(failures) }),
      })
      show(answer, () => told(answer.data))
      return undefined
    }
    const one = `${CAMPAIGNS}/${encodeURIComponent(need(which, 'the number of the campaign'))}`
    if (!['show', 'stop', 'resume', 'retry'].includes(what))
      throw new Problem('usage', `'${what}' is none of start, show, stop, resume, retry.`)
    const answer =
      what === 'show'
        ? await instance.get<{ data: Campaign }>(one)
        : await instance.send<{ data: Campaign }>('POST', `${one}/${what}`, what === 'retry' && station !== undefined ? { station } : {})
    const columns = ['station', 'wave', 'state', 'status', 'said', 'tries', 'changedAt']
    show(answer, () => `${told(answer.data)}\n${table(answer.data.stations, columns)}`)
    return undefined
  },
}
