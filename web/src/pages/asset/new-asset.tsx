/** A window that asks for a new asset: name, type, where it belongs and where it stands. */
import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { useCell } from '../../cell.ts'
import { session } from '../../live.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { later } from '../../parts/later.tsx'
import { useWhole } from '../../resource.ts'
import { go } from '../../route.ts'
import { type AssetType, foundsAssets, mayOn, type Thing } from '../../things.ts'
import { readTree, useTree } from '../../tree.ts'
import { useWords } from '../../words.ts'

const Place = later(async () => (await import('../../map/place-map.tsx')).PlaceMap)

export function NewAsset({ parent: given, onClose }: { parent?: number; onClose: () => void }) {
  const { t } = useWords()
  const who = useCell(session)
  const types = useWhole<AssetType[]>('/api/v3_0/assets/types')
  const accounts = useWhole<{ id: number; name: string }[]>('/api/v3_0/accounts')
  const tree = useCell(useTree()) ?? []
  const sending = useSending()
  const [body, setBody] = useState({ name: '', type: '', parent: given === undefined ? '' : String(given), account: '', description: '' })
  const [place, setPlace] = useState({ latitude: '', longitude: '' })
  if (who.state !== 'in') return null
  const { user } = who
  const parents = tree.filter((line) => mayOn(user, line.account_id).add)
  const account = body.account || String(user.account.id)
  const set = (change: Partial<typeof body>) => setBody({ ...body, ...change })
  const degrees = (text: string): number | null => (text.trim() === '' ? null : Number(text.replace(',', '.')))
  const shown = (text: string): number | null => {
    const value = degrees(text)
    return value === null || Number.isNaN(value) ? null : value
  }
  const create = async () => {
    const parent = tree.find(({ id }) => String(id) === body.parent)
    const made = (await post('/api/v3_0/assets', {
      name: body.name.trim(),
      generic_asset_type_id: Number(body.type),
      account_id: parent ? parent.account_id : Number(account),
      ...(parent && { parent_asset_id: parent.id }),
      ...(body.description.trim() && { description: body.description.trim() }),
      ...(place.latitude.trim() && { latitude: degrees(place.latitude) }),
      ...(place.longitude.trim() && { longitude: degrees(place.longitude) }),
    })) as Thing
    await readTree()
    onClose()
    go(`/ops/assets/${made.id}?tab=context`)
  }
  return (
    <Dialog title={t('tree.new')} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          void sending.send(create, t('tree.new.done', { name: body.name }))
        }}
      >
        <Field label={t('thing.name')} error={sending.of('name')}>
          {(input) => (
            <input {...input} required maxLength={80} value={body.name} onInput={(event) => set({ name: event.currentTarget.value })} />
          )}
        </Field>
        <Field label={t('thing.type')} error={sending.of('generic_asset_type_id')}>
          {(input) => (
            <select {...input} required value={body.type} onChange={(event) => set({ type: event.currentTarget.value })}>
              <option value="">{t('form.choose')}</option>
              {types.data?.map((type) => (
                <option key={type.id} value={type.id}>
                  {t.code('type', type.name)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t('thing.parent')} error={sending.of('parent_asset_id')} hint={t('thing.parent.hint')}>
          {(input) => (
            <select
              {...input}
              required={!foundsAssets(user)}
              value={body.parent}
              onChange={(event) => set({ parent: event.currentTarget.value })}
            >
              {(foundsAssets(user) || body.parent === '') && <option value="">{t('thing.parent.none')}</option>}
              {parents.map((line) => (
                <option key={line.id} value={line.id}>
                  {line.name}
                </option>
              ))}
            </select>
          )}
        </Field>
        {body.parent === '' && (accounts.data?.length ?? 0) > 1 && (
          <Field label={t('thing.owner')} error={sending.of('account_id')}>
            {(input) => (
              <select {...input} value={account} onChange={(event) => set({ account: event.currentTarget.value })}>
                {accounts.data?.map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Field label={t('thing.description')} error={sending.of('description')}>
          {(input) => <input {...input} value={body.description} onInput={(event) => set({ description: event.currentTarget.value })} />}
        </Field>
        <fieldset class="pick">
          <legend class="strong">{t('thing.place')}</legend>
          <Place
            latitude={shown(place.latitude)}
            longitude={shown(place.longitude)}
            label={t('tree.pick')}
            onPick={(latitude, longitude) => setPlace({ latitude: String(latitude), longitude: String(longitude) })}
          />
          <p class="muted small">{t('tree.pick.hint')}</p>
          <div class="columns-2">
            <Field label={t('thing.latitude')} error={sending.of('latitude')}>
              {(input) => (
                <input
                  {...input}
                  inputMode="decimal"
                  value={place.latitude}
                  onInput={(event) => setPlace({ ...place, latitude: event.currentTarget.value })}
                />
              )}
            </Field>
            <Field label={t('thing.longitude')} error={sending.of('longitude')}>
              {(input) => (
                <input
                  {...input}
                  inputMode="decimal"
                  value={place.longitude}
                  onInput={(event) => setPlace({ ...place, longitude: event.currentTarget.value })}
                />
              )}
            </Field>
          </div>
        </fieldset>
        <Submit sending={sending} label={t('tree.new.do')} />
      </form>
    </Dialog>
  )
}
