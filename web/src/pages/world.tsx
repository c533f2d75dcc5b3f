/** The outside world of the demonstration: cars, sky, faults, lost lines, the clock; and what the grid asks. Demo only. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { post, Refusal } from '../api.ts'
import { useCell } from '../cell.ts'
import { moment } from '../format.ts'
import { assets, platformNow, session, site, versions } from '../live.ts'
import { Icon } from '../parts/icon.tsx'
import { LimitBanner } from '../parts/limit-banner.tsx'
import { Simulated } from '../parts/marks.tsx'
import { Empty, Failure, Pending, Stale } from '../parts/state.tsx'
import { useTick } from '../parts/tick.ts'
import { type Resource, useResource } from '../resource.ts'
import { acts } from '../things.ts'
import type { World } from '../wire.ts'
import { useWords } from '../words.ts'
import { GridCard } from './world-grid.tsx'
import { SimulatedStations } from './world-stations.tsx'

/** What the last button of a card did, said beside it. */
function useAct(world: Resource<World>) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Refusal | null>(null)
  const [done, setDone] = useState('')
  const act = async (path: string, body: unknown, said: string) => {
    setBusy(true)
    setError(null)
    setDone('')
    try {
      await post(path, body)
      setDone(said)
      world.reload()
    } catch (failure) {
      if (failure instanceof Refusal) setError(failure)
      else throw failure
    } finally {
      setBusy(false)
    }
  }
  const result: ComponentChildren = (
    <>
      {error && <Failure error={error} />}
      <p role="status" class="done">
        {done && (
          <>
            <Icon name="obeyed" size={18} /> {done}
          </>
        )}
      </p>
    </>
  )
  return { busy, act, result }
}

function Sky({ world, state }: { world: Resource<World>; state: World }) {
  const { t, f } = useWords()
  const { busy, act, result } = useAct(world)
  const [cover, setCover] = useState(Math.round(state.cloudCover * 100))
  const [minutes, setMinutes] = useState('30')
  return (
    <section class="card" aria-labelledby="world-sky">
      <h2 id="world-sky">
        <Icon name="weather" /> {t('world.sky')}
      </h2>
      <p class="muted">{t('world.sky.now', { cover: f.percent(state.cloudCover) })}</p>
      <label class="field">
        <span>
          {t('world.sky.cover')} <b>{f.percent(cover / 100)}</b>
        </span>
        <input
          type="range"
          min={0}
          max={100}
          step={5}
          value={cover}
          aria-valuetext={f.percent(cover / 100)}
          onInput={(event) => setCover(Number(event.currentTarget.value))}
        />
      </label>
      <div class="command-row">
        <label class="field">
          <span>{t('world.sky.minutes')}</span>
          <select value={minutes} onChange={(event) => setMinutes(event.currentTarget.value)}>
            {['10', '30', '60', '180'].map((each) => (
              <option key={each} value={each}>
                {t('minutes', { n: each })}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          class="button button-main"
          disabled={busy}
          onClick={() =>
            void act(
              '/world/cloud',
              { cover: cover / 100, minutes: Number(minutes) },
              t('world.sky.done', { cover: f.percent(cover / 100) }),
            )
          }
        >
          {t('world.sky.go')}
        </button>
      </div>
      {result}
    </section>
  )
}

function Clock({ world, state }: { world: Resource<World>; state: World }) {
  const { t, f } = useWords()
  const { busy, act, result } = useAct(world)
  return (
    <section class="card" aria-labelledby="world-clock">
      <h2 id="world-clock">
        <Icon name="waiting" /> {t('world.clock')}
      </h2>
      <p>
        {t('world.clock.now', { time: f.moment(moment(state.now)) })} {state.frozen && <b>{t('world.clock.frozen')}</b>}
      </p>
      <button
        type="button"
        class="button"
        disabled={busy}
        onClick={() => void act('/world/freeze', { on: !state.frozen }, state.frozen ? t('world.clock.thawed') : t('world.clock.stopped'))}
      >
        {state.frozen ? t('world.clock.thaw') : t('world.clock.freeze')}
      </button>
      {result}
    </section>
  )
}

function Cars({ world, state }: { world: Resource<World>; state: World }) {
  const { t, f } = useWords()
  const { busy, act, result } = useAct(world)
  const all = useCell(assets) ?? []
  const taken = new Set(state.vehicles.map((vehicle) => vehicle.plugged))
  const free = all.filter((asset) => asset.kind === 'evse' && asset.device && !taken.has(asset.device)).map((asset) => asset.device!)
  const [wanted, setWanted] = useState<Record<string, string>>({})
  return (
    <section class="card card-wide" aria-labelledby="world-cars">
      <h2 id="world-cars">
        <Icon name="vehicle" /> {t('world.cars')}
      </h2>
      {result}
      <ul class="plain world-list">
        {state.vehicles.map((vehicle) => (
          <li key={vehicle.id}>
            <div>
              <a class="strong" href={`/ops/assets/${vehicle.id}`}>
                {vehicle.id}
              </a>{' '}
              <span class={vehicle.plugged ? 'good' : 'muted'}>
                {vehicle.plugged ? t('plugged.to', { other: vehicle.plugged }) : t('plugged.away')}
              </span>
              <span class="muted small block">
                {[
                  vehicle.socPercent !== null && vehicle.socPercent !== undefined
                    ? t('station.soc', { percent: f.percent(vehicle.socPercent / 100) })
                    : '',
                  vehicle.plugged && vehicle.departure
                    ? t('world.departure', { time: f.near(moment(vehicle.departure), platformNow()) })
                    : '',
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </div>
            {vehicle.plugged ? (
              <button
                type="button"
                class="button"
                disabled={busy}
                aria-label={t('world.unplug.label', { vehicle: vehicle.id })}
                onClick={() => void act('/world/unplug', { vehicle: vehicle.id }, t('world.unplug.done', { vehicle: vehicle.id }))}
              >
                {t('world.unplug')}
              </button>
            ) : (
              <div class="world-plug">
                <select
                  aria-label={t('world.plug.where', { vehicle: vehicle.id })}
                  value={wanted[vehicle.id] ?? ''}
                  onChange={(event) => setWanted({ ...wanted, [vehicle.id]: event.currentTarget.value })}
                >
                  <option value="">{t('world.plug.home')}</option>
                  {free.map((station) => (
                    <option key={station}>{station}</option>
                  ))}
                </select>
                <button
                  type="button"
                  class="button button-main"
                  disabled={busy}
                  aria-label={t('world.plug.label', { vehicle: vehicle.id })}
                  onClick={() =>
                    void act(
                      '/world/plug',
                      { vehicle: vehicle.id, ...(wanted[vehicle.id] ? { station: wanted[vehicle.id] } : {}) },
                      t('world.plug.done', { vehicle: vehicle.id }),
                    )
                  }
                >
                  {t('world.plug')}
                </button>
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Devices({ world, state }: { world: Resource<World>; state: World }) {
  const { t } = useWords()
  const { busy, act, result } = useAct(world)
  const stations = new Set(state.stations.map(({ id }) => id))
  const others = state.devices.filter(({ id }) => !stations.has(id))
  return (
    <section class="card card-wide" aria-labelledby="world-devices">
      <h2 id="world-devices">
        <Icon name="alert" /> {t('world.devices')}
      </h2>
      <p class="muted small">{t('world.devices.lead')}</p>
      {result}
      <ul class="plain world-list world-list-dense">
        {others.map((device) => (
          <li key={device.id}>
            <div>
              <span class="strong">{device.id}</span>
              <span class={`small block ${device.fault || !device.connected ? 'bad' : 'muted'}`}>
                {device.fault ? t('world.faulted') : device.connected ? t('world.connected') : t('world.cut')}
              </span>
            </div>
            <div class="world-plug">
              <button
                type="button"
                class="button"
                disabled={busy}
                aria-pressed={device.fault}
                aria-label={t(device.fault ? 'world.mend.label' : 'world.fault.label', { device: device.id })}
                onClick={() =>
                  void act(
                    '/world/fault',
                    { device: device.id, on: !device.fault },
                    t(device.fault ? 'world.mended' : 'world.broke', { device: device.id }),
                  )
                }
              >
                {device.fault ? t('world.mend') : t('world.fault')}
              </button>
              <button
                type="button"
                class="button"
                disabled={busy || !device.connected}
                aria-label={t('world.cut.label', { device: device.id })}
                onClick={() =>
                  void act('/world/disconnect', { device: device.id, seconds: 60 }, t('world.cut.done', { device: device.id }))
                }
              >
                {t('world.cut.go')}
              </button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}

export function WorldPage() {
  const { t } = useWords()
  const place = useCell(site)
  const who = useCell(session)
  const seen = useCell(versions)
  const tick = Math.floor(useTick(5_000) / 5_000)
  const world = useResource<World>(place && !place.demo ? null : '/world', `${seen.devices}/${seen.caughtUp}/${tick}`)
  if (place && !place.demo)
    return (
      <Empty title={t('world.none')}>
        <a class="button" href="/ops">
          {t('notfound.home')}
        </a>
      </Empty>
    )
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('world.title')}</h1>
        <Simulated on />
      </div>
      <p class="lead">{t('world.lead')}</p>
      <LimitBanner />
      {world.data && <Stale error={world.error} />}
      {!world.data ? (
        <Pending error={world.error} retry={world.reload} />
      ) : who.state === 'in' && !acts(who.user) ? (
        <Empty title={t('rights.look')} />
      ) : (
        <div class="world">
          <GridCard />
          <Sky world={world} state={world.data} />
          <Clock world={world} state={world.data} />
          <Cars world={world} state={world.data} />
          <SimulatedStations world={world} state={world.data} />
          <Devices world={world} state={world.data} />
        </div>
      )}
    </div>
  )
}
