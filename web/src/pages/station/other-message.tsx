/** Any message that a station of its version may be sent, as a form made from its schema; who knows better writes the JSON. */
import { useEffect, useState } from 'preact/hooks'
import { Chips } from '../../parts/chips.tsx'
import { blank, type Json, type JsonObject, type JsonSchema } from '../../parts/schema.ts'
import { SchemaFields } from '../../parts/schema-form.tsx'
import { Pending } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { useWords } from '../../words.ts'
import { COMMON, exampleOf, messagesOf, versionOf } from './messages.ts'

const write = (value: unknown) => JSON.stringify(value, null, 2)
const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

export function OtherMessage({
  version,
  busy,
  onSend,
}: {
  version: string | null | undefined
  busy: boolean
  onSend: (action: string, body: unknown) => void
}) {
  const { t } = useWords()
  const offered = messagesOf(version)
  const common = offered.filter((each) => COMMON.has(each))
  const [action, setAction] = useState(common[0] ?? offered[0]!)
  const [how, setHow] = useState<'form' | 'json'>('form')
  const [value, setValue] = useState<JsonObject>({})
  const [text, setText] = useState('')
  const [fault, setFault] = useState('')
  const { data: schema, error, reload } = useResource<JsonSchema>(`/charging/messages/${versionOf(version)}/${action}`)
  useEffect(() => {
    if (!schema) return
    const example = exampleOf(version, action) as JsonObject
    const body = { ...(blank(schema, schema) as JsonObject), ...example }
    setValue(body)
    setText(write(body))
    setFault('')
  }, [schema, action])
  const turn = (next: 'form' | 'json') => {
    if (next === 'json') setText(write(value))
    else {
      const read = parsed(text)
      if (!isObject(read)) return setFault(t('command.fault.json'))
      setValue(read)
    }
    setFault('')
    setHow(next)
  }
  const submit = (event: Event) => {
    event.preventDefault()
    const body = how === 'form' ? value : parsed(text)
    if (!isObject(body)) return setFault(t('command.fault.json'))
    setFault('')
    onSend(action, body)
  }
  return (
    <form class="form" onSubmit={submit}>
      <label class="field">
        <span>{t('command.action')}</span>
        <select value={action} onChange={(event) => setAction(event.currentTarget.value)}>
          <optgroup label={t('command.common')}>
            {common.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </optgroup>
          <optgroup label={t('command.rest')}>
            {offered
              .filter((each) => !COMMON.has(each))
              .map((each) => (
                <option key={each}>{each}</option>
              ))}
          </optgroup>
        </select>
      </label>
      <Chips<'form' | 'json'>
        legend={t('command.how')}
        chosen={how}
        onChoose={(chosen) => chosen && turn(chosen)}
        choices={[
          { value: 'form', label: t('command.form') },
          { value: 'json', label: 'JSON' },
        ]}
      />
      {!schema ? (
        <Pending error={error} retry={reload} />
      ) : how === 'json' ? (
        <label class="field">
          <span>{t('command.payload')}</span>
          <textarea
            rows={7}
            spellcheck={false}
            value={text}
            aria-describedby={fault ? 'message-fault' : undefined}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
      ) : Object.keys(schema.properties ?? {}).some((name) => name !== 'customData') ? (
        <SchemaFields root={schema} schema={schema} value={value} onChange={setValue} />
      ) : (
        <p class="muted">{t('command.empty')}</p>
      )}
      {fault && (
        <p class="field-error" id="message-fault" role="alert">
          {fault}
        </p>
      )}
      <div class="buttons">
        <button type="submit" class="button button-main" disabled={busy || !schema}>
          {t('command.send')}
        </button>
      </div>
    </form>
  )
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
