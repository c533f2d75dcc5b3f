/** Contracts of Plug & Charge: which car pays by which, where cars get them, and the authority of trials with its cars. */
import '../style/things.css'
import { useState } from 'preact/hooks'
import { post } from '../api.ts'
import { useCell } from '../cell.ts'
import { momentOf } from '../days.ts'
import { iso } from '../format.ts'
import { session } from '../live.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Field, Submit, useSending } from '../parts/form.tsx'
import { Failure, Pending, Stale } from '../parts/state.tsx'
import { useResource } from '../resource.ts'
import { steers } from '../things.ts'
import { useWords } from '../words.ts'

interface Contract {
  emaid: string
  car: string
  state: 'waiting' | 'installed' | 'expired' | 'revoked'
  until: string
  installedAt: string | null
  revokedAt: string | null
  revokedBecause: string | null
  createdAt: string
}
interface Book {
  /** Null: nothing is set up yet. */
  pool: { place: string; roots: string[] } | null
  contracts: Contract[]
}
/** Provisioning certificate of a car with its key, both PEM. */
interface TrialCar {
  version: string
  certificate: string
  key: string
}

export function Contracts() {
  const { t } = useWords()
  const who = useCell(session)
  const may = who.state === 'in' && steers(who.user)
  const [version, setVersion] = useState(0)
  const [making, setMaking] = useState(false)
  const [ending, setEnding] = useState<Contract | null>(null)
  const { data, error, reload } = useResource<Book>('/charging/contracts', version)
  const again = () => setVersion((count) => count + 1)
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('contracts.title')}</h1>
        {may && data?.pool && (
          <button type="button" class="button button-main page-head-do" onClick={() => setMaking(true)}>
            {t('contracts.new')}
          </button>
        )}
      </div>
      <p class="lead muted">{t('contracts.lead')}</p>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : (
        <>
          <section class="card" aria-labelledby="contracts-known">
            <h2 id="contracts-known">{t('contracts.known')}</h2>
            <ContractTable contracts={data.contracts} may={may} onEnd={setEnding} />
          </section>
          <Pool pool={data.pool} may={may} onMade={again} />
          {may && data.pool && <TrialCars />}
        </>
      )}
      {making && (
        <NewContract
          onClose={(done) => {
            setMaking(false)
            if (done) again()
          }}
        />
      )}
      {ending && (
        <EndContract
          contract={ending}
          onClose={(done) => {
            setEnding(null)
            if (done) again()
          }}
        />
      )}
    </div>
  )
}

function ContractTable({ contracts, may, onEnd }: { contracts: Contract[]; may: boolean; onEnd: (contract: Contract) => void }) {
  const { t, f } = useWords()
  if (contracts.length === 0) return <p class="empty">{t('contracts.none')}</p>
  return (
    <table class="table">
      <caption class="unseen">{t('contracts.known')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('contracts.emaid')}</th>
          <th scope="col">{t('contracts.state')}</th>
          <th scope="col" class="wide">
            {t('contracts.until')}
          </th>
          {may && (
            <th scope="col">
              <span class="unseen">{t('contracts.end')}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {contracts.map((contract) => (
          <tr key={contract.emaid}>
            <th scope="row" class="break">
              <b>{contract.emaid}</b>
              <span class="block muted small">{t('contracts.of', { car: contract.car })}</span>
            </th>
            <td>
              <span class={contract.state === 'installed' ? 'good' : contract.state === 'waiting' ? 'muted' : 'bad'}>
                {t.code('contracts.state', contract.state)}
              </span>
              {contract.revokedBecause && <span class="block muted small break">{contract.revokedBecause}</span>}
            </td>
            <td class="wide">{f.fullDate(Date.parse(contract.until))}</td>
            {may && (
              <td>
                {(contract.state === 'waiting' || contract.state === 'installed') && (
                  <button
                    type="button"
                    class="button"
                    aria-label={t('contracts.end.this', { emaid: contract.emaid })}
                    onClick={() => onEnd(contract)}
                  >
                    {t('contracts.end')}
                  </button>
                )}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Where cars get their contracts; the authority of trials is made here, once. */
function Pool({ pool, may, onMade }: { pool: Book['pool']; may: boolean; onMade: () => void }) {
  const { t } = useWords()
  const sending = useSending()
  const [made, setMade] = useState<string[]>([])
  const make = async () => {
    const act = async () => {
      const { data } = (await post('/charging/contracts/trial')) as { data: { roots: string[] } }
      setMade(data.roots)
    }
    if (await sending.send(act, t('contracts.trial.made'))) onMade()
  }
  return (
    <section class="card" aria-labelledby="contracts-pool">
      <h2 id="contracts-pool">{t('contracts.pool')}</h2>
      {pool ? (
        <>
          <p class="break">{t.code('contracts.place', pool.place)}</p>
          <ul class="small muted">
            {pool.roots.map((root) => (
              <li key={root} class="break">
                {root}
              </li>
            ))}
          </ul>
        </>
      ) : (
        <>
          <p class="empty">{t('contracts.pool.none')}</p>
          {sending.error && <Failure error={sending.error} />}
          {may && (
            <button type="button" class="button button-main" disabled={sending.busy} onClick={make}>
              {sending.busy ? t('form.busy') : t('contracts.trial')}
            </button>
          )}
        </>
      )}
      {made.length > 0 && (
        <Field label={t('contracts.roots')}>{(input) => <textarea {...input} readOnly rows={6} value={made.join('')} />}</Field>
      )}
    </section>
  )
}

/** A car for trials: its keys are kept nowhere, so they are shown once. */
function TrialCars() {
  const { t } = useWords()
  const sending = useSending()
  const [car, setCar] = useState('')
  const [made, setMade] = useState<TrialCar[]>([])
  const submit = async (event: Event) => {
    event.preventDefault()
    await sending.send(async () => {
      const { data } = (await post('/charging/contracts/trial/cars', { car: car.trim() })) as { data: TrialCar[] }
      setMade(data)
    }, t('contracts.car.made'))
  }
  return (
    <section class="card" aria-labelledby="contracts-car">
      <h2 id="contracts-car">{t('contracts.car')}</h2>
      <p class="small muted">{t('contracts.car.lead')}</p>
      <form class="form" onSubmit={submit}>
        <CarField car={car} onCar={setCar} error={sending.of('car')} />
        <Submit sending={sending} label={t('contracts.car.make')} />
      </form>
      {made.map(({ version, certificate, key }) => (
        <Field key={version} label={t('contracts.car.file', { version: t.code('contracts.version', version) })}>
          {(input) => <textarea {...input} readOnly rows={6} value={`${certificate}${key}`} />}
        </Field>
      ))}
    </section>
  )
}

function CarField({ car, onCar, error }: { car: string; onCar: (car: string) => void; error: string | undefined }) {
  const { t } = useWords()
  return (
    <Field label={t('contracts.pcid')} hint={t('contracts.pcid.hint')} error={error}>
      {(input) => (
        <input
          {...input}
          required
          pattern="[A-Za-z0-9\-]{3,32}"
          maxLength={32}
          value={car}
          onInput={(event) => onCar(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}

function NewContract({ onClose }: { onClose: (done: boolean) => void }) {
  const { t, zone } = useWords()
  const sending = useSending()
  const [emaid, setEmaid] = useState('')
  const [car, setCar] = useState('')
  const [until, setUntil] = useState('')
  const submit = async (event: Event) => {
    event.preventDefault()
    const end = momentOf(until, zone)
    const wish = { emaid: emaid.trim(), car: car.trim(), ...(Number.isNaN(end) ? {} : { until: iso(end) }) }
    if (await sending.send(() => post('/charging/contracts', wish), t('contracts.made'))) onClose(true)
  }
  return (
    <Dialog title={t('contracts.new')} onClose={() => onClose(false)}>
      <form class="form" onSubmit={submit}>
        <Field label={t('contracts.emaid')} hint={t('contracts.emaid.hint')} error={sending.of('emaid')}>
          {(input) => <input {...input} required maxLength={40} value={emaid} onInput={(event) => setEmaid(event.currentTarget.value)} />}
        </Field>
        <CarField car={car} onCar={setCar} error={sending.of('car')} />
        <Field label={t('contracts.until')} hint={t('contracts.until.hint')}>
          {(input) => <input {...input} type="datetime-local" value={until} onInput={(event) => setUntil(event.currentTarget.value)} />}
        </Field>
        <Submit sending={sending} label={t('contracts.make')} />
      </form>
    </Dialog>
  )
}

function EndContract({ contract, onClose }: { contract: Contract; onClose: (done: boolean) => void }) {
  const { t } = useWords()
  const sending = useSending()
  const [because, setBecause] = useState('')
  const submit = async (event: Event) => {
    event.preventDefault()
    const act = () => post(`/charging/contracts/${encodeURIComponent(contract.emaid)}/revocation`, { because: because.trim() })
    if (await sending.send(act, t('contracts.ended'))) onClose(true)
  }
  return (
    <Dialog title={t('contracts.end.this', { emaid: contract.emaid })} onClose={() => onClose(false)}>
      <form class="form" onSubmit={submit}>
        <p>{t('contracts.end.what', { car: contract.car })}</p>
        <Field label={t('contracts.because')}>
          {(input) => (
            <input {...input} required maxLength={200} value={because} onInput={(event) => setBecause(event.currentTarget.value)} />
          )}
        </Field>
        <Submit sending={sending} label={t('contracts.end')}>
          <button type="button" class="button" onClick={() => onClose(false)}>
            {t('dialog.keep')}
          </button>
        </Submit>
      </form>
    </Dialog>
  )
}
