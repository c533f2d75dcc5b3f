/** What an asset is: its fields, free attributes, and what it may do (flex-model) in which surroundings (flex-context). */
import { useState } from 'preact/hooks'
import { patch } from '../../api.ts'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useResource } from '../../resource.ts'
import { parsed } from '../../things.ts'
import { readTree } from '../../tree.ts'
import { useWords } from '../../words.ts'
import type { FlexField } from './flex-fields.ts'
import { FlexForm } from './flex-form.tsx'
import type { TabProps } from './tab.ts'

export function PropertiesTab(props: TabProps) {
  const { thing, may, onChange } = props
  const { t } = useWords()
  const fields = useResource<FlexField[]>('/flex/fields')
  return (
    <div class="columns">
      <div class="page">
        <Fields {...props} />
        <Attributes path={`/api/v3_0/assets/${thing.id}`} value={thing.attributes} may={may.change} onChange={onChange} />
      </div>
      <div class="page">
        <section class="card" aria-labelledby="flex-model">
          <h2 id="flex-model">{t('flex.model')}</h2>
          <p class="muted small">{t('flex.model.what')}</p>
          <FlexForm thing={thing} of="flex-model" fields={fields} may={may.change} onChange={onChange} />
        </section>
        <section class="card" aria-labelledby="flex-context">
          <h2 id="flex-context">{t('flex.context')}</h2>
          <p class="muted small">{t('flex.context.what')}</p>
          <FlexForm thing={thing} of="flex-context" fields={fields} may={may.change} onChange={onChange} />
        </section>
      </div>
    </div>
  )
}

function Fields({ thing, may, onChange }: TabProps) {
  const { t } = useWords()
  const sending = useSending()
  const text = (value: string | number | null) => (value === null ? '' : String(value))
  const [body, setBody] = useState({
    name: thing.name,
    description: text(thing.description),
    latitude: text(thing.latitude),
    longitude: text(thing.longitude),
    external_id: text(thing.external_id),
  })
  const set = (change: Partial<typeof body>) => setBody({ ...body, ...change })
  const number = (value: string): number | null => (value.trim() === '' ? null : Number(value.replace(',', '.')))
  const word = (value: string): string | null => (value.trim() === '' ? null : value.trim())
  const wrong = (value: string, most: number): string | undefined => {
    const degrees = number(value)
    return degrees !== null && !(Math.abs(degrees) <= most) ? t('thing.degrees', { most }) : undefined
  }
  const save = async () => {
    const wanted: Record<string, unknown> = {
      name: body.name.trim(),
      description: word(body.description),
      latitude: number(body.latitude),
      longitude: number(body.longitude),
      external_id: word(body.external_id),
    }
    const before = thing as unknown as Record<string, unknown>
    const changes = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== before[name]))
    if (Object.keys(changes).length > 0) await patch(`/api/v3_0/assets/${thing.id}`, changes)
    if ('name' in changes) await readTree()
  }
  const faults = { latitude: wrong(body.latitude, 90), longitude: wrong(body.longitude, 180) }
  return (
    <section class="card" aria-labelledby="asset-fields">
      <h2 id="asset-fields">{t('thing.fields')}</h2>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          if (faults.latitude || faults.longitude) return
          if (await sending.send(save, t('form.saved'))) onChange()
        }}
      >
        <fieldset class="plain-fields" disabled={!may.change}>
          <legend class="unseen">{t('thing.fields')}</legend>
          <Field label={t('thing.name')} error={sending.of('name')}>
            {(input) => (
              <input {...input} required maxLength={80} value={body.name} onInput={(event) => set({ name: event.currentTarget.value })} />
            )}
          </Field>
          <Field label={t('thing.description')} error={sending.of('description')}>
            {(input) => <input {...input} value={body.description} onInput={(event) => set({ description: event.currentTarget.value })} />}
          </Field>
          <div class="columns-2">
            <Field label={t('thing.latitude')} error={faults.latitude ?? sending.of('latitude')}>
              {(input) => (
                <input
                  {...input}
                  inputMode="decimal"
                  value={body.latitude}
                  onInput={(event) => set({ latitude: event.currentTarget.value })}
                />
              )}
            </Field>
            <Field label={t('thing.longitude')} error={faults.longitude ?? sending.of('longitude')}>
              {(input) => (
                <input
                  {...input}
                  inputMode="decimal"
                  value={body.longitude}
                  onInput={(event) => set({ longitude: event.currentTarget.value })}
                />
              )}
            </Field>
          </div>
          <Field label={t('thing.external')} hint={t('thing.external.hint')} error={sending.of('external_id')}>
            {(input) => (
              <input
                {...input}
                maxLength={80}
                value={body.external_id}
                onInput={(event) => set({ external_id: event.currentTarget.value })}
              />
            )}
          </Field>
        </fieldset>
        <dl class="facts">
          <div>
            <dt>{t('thing.type')}</dt>
            <dd>{t.code('type', thing.generic_asset_type.name)}</dd>
          </div>
          <div>
            <dt>{t('thing.owner')}</dt>
            <dd>{thing.owner?.name ?? t('thing.public')}</dd>
          </div>
          <div>
            <dt>{t('asset.prop.number')}</dt>
            <dd>{thing.id}</dd>
          </div>
        </dl>
        {may.change ? <Submit sending={sending} label={t('form.save')} /> : <p class="muted small">{t('thing.read-only')}</p>}
      </form>
    </section>
  )
}

/** Free attributes as JSON, checked while they are typed. */
export function Attributes({ path, value, may, onChange }: { path: string; value: string; may: boolean; onChange: () => void }) {
  const { t } = useWords()
  const sending = useSending()
  const [text, setText] = useState(() => JSON.stringify(parsed<unknown>(value, {}), null, 2))
  const fault = faultOf(text)
  return (
    <section class="card" aria-labelledby="attributes">
      <h2 id="attributes">{t('thing.attributes')}</h2>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          if (!fault && (await sending.send(() => patch(path, { attributes: JSON.stringify(JSON.parse(text)) }), t('form.saved'))))
            onChange()
        }}
      >
        <Field
          label={t('thing.attributes.json')}
          hint={t('thing.attributes.hint')}
          error={fault === undefined ? sending.of('attributes') : fault === 'object' ? t('json.object') : t('json.wrong', { why: fault })}
        >
          {(input) => (
            <textarea
              {...input}
              readOnly={!may}
              rows={Math.min(18, Math.max(4, text.split('\n').length + 1))}
              spellcheck={false}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          )}
        </Field>
        {fault === undefined && (
          <p class="good small">
            <Icon name="obeyed" size={18} /> {t('json.good')}
          </p>
        )}
        {may && <Submit sending={sending} label={t('form.save')} />}
      </form>
    </section>
  )
}

function faultOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'object'
  } catch (error) {
    return error instanceof Error ? error.message : 'object'
  }
}
