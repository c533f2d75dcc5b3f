/** A flex-model or a flex-context as a form: every field with its meaning, what is inherited, and what is wrong while it is typed. */
import { useEffect, useMemo, useState } from 'preact/hooks'
import { patch, post, Refusal } from '../../api.ts'
import { useCell } from '../../cell.ts'
import { Submit, useSending } from '../../parts/form.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Failure, Pending } from '../../parts/state.tsx'
import { type Resource, useWhole } from '../../resource.ts'
import { parsed, type Sensor, type Thing } from '../../things.ts'
import { ancestors, useTree } from '../../tree.ts'
import { useWords } from '../../words.ts'
import { aboutField, type FlexField, type FlexOf, type Form, firstValue, formOf, formsOf, shortValue } from './flex-fields.ts'

interface Checked {
  problems: { of: string; field: string; message: string }[]
  resolved: Record<string, { value: unknown; from: { asset: number; name: string } }>
}
type Values = Record<string, unknown>

export function FlexForm({
  thing,
  of,
  fields,
  may,
  onChange,
}: {
  thing: Thing
  of: FlexOf
  fields: Resource<FlexField[]>
  may: boolean
  onChange: () => void
}) {
  const { t, said } = useWords()
  const stored = useMemo(() => parsed<Values>(of === 'flex-model' ? thing.flex_model : thing.flex_context, {}), [thing, of])
  const [draft, setDraft] = useState<Values>(stored)
  const [checked, setChecked] = useState<Checked | null>(null)
  const [trouble, setTrouble] = useState<Refusal | null>(null)
  const sending = useSending()
  const tree = useCell(useTree())
  const top = tree ? (ancestors(tree, thing.id)[0]?.id ?? thing.id) : null
  const sensors = useWhole<Sensor[]>(top === null ? null : `/api/v3_0/sensors?asset=${top}`)
  const mine = (fields.data ?? []).filter((field) => field.of === of && field.stored)
  const text = JSON.stringify(draft)
  const changed = text !== JSON.stringify(stored)
  useEffect(() => setDraft(stored), [stored])
  useEffect(() => {
    let wanted = true
    const timer = setTimeout(
      () =>
        post(`/assets/${thing.id}/flex/validate`, { [of]: draft }).then(
          (answer) => {
            if (!wanted) return
            setChecked((answer as { data: Checked }).data)
            setTrouble(null)
          },
          (error: unknown) => wanted && error instanceof Refusal && setTrouble(error),
        ),
      checked === null ? 0 : 350,
    )
    return () => {
      wanted = false
      clearTimeout(timer)
    }
  }, [text, thing.id])
  if (!fields.data) return <Pending error={fields.error} retry={fields.reload} />

  const nameOf = (id: number): string => {
    const sensor = sensors.data?.find((each) => each.id === id)
    if (!sensor) return t('asset.prop.sensor.id', { sensor: id })
    const asset = sensor.generic_asset_id === thing.id ? '' : tree?.find((line) => line.id === sensor.generic_asset_id)?.name
    return `${asset ? `${asset} · ` : ''}${sensor.name} (${sensor.unit})`
  }
  const problems = checked?.problems ?? []
  const problemOf = (name: string): string | undefined => {
    const told = problems.filter(({ field }) => field === name || field.startsWith(`${name}.`))
    return told.length === 0 ? undefined : told.map(({ message }) => said(message)).join(' ')
  }
  const general = problems.filter(({ field }) => !Object.keys(draft).some((name) => field === name || field.startsWith(`${name}.`)))
  const inherited = Object.entries(checked?.resolved ?? {}).filter(([name, { from }]) => from.asset !== thing.id && !(name in draft))
  const own = Object.keys(draft)
  const set = (name: string, value: unknown) => setDraft({ ...draft, [name]: value })
  const add = (name: string, value?: unknown) => {
    const field = mine.find((each) => each.name === name)
    if (!field) return
    set(name, value ?? firstValue(field, formsOf(field)[0]!, sensors.data?.[0]?.id))
  }
  const addable = mine.filter((field) => !field.deprecated && !own.includes(field.name))
  const save = () => patch(`/api/v3_0/assets/${thing.id}`, { [of === 'flex-model' ? 'flex_model' : 'flex_context']: text })
  return (
    <form
      class="form"
      onSubmit={async (event) => {
        event.preventDefault()
        if (await sending.send(save, t('form.saved'))) onChange()
      }}
    >
      {own.length === 0 && inherited.length === 0 && (
        <p class="muted">{t(of === 'flex-model' ? 'flex.model.none' : 'flex.context.none')}</p>
      )}
      <ul class="plain flex-fields">
        {own.map((name) => {
          const field = mine.find((each) => each.name === name) ?? unknownField(name, of)
          return (
            <Row
              key={name}
              field={field}
              value={draft[name]}
              error={problemOf(name)}
              sensors={sensors.data ?? []}
              nameOf={nameOf}
              may={may}
              onChange={(value) => set(name, value)}
              onRemove={() => setDraft(Object.fromEntries(Object.entries(draft).filter(([each]) => each !== name)))}
            />
          )
        })}
        {inherited.map(([name, { value, from }]) => (
          <li key={name} class="flex-field flex-inherited">
            <div class="flex-head">
              <span class="strong">{name}</span>
              <span class="rung">
                {t('flex.inherited')} <a href={`/ops/assets/${from.asset}?tab=properties`}>{from.name}</a>
              </span>
            </div>
            <p class="break">{shortValue(value, nameOf)}</p>
            {may && mine.some((field) => field.name === name) && (
              <button type="button" class="button" onClick={() => add(name, value)}>
                {t('flex.override', { name })}
              </button>
            )}
          </li>
        ))}
      </ul>
      {general.length > 0 && (
        <ul class="plain field-error">
          {general.map(({ field, message }) => (
            <li key={field + message}>
              {field && <b>{field}: </b>}
              {said(message)}
            </li>
          ))}
        </ul>
      )}
      {trouble && <Failure error={trouble} />}
      {may && (
        <>
          <label class="field">
            <span class="strong">{t('flex.add')}</span>
            <select
              value=""
              onChange={(event) => {
                add(event.currentTarget.value)
                event.currentTarget.value = ''
              }}
            >
              <option value="">{t('flex.add.choose')}</option>
              {addable.map((field) => (
                <option key={field.name} value={field.name}>
                  {field.name}
                </option>
              ))}
            </select>
          </label>
          <p class="small" role="status">
            {problems.length > 0 ? (
              <span class="bad">
                <Icon name="alert" size={18} /> {t.count('flex.problems', problems.length)}
              </span>
            ) : changed ? (
              <span class="good">
                <Icon name="obeyed" size={18} /> {t('flex.good')}
              </span>
            ) : (
              ''
            )}
          </p>
          <Submit sending={sending} label={t('form.save')}>
            {changed && (
              <button type="button" class="button" onClick={() => setDraft(stored)}>
                {t('flex.undo')}
              </button>
            )}
          </Submit>
        </>
      )}
    </form>
  )
}

const unknownField = (name: string, of: FlexOf): FlexField => ({
  name,
  of,
  kind: 'unknown',
  description: '',
  stored: true,
  inherited: false,
  storedForms: [],
})

function Row({
  field,
  value,
  error,
  sensors,
  nameOf,
  may,
  onChange,
  onRemove,
}: {
  field: FlexField
  value: unknown
  error: string | undefined
  sensors: Sensor[]
  nameOf: (id: number) => string
  may: boolean
  onChange: (value: unknown) => void
  onRemove: () => void
}) {
  const { t, language } = useWords()
  const [form, setForm] = useState<Form>(() => formOf(field, value))
  const forms = formsOf(field)
  const id = `flex-${field.of}-${field.name}`
  const described = [`${id}-about`, error ? `${id}-error` : ''].filter(Boolean).join(' ')
  const input = { id, 'aria-describedby': described, ...(error ? { 'aria-invalid': 'true' as const } : {}) }
  if (!may)
    return (
      <li class="flex-field">
        <div class="flex-head">
          <span class="strong">{field.name}</span>
        </div>
        <p class="break">{shortValue(value, nameOf)}</p>
        <p class="muted small">{aboutField(field, language)}</p>
      </li>
    )
  return (
    <li class="flex-field">
      <div class="flex-head">
        <label class="strong" for={id}>
          {field.name}
        </label>
        {field.deprecated && <span class="rung">{t('flex.old', { name: field.deprecated })}</span>}
        <button type="button" class="button button-quiet" aria-label={t('flex.remove', { name: field.name })} onClick={onRemove}>
          <Icon name="refused" size={18} />
        </button>
      </div>
      <div class={forms.length > 1 ? 'flex-value' : ''}>
        {forms.length > 1 && (
          <select
            aria-label={t('flex.form.of', { name: field.name })}
            value={form}
            onChange={(event) => {
              const next = event.currentTarget.value as Form
              setForm(next)
              if (next !== 'json' && formOf(field, value) !== next) onChange(firstValue(field, next, sensors[0]?.id))
            }}
          >
            {forms.map((each) => (
              <option key={each} value={each}>
                {t.code('flex.form', each)}
              </option>
            ))}
          </select>
        )}
        <Value field={field} form={form} value={value} input={input} sensors={sensors} nameOf={nameOf} onChange={onChange} />
      </div>
      <p class="muted small" id={`${id}-about`}>
        {aboutField(field, language)}
        {field.default &&
          (language === 'en' || /^(true|false|\d|PT)/.test(field.default)) &&
          ` ${t('flex.default', { value: field.default })}`}
      </p>
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </li>
  )
}

function Value({
  field,
  form,
  value,
  input,
  sensors,
  nameOf,
  onChange,
}: {
  field: FlexField
  form: Form
  value: unknown
  input: { id: string; 'aria-describedby': string; 'aria-invalid'?: 'true' }
  sensors: Sensor[]
  nameOf: (id: number) => string
  onChange: (value: unknown) => void
}) {
  const { t } = useWords()
  if (form === 'flag')
    return (
      <select {...input} value={String(value)} onChange={(event) => onChange(event.currentTarget.value === 'true')}>
        <option value="true">{t('flex.yes')}</option>
        <option value="false">{t('flex.no')}</option>
      </select>
    )
  if (form === 'choice')
    return (
      <select {...input} value={String(value)} onChange={(event) => onChange(event.currentTarget.value)}>
        {field.choices?.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    )
  if (form === 'number')
    return (
      <input {...input} type="number" step="any" value={String(value)} onInput={(event) => onChange(event.currentTarget.valueAsNumber)} />
    )
  if (form === 'fixed')
    return (
      <input
        {...input}
        value={typeof value === 'object' ? '' : String(value)}
        placeholder={typeof field.example === 'string' ? field.example : ''}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    )
  if (form === 'sensor') {
    const id = (value as { sensor?: number } | null)?.sensor ?? 0
    return <SensorSelect input={input} sensors={sensors} nameOf={nameOf} value={id} onChange={(sensor) => onChange({ sensor })} />
  }
  if (form === 'sensors') {
    const list = Array.isArray(value) ? (value as { sensor: number }[]) : []
    return (
      <div class="form">
        <ul class="plain chips">
          {list.map(({ sensor }) => (
            <li key={sensor} class="chip editor-chip">
              {nameOf(sensor)}
              <button
                type="button"
                class="chip-remove"
                aria-label={t('graph.remove', { name: nameOf(sensor) })}
                onClick={() => onChange(list.filter((each) => each.sensor !== sensor))}
              >
                <Icon name="refused" size={16} />
              </button>
            </li>
          ))}
        </ul>
        <select
          {...input}
          value=""
          onChange={(event) => {
            const sensor = Number(event.currentTarget.value)
            event.currentTarget.value = ''
            if (sensor > 0) onChange([...list, { sensor }])
          }}
        >
          <option value="">{t('graph.add.choose')}</option>
          {sensors
            .filter(({ id }) => !list.some((each) => each.sensor === id))
            .map(({ id }) => (
              <option key={id} value={id}>
                {nameOf(id)}
              </option>
            ))}
        </select>
      </div>
    )
  }
  return <JsonValue input={input} value={value} onChange={onChange} />
}

const MOST_OPTIONS = 600

/** A list to choose from; with very many sensors, or one that is not among them, its number. */
function SensorSelect({
  input,
  sensors,
  nameOf,
  value,
  onChange,
}: {
  input: { id: string; 'aria-describedby': string; 'aria-invalid'?: 'true' }
  sensors: Sensor[]
  nameOf: (id: number) => string
  value: number
  onChange: (id: number) => void
}) {
  const { t } = useWords()
  if (sensors.length > MOST_OPTIONS)
    return (
      <input
        {...input}
        inputMode="numeric"
        placeholder={t('flex.sensor.number')}
        value={value || ''}
        onInput={(event) => onChange(Number(event.currentTarget.value) || 0)}
      />
    )
  return (
    <select {...input} value={value} onChange={(event) => onChange(Number(event.currentTarget.value))}>
      {!sensors.some(({ id }) => id === value) && <option value={value}>{value > 0 ? nameOf(value) : t('form.choose')}</option>}
      {sensors.map(({ id }) => (
        <option key={id} value={id}>
          {nameOf(id)}
        </option>
      ))}
    </select>
  )
}

function JsonValue({
  input,
  value,
  onChange,
}: {
  input: { id: string; 'aria-describedby': string; 'aria-invalid'?: 'true' }
  value: unknown
  onChange: (value: unknown) => void
}) {
  const { t } = useWords()
  const [text, setText] = useState(() => JSON.stringify(value, null, 2))
  const [fault, setFault] = useState('')
  return (
    <div>
      <textarea
        {...input}
        rows={Math.min(12, text.split('\n').length + 1)}
        spellcheck={false}
        value={text}
        onInput={(event) => {
          const next = event.currentTarget.value
          setText(next)
          try {
            onChange(JSON.parse(next))
            setFault('')
          } catch (error) {
            setFault(t('json.wrong', { why: error instanceof Error ? error.message : '' }))
          }
        }}
      />
      {fault && (
        <p class="field-error" role="alert">
          {fault}
        </p>
      )}
    </div>
  )
}
