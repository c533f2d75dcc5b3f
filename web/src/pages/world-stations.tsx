/** Simulated charging stations: begun and ended here, plugged, swiped at, faulted, cut off. Each speaks OCPP with the platform over a socket of its own. */
import { useState } from 'preact/hooks'
import { post } from '../api.ts'
import { useCell } from '../cell.ts'
import { session } from '../live.ts'
import { Field, Submit, useSending } from '../parts/form.tsx'
import { Icon } from '../parts/icon.tsx'
import { Failure } from '../parts/state.tsx'
import type { Resource } from '../resource.ts'
import { steers } from '../things.ts'
import type { SimulatedStation, World } from '../wire.ts'
import { useWords } from '../words.ts'

const VERSIONS = ['1.6', '2.0.1', '2.1'] as const

export function SimulatedStations({ world, state }: { world: Resource<World>; state: World }) {
  const { t } = useWords()
  const who = useCell(session)
  const sending = useSending()
  const act = async (path: string, body: unknown, done: string) => {
    if (await sending.send(() => post(path, body), done)) world.reload()
  }
  return (
    <section class="card card-wide" aria-labelledby="world-stations">
      <h2 id="world-stations">
        <Icon name="stations" /> {t('world.stations')}
      </h2>
      <p class="muted small">{t('world.stations.lead')}</p>
      {sending.error && <Failure error={sending.error} />}
      <ul class="plain said sim-list">
        {state.stations.map((station) => (
          <Line key={station.id} station={station} state={state} busy={sending.busy} act={act} />
        ))}
      </ul>
      {who.state === 'in' && steers(who.user) && <NewStation world={world} />}
    </section>
  )
}

interface LineProps {
  station: SimulatedStation
  state: World
  busy: boolean
  act: (path: string, body: unknown, done: string) => Promise<void>
}

function Line({ station, state, busy, act }: LineProps) {
  const { t, f } = useWords()
  const [car, setCar] = useState('')
  const [badge, setBadge] = useState('')
  const { id } = station
  const away = state.vehicles.filter(({ plugged }) => plugged === null)
  const facts = [
    t.code('connector', station.connector),
    station.plugged,
    station.session ? t('world.station.session') : null,
    station.powerKw === 0 ? null : f.amount(station.powerKw, 'kW'),
    station.session ? t('world.station.limit', { power: f.amount(station.limitKw, 'kW') }) : null,
  ]
  return (
    <li>
      <p>
        <a class="strong" href={`/ops/stations/${encodeURIComponent(id)}`}>
          {id}
        </a>{' '}
        <span class="muted small">
          OCPP {station.version} · {t('world.station.phases', { n: station.phases })} · {f.amount(station.nominalKw, 'kW')}
        </span>{' '}
        <span class={station.fault || !station.connected ? 'bad' : 'good'}>
          {station.fault ? t('world.faulted') : station.connected ? t('world.connected') : t('world.cut')}
        </span>
      </p>
      <p class="small">{facts.filter(Boolean).join(' · ')}</p>
      <details class="fold">
        <summary>{t('world.station.do', { station: id })}</summary>
        <div class="command-row">
          {station.plugged ? (
            <button
              type="button"
              class="button"
              disabled={busy}
              onClick={() => void act('/world/unplug', { vehicle: station.plugged }, t('world.unplug.done', { vehicle: station.plugged! }))}
            >
              {t('world.station.unplug', { vehicle: station.plugged })}
            </button>
          ) : (
            <>
              <label class="field">
                <span>{t('world.station.car')}</span>
                <select value={car} onChange={(event) => setCar(event.currentTarget.value)}>
                  <option value="">–</option>
                  {away.map((each) => (
                    <option key={each.id}>{each.id}</option>
                  ))}
                </select>
              </label>
              <button
                type="button"
                class="button"
                disabled={busy || car === ''}
                onClick={() => void act('/world/plug', { vehicle: car, station: id }, t('world.plug.done', { vehicle: car }))}
              >
                {t('world.plug')}
              </button>
            </>
          )}
        </div>
        <div class="command-row">
          <label class="field">
            <span>{t('world.station.badge')}</span>
            <input value={badge} maxLength={36} onInput={(event) => setBadge(event.currentTarget.value)} />
          </label>
          <button
            type="button"
            class="button"
            disabled={busy || badge.trim() === ''}
            onClick={() => void act('/world/swipe', { station: id, token: badge.trim() }, t('world.station.swiped'))}
          >
            {t('world.station.swipe')}
          </button>
        </div>
        <div class="buttons">
          <button
            type="button"
            class="button"
            disabled={busy || !station.connected}
            onClick={() => void act('/world/disconnect', { device: id, seconds: 60 }, t('world.cut.done', { device: id }))}
          >
            {t('world.cut.go')}
          </button>
          <button
            type="button"
            class="button"
            disabled={busy}
            aria-pressed={station.fault}
            onClick={() =>
              void act(
                '/world/fault',
                { device: id, on: !station.fault },
                t(station.fault ? 'world.mended' : 'world.broke', { device: id }),
              )
            }
          >
            {t(station.fault ? 'world.mend' : 'world.fault')}
          </button>
          {station.guest && (
            <button
              type="button"
              class="button button-danger"
              disabled={busy}
              onClick={() => void act('/world/remove', { station: id }, t('world.station.removed', { station: id }))}
            >
              {t('world.station.remove')}
            </button>
          )}
        </div>
      </details>
    </li>
  )
}

/** Made known to the platform first, as any station is; then it is switched on in the world, with the password it was given. */
function NewStation({ world }: { world: Resource<World> }) {
  const { t } = useWords()
  const sending = useSending()
  const [identity, setIdentity] = useState('')
  const [version, setVersion] = useState<string>('2.0.1')
  const [phases, setPhases] = useState('3')
  const [kw, setKw] = useState('11')
  const [token, setToken] = useState('')
  const submit = async (event: Event) => {
    event.preventDefault()
    const nominalKw = Number(kw.replace(',', '.'))
    const body = { identity: identity.trim(), nominalKw, phases: Number(phases) }
    const done = await sending.send(
      async () => {
        const { data } = (await post('/stations', body)) as { data: { password: string; token: string } }
        await post('/world/station', { ...body, version, password: data.password })
        setToken(data.token)
      },
      t('world.station.started', { station: body.identity }),
    )
    if (!done) return
    setIdentity('')
    world.reload()
  }
  return (
    <details class="fold">
      <summary>{t('world.station.new')}</summary>
      <form class="form" onSubmit={submit}>
        <div class="tariff-fields">
          <Field label={t('world.station.identity')} error={sending.of('identity')}>
            {(input) => (
              <input
                {...input}
                required
                maxLength={48}
                pattern="[A-Za-z0-9*+=._@\-\|]+"
                value={identity}
                onInput={(event) => setIdentity(event.currentTarget.value)}
              />
            )}
          </Field>
          <Field label={t('world.station.version')}>
            {(input) => (
              <select {...input} value={version} onChange={(event) => setVersion(event.currentTarget.value)}>
                {VERSIONS.map((each) => (
                  <option key={each} value={each}>
                    OCPP {each}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={t('world.station.wires')}>
            {(input) => (
              <select {...input} value={phases} onChange={(event) => setPhases(event.currentTarget.value)}>
                {['1', '3'].map((each) => (
                  <option key={each} value={each}>
                    {t('world.station.phases', { n: each })}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={t('world.station.power')} error={sending.of('nominalKw')}>
            {(input) => <input {...input} required inputMode="decimal" value={kw} onInput={(event) => setKw(event.currentTarget.value)} />}
          </Field>
        </div>
        <Submit sending={sending} label={t('world.station.start')} />
        {token && (
          <p class="small" role="status">
            {t('world.station.token')} <code class="break">{token}</code>
          </p>
        )}
      </form>
    </details>
  )
}
