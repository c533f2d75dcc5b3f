/** Commands to one station; its answer and what followed stand beside each, with what to do when it refuses. */
import { useState } from 'preact/hooks'
import { post, Refusal } from '../../api.ts'
import { useCell } from '../../cell.ts'
import type { SentCommand } from '../../charging-wire.ts'
import { platformNow, talks } from '../../live.ts'
import { Failure } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { address } from '../../route.ts'
import type { Station } from '../../wire.ts'
import { useWords } from '../../words.ts'
import { LimitEffect } from './limit-effect.tsx'
import { OtherMessage } from './other-message.tsx'
import { SentLine } from './sent.tsx'

/** Commands of people shown beside the form; the journal has them all. */
const SHOWN = 6

export function Commands({ station }: { station: Station }) {
  const { t } = useWords()
  const spoken = useCell(talks)[station.identity] ?? 0
  const [sent, setSent] = useState(0)
  const base = `/stations/${encodeURIComponent(station.identity)}/commands`
  const { data: before } = useResource<SentCommand[]>(address(base, { limit: '30' }), `${sent}/${spoken}`)
  const mine = (before ?? []).filter(({ by }) => by !== null).slice(0, SHOWN)
  const [busy, setBusy] = useState(false)
  const [token, setToken] = useState('')
  const [kw, setKw] = useState('6.9')
  const [other, setOther] = useState(false)
  const [fault, setFault] = useState('')
  const [posted, setPosted] = useState<{ at: number; kw: number } | null>(null)
  const [refused, setRefused] = useState<Refusal | null>(null)
  const going = station.evses.find((evse) => evse.transaction)?.transaction
  const free = station.evses.find((evse) => !evse.transaction)

  const send = async (name: string, body: unknown) => {
    setBusy(true)
    setRefused(null)
    try {
      await post(base, { action: name, payload: body })
    } catch (failure) {
      if (!(failure instanceof Refusal)) throw failure
      setRefused(failure)
    }
    setSent((count) => count + 1)
    setBusy(false)
  }
  /** A limit is not a message: it is posted, and the station hears of it by its next order, with the reason. */
  const ask = async (body: Record<string, unknown>) => {
    setBusy(true)
    setPosted(null)
    setRefused(null)
    try {
      await post('/limits', body)
      setPosted({ at: platformNow(), kw: Number(body['maxKw']) })
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
  return (
    <section class="card station-talk" aria-labelledby="commands">
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
      <div role="status">{posted && <LimitEffect station={station} posted={posted} />}</div>
      <details class="fold" onToggle={(event) => setOther(event.currentTarget.open)}>
        <summary>{t('command.other')}</summary>
        {other && <OtherMessage version={station.version} busy={busy} onSend={(action, body) => void send(action, body)} />}
      </details>
      {fault && (
        <p class="field-error" id="command-fault" role="alert">
          {fault}
        </p>
      )}
      <div role="status">
        {busy && <p class="muted">{t('command.waiting')}</p>}
        <ul class="plain said">
          {mine.map((line) => (
            <SentLine key={line.id} sent={line} />
          ))}
        </ul>
      </div>
    </section>
  )
}
