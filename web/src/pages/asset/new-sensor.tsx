/** A window that asks for a new sensor of an asset. */
import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { useWords } from '../../words.ts'

/** Resolutions that are common; any other can be written to the API. */
export const RESOLUTIONS = ['PT0M', 'PT1M', 'PT5M', 'PT10M', 'PT15M', 'PT30M', 'PT1H', 'P1D'] as const
export const UNITS = ['kW', 'MW', 'W', 'kWh', 'MWh', 'EUR/MWh', 'EUR/kWh', '%', '°C', 'W/m²', 'm/s', 'kg/kWh'] as const

export function NewSensor({ thing, onClose }: { thing: { id: number; name: string }; onClose: (made: boolean) => void }) {
  const { t, zone } = useWords()
  const sending = useSending()
  const [body, setBody] = useState({ name: '', unit: 'kW', event_resolution: 'PT15M', consumption: true })
  const isPower = /^[kMG]?(W|VA)$/.test(body.unit.trim())
  const create = () =>
    post('/api/v3_0/sensors', {
      name: body.name.trim(),
      unit: body.unit.trim(),
      event_resolution: body.event_resolution,
      timezone: zone,
      generic_asset_id: thing.id,
      ...(isPower && body.consumption && { attributes: { consumption_is_positive: true } }),
    })
  return (
    <Dialog title={t('sensor.new')} onClose={() => onClose(false)}>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          if (await sending.send(create, t('sensor.new.done', { name: body.name }))) onClose(true)
        }}
      >
        <Field label={t('sensor.name')} hint={t('sensor.name.hint', { asset: thing.name })} error={sending.of('name')}>
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
        <Field label={t('sensor.unit')} hint={t('sensor.unit.hint')} error={sending.of('unit')}>
          {(input) => (
            <>
              <input
                {...input}
                required
                list="units"
                value={body.unit}
                onInput={(event) => setBody({ ...body, unit: event.currentTarget.value })}
              />
              <datalist id="units">
                {UNITS.map((unit) => (
                  <option key={unit} value={unit} />
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Field label={t('sensor.resolution')} hint={t('sensor.resolution.hint')} error={sending.of('event_resolution')}>
          {(input) => (
            <select
              {...input}
              value={body.event_resolution}
              onChange={(event) => setBody({ ...body, event_resolution: event.currentTarget.value })}
            >
              {RESOLUTIONS.map((each) => (
                <option key={each} value={each}>
                  {t.code('resolution', each)}
                </option>
              ))}
            </select>
          )}
        </Field>
        {isPower && (
          <label class="choice">
            <input
              type="checkbox"
              checked={body.consumption}
              onChange={(event) => setBody({ ...body, consumption: event.currentTarget.checked })}
            />
            <span>{t('sensor.consumption')}</span>
          </label>
        )}
        <Submit sending={sending} label={t('sensor.new.do')} />
      </form>
    </Dialog>
  )
}
