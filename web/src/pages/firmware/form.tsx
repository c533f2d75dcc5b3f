/** A new firmware campaign: which image, which stations, in which waves, from when, and when it stops by itself. */
import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import type { CampaignWhole, StationSurvey } from '../../charging-wire.ts'
import { momentOf } from '../../days.ts'
import { iso } from '../../format.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { useResource } from '../../resource.ts'
import { useWords } from '../../words.ts'

interface StationFile {
  id: number
  name: string
  direction: string
}
const WAVES: Record<string, number[]> = { careful: [0, 10], brisk: [0, 50], all: [] }

export function CampaignForm({ onClose }: { onClose: (made?: number) => void }) {
  const { t, zone } = useWords()
  const sending = useSending()
  const { data: files } = useResource<StationFile[]>('/charging/files')
  const { data: known } = useResource<StationSurvey>('/charging/stations?limit=1')
  const images = (files ?? []).filter(({ direction }) => direction === 'to-station')
  const [name, setName] = useState('')
  const [url, setUrl] = useState('')
  const [file, setFile] = useState('')
  const [upload, setUpload] = useState<File | null>(null)
  const [model, setModel] = useState('')
  const [running, setRunning] = useState('')
  const [stations, setStations] = useState('')
  const [waves, setWaves] = useState('careful')
  const [startsAt, setStartsAt] = useState('')
  const [installAt, setInstallAt] = useState('')
  const [failures, setFailures] = useState('1')
  const at = (text: string) => {
    const moment = momentOf(text, zone)
    return Number.isNaN(moment) ? undefined : iso(moment)
  }
  /** The image: an address, a file that is here, or one that is brought now. */
  const source = async (): Promise<{ url: string } | { file: number }> => {
    if (upload) return { file: await bring(upload) }
    return file ? { file: Number(file) } : { url: url.trim() }
  }
  const submit = async (event: Event) => {
    event.preventDefault()
    const named = stations.split(/[\s,;]+/).filter(Boolean)
    await sending.send(async () => {
      const { data } = (await post('/charging/firmware-campaigns', {
        name: name.trim(),
        firmware: { ...(await source()), ...(at(installAt) ? { installAt: at(installAt) } : {}) },
        ...(named.length > 0 ? { stations: named } : {}),
        ...(model || running.trim()
          ? { model: { ...(model ? { model } : {}), ...(running.trim() ? { firmware: running.trim() } : {}) } }
          : {}),
        shares: WAVES[waves],
        ...(at(startsAt) ? { startsAt: at(startsAt) } : {}),
        mostFailures: Number(failures),
      })) as { data: CampaignWhole }
      onClose(data.id)
    }, t('firmware.begun'))
  }
  return (
    <Dialog title={t('firmware.new')} onClose={() => onClose()}>
      <form class="form" onSubmit={submit}>
        <Field label={t('firmware.name')}>
          {(input) => <input {...input} required maxLength={120} value={name} onInput={(event) => setName(event.currentTarget.value)} />}
        </Field>
        <fieldset class="schema-part">
          <legend>{t('firmware.image')}</legend>
          <Field label={t('firmware.upload')}>
            {(input) => <input {...input} type="file" onChange={(event) => setUpload(event.currentTarget.files?.[0] ?? null)} />}
          </Field>
          {images.length > 0 && (
            <Field label={t('firmware.kept')}>
              {(input) => (
                <select {...input} value={file} disabled={upload !== null} onChange={(event) => setFile(event.currentTarget.value)}>
                  <option value="">–</option>
                  {images.map((one) => (
                    <option key={one.id} value={one.id}>
                      {one.name} (n° {one.id})
                    </option>
                  ))}
                </select>
              )}
            </Field>
          )}
          <Field label={t('firmware.url')}>
            {(input) => (
              <input
                {...input}
                type="url"
                maxLength={512}
                required={!upload && !file}
                disabled={upload !== null || file !== ''}
                value={url}
                onInput={(event) => setUrl(event.currentTarget.value)}
              />
            )}
          </Field>
        </fieldset>
        <fieldset class="schema-part">
          <legend>{t('firmware.stations')}</legend>
          <Field label={t('stations.model')}>
            {(input) => (
              <select {...input} value={model} onChange={(event) => setModel(event.currentTarget.value)}>
                <option value="">–</option>
                {(known?.models ?? []).map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </select>
            )}
          </Field>
          <Field label={t('firmware.running')} hint={t('firmware.running.hint')}>
            {(input) => <input {...input} maxLength={50} value={running} onInput={(event) => setRunning(event.currentTarget.value)} />}
          </Field>
          <Field label={t('firmware.named')} hint={t('firmware.named.hint')}>
            {(input) => (
              <textarea
                {...input}
                rows={2}
                required={!model && !running.trim()}
                value={stations}
                onInput={(event) => setStations(event.currentTarget.value)}
              />
            )}
          </Field>
        </fieldset>
        <Field label={t('firmware.waves')} hint={t('firmware.waves.hint')}>
          {(input) => (
            <select {...input} value={waves} onChange={(event) => setWaves(event.currentTarget.value)}>
              {Object.keys(WAVES).map((one) => (
                <option key={one} value={one}>
                  {t.code('firmware.waves', one)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t('firmware.failures')} hint={t('firmware.failures.hint')}>
          {(input) => (
            <input
              {...input}
              type="number"
              min={1}
              max={20000}
              value={failures}
              onInput={(event) => setFailures(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={t('firmware.starts')} hint={t('firmware.starts.hint')}>
          {(input) => (
            <input {...input} type="datetime-local" value={startsAt} onInput={(event) => setStartsAt(event.currentTarget.value)} />
          )}
        </Field>
        <Field label={t('firmware.installs')}>
          {(input) => (
            <input {...input} type="datetime-local" value={installAt} onInput={(event) => setInstallAt(event.currentTarget.value)} />
          )}
        </Field>
        <Submit sending={sending} label={t('firmware.begin')} />
      </form>
    </Dialog>
  )
}

/** Brings a file to the platform, from which stations fetch it; resolves to its number. */
async function bring(image: File): Promise<number> {
  const { data } = (await post(`/charging/files?name=${encodeURIComponent(image.name)}`, image)) as { data: { id: number } }
  return data.id
}
