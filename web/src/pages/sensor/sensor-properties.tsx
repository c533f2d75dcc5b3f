/** Name, unit, resolution and attributes of a sensor; and its end. */
import { useState } from 'preact/hooks'
import { patch, remove } from '../../api.ts'
import { Confirm } from '../../parts/dialog.tsx'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { go } from '../../route.ts'
import type { Sensor, Thing } from '../../things.ts'
import { useWords } from '../../words.ts'
import { Attributes } from '../asset/properties.tsx'

export function SensorProperties({ sensor, asset, may, onChange }: { sensor: Sensor; asset: Thing; may: boolean; onChange: () => void }) {
  const { t } = useWords()
  const sending = useSending()
  const [body, setBody] = useState({ name: sensor.name, unit: sensor.unit, timezone: sensor.timezone })
  const [asked, setAsked] = useState(false)
  const path = `/api/v3_0/sensors/${sensor.id}`
  const save = async () => {
    const changes = Object.fromEntries(Object.entries(body).filter(([name, value]) => value !== sensor[name as keyof typeof body]))
    if (Object.keys(changes).length > 0) await patch(path, changes)
  }
  return (
    <div class="columns">
      <section class="card" aria-labelledby="sensor-fields">
        <h2 id="sensor-fields">{t('thing.fields')}</h2>
        <form
          class="form"
          onSubmit={async (event) => {
            event.preventDefault()
            if (await sending.send(save, t('form.saved'))) onChange()
          }}
        >
          <fieldset class="plain-fields" disabled={!may}>
            <legend class="unseen">{t('thing.fields')}</legend>
            <Field label={t('thing.name')} error={sending.of('name')}>
              {(input) => (
                <input
                  {...input}
                  required
                  maxLength={120}
                  value={body.name}
                  onInput={(event) => setBody({ ...body, name: event.currentTarget.value })}
                />
              )}
            </Field>
            <Field label={t('sensor.unit')} hint={t('sensor.unit.warn')} error={sending.of('unit')}>
              {(input) => (
                <input {...input} required value={body.unit} onInput={(event) => setBody({ ...body, unit: event.currentTarget.value })} />
              )}
            </Field>
            <Field label={t('users.zone')} error={sending.of('timezone')}>
              {(input) => (
                <input
                  {...input}
                  required
                  value={body.timezone}
                  onInput={(event) => setBody({ ...body, timezone: event.currentTarget.value })}
                />
              )}
            </Field>
          </fieldset>
          <dl class="facts">
            <div>
              <dt>{t('sensor.resolution')}</dt>
              <dd>{sensor.event_resolution}</dd>
            </div>
            <div>
              <dt>{t('asset.prop.number')}</dt>
              <dd>{sensor.id}</dd>
            </div>
            {sensor.entity_address && (
              <div>
                <dt>{t('sensor.address')}</dt>
                <dd>{sensor.entity_address}</dd>
              </div>
            )}
          </dl>
          {may ? <Submit sending={sending} label={t('form.save')} /> : <p class="muted small">{t('thing.read-only')}</p>}
        </form>
        {may && (
          <div class="buttons buttons-apart">
            <button type="button" class="button" onClick={() => setAsked(true)}>
              {t('sensor.remove')}
            </button>
          </div>
        )}
      </section>
      <Attributes path={path} value={sensor.attributes} may={may} onChange={onChange} />
      {asked && (
        <Confirm
          title={t('thing.remove.title', { name: sensor.name })}
          label={t('sensor.remove')}
          done={t('thing.remove.done', { name: sensor.name })}
          act={() => remove(path)}
          onClose={(done) => {
            setAsked(false)
            if (done) go(`/ops/assets/${asset.id}?tab=context`)
          }}
        >
          <p>{t('sensor.remove.what')}</p>
          <p class="strong">{t('thing.remove.forever')}</p>
        </Confirm>
      )}
    </div>
  )
}
