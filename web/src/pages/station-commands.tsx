/** Commands to one station; the station's own answer stands beside each, with what to do when it refuses. */
import { useState } from 'preact/hooks'
import { post, Refusal } from '../api.ts'
import { platformNow } from '../live.ts'
import { Failure } from '../parts/state.tsx'
import type { CommandAnswer, Station } from '../wire.ts'
import { useWords } from '../words.ts'

interface Said {
  at: number
  action: string
  payload: unknown
  answer?: CommandAnswer
  error?: Refusal
}

/** What the platform lets through by hand beside start, stop and reset; limits go by the ladder, with their reason. */
const OTHERS = [
  'GetVariables',
  'SetVariables',
  'GetCompositeSchedule',
  'GetChargingProfiles',
  'GetTransactionStatus',
  'TriggerMessage',
  'GetBaseReport',
  'ChangeAvailability',
  'UnlockConnector',
  'ClearCache',
] as const
const EXAMPLE: Record<string, unknown> = {
  GetVariables: { getVariableData: [{ component: { name: 'ChargingStation' }, variable: { name: 'Model' } }] },
  GetCompositeSchedule: { evseId: 1, duration: 3600, chargingRateUnit: 'W' },
  TriggerMessage: { requestedMessage: 'StatusNotification', evse: { id: 1 } },
  GetBaseReport: { requestId: 1, reportBase: 'SummaryInventory' },
  SetVariables: {
    setVariableData: [{ component: { name: 'OCPPCommCtrlr' }, variable: { name: 'HeartbeatInterval' }, attributeValue: '60' }],
  },
  GetChargingProfiles: { requestId: 2, chargingProfile: {} },
  GetTransactionStatus: {},
  ClearCache: {},
  ChangeAvailability: { operationalStatus: 'Operative', evse: { id: 1 } },
  UnlockConnector: { evseId: 1, connectorId: 1 },
}
const write = (value: unknown) => JSON.stringify(value, null, 2)

export function Commands({ station }: { station: Station }) {
  const { t, f } = useWords()
  const [said, setSaid] = useState<Said[]>([])
  const [busy, setBusy] = useState(false)
  const [token, setToken] = useState('')
  const [kw, setKw] = useState('6.9')
  const [action, setAction] = useState<string>(OTHERS[0])
  const [payload, setPayload] = useState(write(EXAMPLE[OTHERS[0]]))
  const [fault, setFault] = useState('')
  const [posted, setPosted] = useState('')
  const [refused, setRefused] = useState<Refusal | null>(null)
  const going = station.evses.find((evse) => evse.transaction)?.transaction
  const free = station.evses.find((evse) => !evse.transaction)

  const send = async (name: string, body: unknown) => {
    setBusy(true)
    const entry: Said = { at: platformNow(), action: name, payload: body }
    try {
      const answer = (await post(`/stations/${encodeURIComponent(station.identity)}/commands`, { action: name, payload: body })) as {
        data: CommandAnswer
      }
      entry.answer = answer.data
    } catch (failure) {
      if (!(failure instanceof Refusal)) throw failure
      entry.error = failure
    }
    setSaid((before) => [entry, ...before].slice(0, 8))
    setBusy(false)
  }
  /** A limit is not a message: it is posted, and the station hears of it by its next order, with the reason. */
  const ask = async (body: Record<string, unknown>) => {
    setBusy(true)
    setPosted('')
    setRefused(null)
    try {
      await post('/limits', body)
      setPosted(t('command.limit.done', { power: f.amount(Number(body['maxKw']), 'kW') }))
    } catch (failure) {
      if (!(failure instanceof Refusal)) throw failure
      setRefused(failure)
    }
    setBusy(false)
  }
  const start = () =>
    send('RequestStartTransaction', {
      evseId: free?.id ?? 1,
      remoteStartId: Math.floor(platformNow() / 1000) % 2_000_000_000,
      idToken: { idToken: token.trim(), type: 'Central' },
    })
  const stop = () => going && send('RequestStopTransaction', { transactionId: going.id })
  const limit = (event: Event) => {
    event.preventDefault()
    const watts = Math.round(Number(kw.replace(',', '.')) * 1000)
    if (!Number.isFinite(watts) || watts < 0) return setFault(t('command.fault.power'))
    setFault('')
    void ask({ asset: station.asset, maxKw: watts / 1000, duration: 'PT1H', rung: 'contract' })
  }
  const other = (event: Event) => {
    event.preventDefault()
    try {
      const body = JSON.parse(payload) as unknown
      setFault('')
      void send(action, body)
    } catch {
      setFault(t('command.fault.json'))
    }
  }
  return (
    <section class="card" aria-labelledby="commands">
      <h2 id="commands">{t('command.title')}</h2>
      {!station.online && <p class="notice">{t('command.offline')}</p>}
      <div class="command-row">
        <label class="field">
          <span>{t('command.token')}</span>
          <input type="text" value={token} autocomplete="off" onInput={(event) => setToken(event.currentTarget.value)} />
        </label>
        <button type="button" class="button" disabled={busy || !free || token.trim() === ''} onClick={() => void start()}>
          {t('command.start')}
        </button>
        <button type="button" class="button" disabled={busy || !going} onClick={() => void stop()}>
          {t('command.stop')}
        </button>
        <button type="button" class="button" disabled={busy} onClick={() => void send('Reset', { type: 'OnIdle' })}>
          {t('command.reset')}
        </button>
      </div>
      <form class="command-row" onSubmit={limit}>
        <label class="field">
          <span>{t('command.limit')}</span>
          <input
            inputMode="decimal"
            value={kw}
            aria-describedby={fault ? 'command-fault' : undefined}
            onInput={(event) => setKw(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button" disabled={busy || station.asset === null}>
          {t('command.limit.go')}
        </button>
      </form>
      {refused && <Failure error={refused} />}
      <p role="status" class="done">
        {posted}
      </p>
      <details class="fold">
        <summary>{t('command.other')}</summary>
        <form class="form" onSubmit={other}>
          <label class="field">
            <span>{t('command.action')}</span>
            <select
              value={action}
              onChange={(event) => {
                setAction(event.currentTarget.value)
                setPayload(write(EXAMPLE[event.currentTarget.value]))
              }}
            >
              {OTHERS.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>{t('command.payload')}</span>
            <textarea
              rows={7}
              spellcheck={false}
              value={payload}
              aria-describedby={fault ? 'command-fault' : undefined}
              onInput={(event) => setPayload(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="button" disabled={busy}>
            {t('command.send')}
          </button>
        </form>
      </details>
      {fault && (
        <p class="field-error" id="command-fault" role="alert">
          {fault}
        </p>
      )}
      <div role="status">
        {busy && <p class="muted">{t('command.waiting')}</p>}
        <ul class="plain said">
          {said.map((entry) => (
            <li key={`${entry.at}-${entry.action}`}>
              <p>
                <span class="muted">{f.clockSeconds(entry.at)}</span> ▶ <b>{entry.action}</b>
              </p>
              {entry.answer && (
                <p>
                  ◀ <b class={/accepted/i.test(entry.answer.status) ? 'good' : 'bad'}>{entry.answer.status}</b>{' '}
                  {entry.answer.took !== null && entry.answer.took !== undefined && (
                    <span class="muted">{f.amount(entry.answer.took, 'ms', 0)}</span>
                  )}
                  {!/accepted/i.test(entry.answer.status) && <span class="block small">{t.code('command.hint', entry.answer.status)}</span>}
                </p>
              )}
              {entry.error && <Failure error={entry.error} />}
              <details>
                <summary>{t('command.details')}</summary>
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
                <pre class="scroll" tabIndex={0}>
                  {write({ sent: entry.payload, ...(entry.answer ? { answer: entry.answer.payload ?? null } : {}) })}
                </pre>
              </details>
            </li>
          ))}
        </ul>
      </div>
    </section>
  )
}
