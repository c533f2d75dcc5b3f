/** What one may do with a whole asset: put another below it, copy it, delete it with all below it. */
import { useState } from 'preact/hooks'
import { post, remove } from '../../api.ts'
import { useCell } from '../../cell.ts'
import { Confirm, Dialog } from '../../parts/dialog.tsx'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { useWhole } from '../../resource.ts'
import { address, go } from '../../route.ts'
import { mayOn, type Thing } from '../../things.ts'
import { offspring, readTree, useTree } from '../../tree.ts'
import type { User } from '../../wire.ts'
import { useWords } from '../../words.ts'
import { NewAsset } from './new-asset.tsx'
import type { TabProps } from './tab.ts'

export function AssetActions({ thing, may, user }: TabProps) {
  const { t } = useWords()
  const [open, setOpen] = useState<'child' | 'copy' | 'remove' | null>(null)
  const close = () => setOpen(null)
  return (
    <section class="card" aria-labelledby="asset-actions">
      <h2 id="asset-actions">{t('thing.actions')}</h2>
      <div class="buttons">
        {may.add && (
          <button type="button" class="button" onClick={() => setOpen('child')}>
            {t('thing.child')}
          </button>
        )}
        {may.add && (
          <button type="button" class="button" onClick={() => setOpen('copy')}>
            {t('thing.copy')}
          </button>
        )}
        {may.remove && (
          <button type="button" class="button" onClick={() => setOpen('remove')}>
            {t('thing.remove')}
          </button>
        )}
      </div>
      {open === 'child' && <NewAsset parent={thing.id} onClose={close} />}
      {open === 'copy' && <Copy thing={thing} user={user} onClose={close} />}
      {open === 'remove' && <RemoveAsset thing={thing} onClose={close} />}
    </section>
  )
}

function Copy({ thing, user, onClose }: { thing: Thing; user: User; onClose: () => void }) {
  const { t } = useWords()
  const tree = useCell(useTree()) ?? []
  const sending = useSending()
  const [parent, setParent] = useState('')
  const below = new Set([thing.id, ...offspring(tree, thing.id).map(({ id }) => id)])
  const copy = async () => {
    const made = (await post(address(`/api/v3_0/assets/${thing.id}/copy`, { parent }), {})) as { asset: number }
    await readTree()
    onClose()
    go(`/ops/assets/${made.asset}?tab=context`)
  }
  return (
    <Dialog title={t('thing.copy.title', { name: thing.name })} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          void sending.send(copy, t('thing.copy.done', { name: thing.name }))
        }}
      >
        <p>{t('thing.copy.what', { n: below.size })}</p>
        <Field label={t('thing.copy.where')} error={sending.of('parent')}>
          {(input) => (
            <select {...input} value={parent} onChange={(event) => setParent(event.currentTarget.value)}>
              <option value="">{t('thing.copy.beside')}</option>
              {tree
                .filter((line) => !below.has(line.id) && mayOn(user, line.account_id).add)
                .map((line) => (
                  <option key={line.id} value={line.id}>
                    {t('thing.copy.under', { name: line.name })}
                  </option>
                ))}
            </select>
          )}
        </Field>
        <Submit sending={sending} label={t('thing.copy')} />
      </form>
    </Dialog>
  )
}

/** Says what goes with it, and wants its name typed when that is more than the asset itself. */
function RemoveAsset({ thing, onClose }: { thing: Thing; onClose: () => void }) {
  const { t } = useWords()
  const tree = useCell(useTree()) ?? []
  const below = offspring(tree, thing.id)
  const sensors = useWhole<{ 'filtered-records'?: number; data?: unknown[] } | unknown[]>(
    `/api/v3_0/sensors?asset=${thing.id}&page=1&per-page=1`,
  )
  const counted = sensors.data && !Array.isArray(sensors.data) ? (sensors.data['filtered-records'] ?? 0) : thing.sensors.length
  return (
    <Confirm
      title={t('thing.remove.title', { name: thing.name })}
      label={t('thing.remove')}
      done={t('thing.remove.done', { name: thing.name })}
      act={() => remove(`/api/v3_0/assets/${thing.id}`)}
      onClose={(done) => {
        onClose()
        if (!done) return
        void readTree()
        go(thing.parent_asset_id === null ? '/ops/assets' : `/ops/assets/${thing.parent_asset_id}?tab=context`)
      }}
    >
      <p>{t('thing.remove.what')}</p>
      <ul>
        <li>{t.count('thing.remove.sensors', counted)}</li>
        {below.length > 0 && (
          <li>
            {t.count('thing.remove.assets', below.length)}{' '}
            {below
              .slice(0, 6)
              .map(({ name }) => name)
              .join(', ')}
            {below.length > 6 ? '…' : ''}
          </li>
        )}
        <li>{t('thing.remove.references')}</li>
      </ul>
      <p class="strong">{t('thing.remove.forever')}</p>
    </Confirm>
  )
}
