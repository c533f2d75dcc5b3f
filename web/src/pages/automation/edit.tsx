/** A window that renames and re-times an automation; what it makes stays as it is. */
import { useState } from 'preact/hooks'
import { patch } from '../../api.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { useWords } from '../../words.ts'
import { type Automation, cronOf, pathOf, whenOf } from './automation.ts'
import { WhenFields } from './when.tsx'

export function AutomationEdit({ one, onClose }: { one: Automation; onClose: (done: boolean) => void }) {
  const { t } = useWords()
  const sending = useSending()
  const [name, setName] = useState(one.name)
  const [when, setWhen] = useState(() => whenOf(one.cron))
  return (
    <Dialog title={t('auto.edit.title', { name: one.name })} onClose={() => onClose(false)}>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault()
          if (await sending.send(() => patch(pathOf(one), { name: name.trim(), cron: cronOf(when) }), t('form.saved'))) onClose(true)
        }}
      >
        <Field label={t('auto.name')} error={sending.of('name')}>
          {(input) => <input {...input} required maxLength={255} value={name} onInput={(event) => setName(event.currentTarget.value)} />}
        </Field>
        <WhenFields when={when} asset={one.asset} timezone={one.timezone} complaint={sending.of('cron')} onChange={setWhen} />
        <p class="muted small">{t('auto.edit.fixed')}</p>
        <Submit sending={sending} label={t('form.save')} />
      </form>
    </Dialog>
  )
}
