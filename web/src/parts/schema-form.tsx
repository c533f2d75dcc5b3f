/** A form made from a JSON schema: what must be there is open, what may be there is folded away; lists grow and shrink. */
import { useWords } from '../words.ts'
import { Field } from './form.tsx'
import { blank, fieldsOf, hintOf, type Json, type JsonObject, type JsonSchema, meant } from './schema.ts'

interface Place {
  root: JsonSchema
  schema: JsonSchema
  name: string
  must: boolean
}
interface Props extends Place {
  value: Json | undefined
  /** undefined: the field is left out. */
  onChange: (value: Json | undefined) => void
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The fields of an object, without a frame around them. */
export function SchemaFields({
  root,
  schema,
  value,
  onChange,
}: {
  root: JsonSchema
  schema: JsonSchema
  value: JsonObject
  onChange: (value: JsonObject) => void
}) {
  const { t } = useWords()
  const fields = fieldsOf(schema)
  const set = (name: string, given: Json | undefined) => {
    const { [name]: _old, ...rest } = value
    onChange(given === undefined ? rest : { ...rest, [name]: given })
  }
  const draw = ({ name, schema: field, must }: (typeof fields)[number]) => (
    <SchemaField key={name} root={root} schema={field} name={name} must={must} value={value[name]} onChange={(given) => set(name, given)} />
  )
  const [must, may] = [fields.filter((one) => one.must), fields.filter((one) => !one.must)]
  return (
    <>
      {must.map(draw)}
      {may.length > 0 && (
        <details class="fold" open={may.some(({ name }) => value[name] !== undefined) || must.length === 0}>
          <summary>{t('schema.optional', { n: may.length })}</summary>
          <div class="form">{may.map(draw)}</div>
        </details>
      )}
    </>
  )
}

function SchemaField({ root, schema: given, name, must, value, onChange }: Props) {
  const { t } = useWords()
  const schema = meant(root, given)
  const label = must ? name : t('schema.may', { name })
  const hint = hintOf(schema) || undefined
  if (schema.type === 'array') return <List {...{ root, schema, name, must, value, onChange }} />
  if (schema.properties || schema.type === 'object')
    return (
      <fieldset class="schema-part">
        <legend>{label}</legend>
        {hint && <p class="muted small">{hint}</p>}
        {isObject(value) ? (
          <>
            <SchemaFields root={root} schema={schema} value={value} onChange={onChange} />
            {!must && (
              <button type="button" class="button button-quiet" onClick={() => onChange(undefined)}>
                {t('schema.drop', { name })}
              </button>
            )}
          </>
        ) : (
          <button type="button" class="button" onClick={() => onChange(blank(root, schema) ?? {})}>
            {t('schema.add', { name })}
          </button>
        )}
      </fieldset>
    )
  if (schema.enum || schema.type === 'boolean') {
    const choices = schema.enum ?? ['true', 'false']
    const said = (text: string): Json | undefined => (text === '' ? undefined : schema.enum ? text : text === 'true')
    return (
      <Field label={label} hint={hint}>
        {(input) => (
          <select
            {...input}
            required={must}
            value={value === undefined ? '' : String(value)}
            onChange={(event) => onChange(said(event.currentTarget.value))}
          >
            <option value="">–</option>
            {choices.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
      </Field>
    )
  }
  const isNumber = schema.type === 'integer' || schema.type === 'number'
  return (
    <Field label={label} hint={[hint, schema.format === 'date-time' ? t('schema.moment') : ''].filter(Boolean).join(' ') || undefined}>
      {(input) => (
        <input
          {...input}
          required={must}
          {...(isNumber ? { type: 'number', step: schema.type === 'integer' ? 1 : 'any', min: schema.minimum, max: schema.maximum } : {})}
          {...(schema.maxLength === undefined ? {} : { maxLength: schema.maxLength })}
          value={value === undefined ? '' : String(value)}
          onInput={({ currentTarget: { value: text } }) => onChange(text === '' ? undefined : isNumber ? Number(text) : text)}
        />
      )}
    </Field>
  )
}

function List({ root, schema, name, must, value, onChange }: Props) {
  const { t } = useWords()
  const items = Array.isArray(value) ? value : []
  const item = schema.items ?? {}
  const put = (next: Json[]) => onChange(next.length === 0 && !must ? undefined : next)
  return (
    <fieldset class="schema-part">
      <legend>{must ? name : t('schema.may', { name })}</legend>
      {items.map((each, index) => (
        <div key={index} class="schema-item">
          <SchemaField
            root={root}
            schema={item}
            name={`${name} ${index + 1}`}
            must={true}
            value={each}
            onChange={(given) => put(items.map((old, at) => (at === index ? (given ?? '') : old)))}
          />
          <button type="button" class="button button-quiet" onClick={() => put(items.filter((_, at) => at !== index))}>
            {t('schema.drop', { name: `${name} ${index + 1}` })}
          </button>
        </div>
      ))}
      {items.length < (schema.maxItems ?? 1000) && (
        <button type="button" class="button" onClick={() => put([...items, blank(root, item) ?? ''])}>
          {t('schema.add', { name })}
        </button>
      )}
    </fieldset>
  )
}
