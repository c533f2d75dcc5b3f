/** The device model of a station: searched, each value with what it was before; asked anew, and set where it may be. */
import { useState } from 'preact/hooks'
import { call, post } from '../../api.ts'
import type { Variable } from '../../charging-wire.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { Search } from '../../parts/search.tsx'
import { Failure, Pending, Stale } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { address, refine } from '../../route.ts'
import { useWords } from '../../words.ts'
import { nameOf, pathOf } from './variable-path.ts'

const MOST = 100

interface Props {
  station: string
  may: boolean
  search: string
  chosen: string | undefined
}

export function Variables({ station, may, search, chosen }: Props) {
  const { t } = useWords()
  const [version, setVersion] = useState(0)
  const sending = useSending()
  const base = `/stations/${encodeURIComponent(station)}/variables`
  const { data, error, reload } = useResource<Variable[]>(address(base, { search }), version)
  const shown = data?.slice(0, MOST) ?? []
  const one = data?.find(({ key }) => key === chosen)
  return (
    <section class="card" aria-labelledby="variables">
      <h2 id="variables">{t('variables.title')}</h2>
      <div class="filters">
        <Search
          label={t('variables.search')}
          words={search}
          wait={300}
          onWords={(typed) => refine({ search: typed.trim() || undefined })}
        />
        {may && (
          <button
            type="button"
            class="button"
            disabled={sending.busy}
            onClick={async () => {
              if (await sending.send(() => post(`${base}/report`, { base: 'FullInventory' }), t('variables.reported')))
                setVersion(version + 1)
            }}
          >
            {sending.busy ? t('form.busy') : t('variables.report')}
          </button>
        )}
      </div>
      {sending.error && <Failure error={sending.error} />}
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.length === 0 ? (
        <p class="empty">{search ? t('talk.none', { word: search }) : t('variables.none')}</p>
      ) : (
        <table class="table">
          <caption>
            {data.length > MOST ? t('variables.first', { n: MOST, of: data.length }) : t.count('variables.count', data.length)}
          </caption>
          <thead>
            <tr>
              <th scope="col">{t('variables.name')}</th>
              <th scope="col">{t('variables.value')}</th>
              <th scope="col" class="wide">
                {t('variables.kind')}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((line) => (
              <tr key={line.key}>
                <th scope="row" class="break">
                  <button type="button" class="linklike" onClick={() => refine({ key: line.key })}>
                    {nameOf(line)}
                  </button>
                </th>
                <td class="break">{line.value === null ? '–' : [line.value, line.unit].filter(Boolean).join(' ')}</td>
                <td class="wide muted small">{[line.dataType, line.mutability].filter(Boolean).join(' · ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {one && (
        <OneVariable
          base={base}
          line={one}
          may={may && one.mutability !== 'ReadOnly' && pathOf(one).attribute === 'actual'}
          version={version}
          onSet={() => setVersion(version + 1)}
        />
      )}
    </section>
  )
}

interface OneProps {
  base: string
  line: Variable
  may: boolean
  version: number
  onSet: () => void
}

/** What it was before, and a new value. */
function OneVariable({ base, line, may, version, onSet }: OneProps) {
  const { t, f } = useWords()
  const sending = useSending()
  const [value, setValue] = useState(line.value ?? '')
  const [answer, setAnswer] = useState('')
  const { data, error, reload } = useResource<{ at: string; value: string; origin: string }[]>(
    address(`${base}/history`, { key: line.key }),
    version,
  )
  const choices =
    line.dataType === 'boolean' ? ['true', 'false'] : /List$/.test(line.dataType ?? '') ? (line.valuesList?.split(',') ?? []) : []
  return (
    <Dialog title={nameOf(line)} onClose={() => refine({ key: undefined })}>
      <div class="dialog-body">
        {may && (
          <form
            class="form"
            onSubmit={async (event) => {
              event.preventDefault()
              const { component, variable } = pathOf(line)
              const set = [{ component, variable, value }]
              const act = async () => {
                const { data: answers } = (await call('PATCH', base, { set })) as { data: { attributeStatus: string }[] }
                setAnswer(answers[0]?.attributeStatus ?? '')
              }
              if (await sending.send(act, t('variables.set.done'))) onSet()
            }}
          >
            <Field label={t('variables.new')} hint={line.unit ?? undefined}>
              {(input) =>
                choices.length > 0 && !/^(Member|Sequence)List$/.test(line.dataType ?? '') ? (
                  <select {...input} value={value} onChange={(event) => setValue(event.currentTarget.value)}>
                    {[...new Set([value, ...choices])].map((choice) => (
                      <option key={choice}>{choice}</option>
                    ))}
                  </select>
                ) : (
                  <input {...input} maxLength={1000} value={value} onInput={(event) => setValue(event.currentTarget.value)} />
                )
              }
            </Field>
            {answer && (
              <p role="status" class={answer === 'Accepted' ? 'good' : 'bad'}>
                {t('variables.set.said', { answer })}
              </p>
            )}
            <Submit sending={sending} label={t('variables.set')} />
          </form>
        )}
        <h3>{t('variables.history')}</h3>
        {!data ? (
          <Pending error={error} retry={reload} />
        ) : data.length === 0 ? (
          <p class="muted">{t('variables.history.none')}</p>
        ) : (
          <ul class="plain said">
            {data.map((was) => (
              <li key={`${was.at}${was.value}`}>
                <span class="muted">{f.moment(Date.parse(was.at))}</span> <b class="break">{was.value}</b>{' '}
                <span class="muted small">{t.code('variables.origin', was.origin)}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  )
}
