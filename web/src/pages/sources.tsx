/** Where values come from: every data source one may see, by type, with models and versions. */
import '../style/things.css'
import { platformNow } from '../live.ts'
import { Chips } from '../parts/chips.tsx'
import { Search } from '../parts/search.tsx'
import { Empty, Pending, Stale } from '../parts/state.tsx'
import { useWhole } from '../resource.ts'
import { type PageProps, refine } from '../route.ts'
import { useWords } from '../words.ts'

interface Source {
  id: number
  name: string
  type: string
  description: string
  model?: string
  version?: string
  account_id?: number
  user_id?: number
}
interface Sources {
  types: string[]
  sources: Source[]
}

const PAGE = 50

export function SourcesPage({ route }: PageProps) {
  const { t } = useWords()
  const { q = '', type = '', versions = '' } = route.query
  const minute = Math.floor(platformNow() / 60_000)
  const { data, error, reload } = useWhole<Sources>(`/api/v3_0/sources?only-latest=${versions !== 'all'}`, minute)
  const types = data?.types.filter((each) => data.sources.some((source) => source.type === each)) ?? []
  const words = q.toLowerCase()
  const found = data?.sources
    .filter(
      (source) =>
        (type === '' || source.type === type) && `${source.id} ${source.description} ${source.name}`.toLowerCase().includes(words),
    )
    .sort((a, b) => a.type.localeCompare(b.type) || a.name.localeCompare(b.name) || a.id - b.id)
  const shown = Math.max(PAGE, Number(route.query['rows']) || 0)
  return (
    <div class="page">
      <h1>{t('sources.title')}</h1>
      <section class="card" aria-label={t('sources.title')}>
        <div class="filters">
          <Chips
            legend={t('sources.filter')}
            all={t('jobs.all')}
            choices={types.map((value) => ({ value, label: t.code('source.type', value) }))}
            chosen={type === '' ? undefined : type}
            onChoose={(chosen) => refine({ type: chosen, rows: undefined })}
          />
          <div class="row row-apart">
            <label class="choice">
              <input
                type="checkbox"
                checked={versions !== 'all'}
                onChange={(event) => refine({ versions: event.currentTarget.checked ? undefined : 'all' })}
              />
              <span>{t('graph.latest')}</span>
            </label>
            <Search label={t('table.search')} words={q} onWords={(words) => refine({ q: words, rows: undefined })} />
          </div>
        </div>
        {data && <Stale error={error} />}
        {!data || !found ? (
          <Pending error={error} retry={reload} />
        ) : data.sources.length === 0 ? (
          <Empty title={t('sources.empty')}>
            <p>{t('sources.empty.next')}</p>
          </Empty>
        ) : found.length === 0 ? (
          <p class="empty">{t('table.none')}</p>
        ) : (
          <>
            <p class="muted small" role="status">
              {t.count('sources.found', found.length)}
            </p>
            <table class="table">
              <caption class="unseen">{t('sources.caption')}</caption>
              <thead>
                <tr>
                  <th scope="col">{t('sources.name')}</th>
                  <th scope="col">{t('sources.type')}</th>
                  <th scope="col" class="wide">
                    {t('skill.model')}
                  </th>
                  <th scope="col" class="wide">
                    {t('sources.version')}
                  </th>
                  <th scope="col" class="number wide">
                    {t('sources.number')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {found.slice(0, shown).map((source) => (
                  <tr key={source.id}>
                    <th scope="row" class="break">
                      {source.user_id === undefined ? source.name : <a href={`/admin/users/${source.user_id}`}>{source.name}</a>}
                      {source.model && (
                        <span class="narrow muted small block">
                          {source.model} {source.version ? `v${source.version}` : ''}
                        </span>
                      )}
                    </th>
                    <td>{t.code('source.type', source.type)}</td>
                    <td class="wide break">{source.model ?? '–'}</td>
                    <td class="wide">{source.version ?? '–'}</td>
                    <td class="number wide">{source.id}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            {found.length > shown && (
              <button type="button" class="button" onClick={() => refine({ rows: String(shown + 4 * PAGE) })}>
                {t('thing.more', { n: found.length - shown })}
              </button>
            )}
          </>
        )}
      </section>
    </div>
  )
}
