/** The log of one conversation: who said what when, searchable, each payload a tap away; older lines on demand. */
import { useEffect, useState } from 'preact/hooks'
import { Refusal, read } from '../../api.ts'
import { useCell } from '../../cell.ts'
import { platformNow, talks, versions } from '../../live.ts'
import { Empty, Failure, Pending, Stale } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { address, refine } from '../../route.ts'
import type { Utterance } from '../../wire.ts'
import { useWords } from '../../words.ts'

const PAGE = 30

function Talk({ line }: { line: Utterance }) {
  const { t, f } = useWords()
  const from = line.direction === 'in'
  const at = Date.parse(line.at)
  return (
    <li class={`talk talk-${line.direction}`}>
      <details>
        <summary>
          <span class="talk-time muted">{f.near(at, platformNow()).length > 5 ? f.moment(at) : f.clockSeconds(at)}</span>
          <span class="talk-way">
            <span aria-hidden="true">{from ? '◀' : '▶'}</span>
            <span class="unseen">{from ? t('talk.in') : t('talk.out')}</span>
          </span>
          <span class="talk-what">
            <b>{line.action ?? line.kind}</b> <span class="muted small">{line.kind}</span>
          </span>
          {line.took !== null && line.took !== undefined && <span class="muted small">{f.amount(line.took, 'ms', 0)}</span>}
        </summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
        <pre class="scroll" tabIndex={0}>
          {line.payload === undefined || line.payload === null ? t('talk.empty-payload') : JSON.stringify(line.payload, null, 2)}
        </pre>
      </details>
    </li>
  )
}

export function StationTalk({ identity, search }: { identity: string; search: string }) {
  const { t } = useWords()
  const seen = useCell(versions)
  const said = useCell(talks)[identity] ?? 0
  const [word, setWord] = useState(search)
  const [older, setOlder] = useState<Utterance[]>([])
  const [ended, setEnded] = useState(false)
  const [problem, setProblem] = useState<Refusal | undefined>()
  const base = `/stations/${encodeURIComponent(identity)}/conversation`
  const { data, error, reload } = useResource<Utterance[]>(address(base, { search, limit: String(PAGE) }), `${said}/${seen.caughtUp}`)
  useEffect(() => {
    setOlder([])
    setEnded(false)
  }, [search, identity])
  useEffect(() => {
    const timer = setTimeout(() => {
      if (word !== search) refine({ search: word })
    }, 300)
    return () => clearTimeout(timer)
  }, [word])
  const ids = new Set((data ?? []).map((line) => line.id))
  const lines = [...(data ?? []), ...older.filter((line) => !ids.has(line.id))]
  const more = async () => {
    const oldest = lines.at(-1)
    if (!oldest) return
    try {
      const next = await read<Utterance[]>(address(base, { search, limit: String(PAGE), before: String(oldest.id) }))
      setOlder((now) => [...now, ...next])
      setEnded(next.length < PAGE)
      setProblem(undefined)
    } catch (failure) {
      if (failure instanceof Refusal) setProblem(failure)
      else throw failure
    }
  }
  return (
    <section class="card station-talk" aria-labelledby="talk">
      <h2 id="talk">{t('talk.title')}</h2>
      <label class="field">
        <span>{t('talk.search')}</span>
        <input type="search" value={word} placeholder={t('talk.search.example')} onInput={(event) => setWord(event.currentTarget.value)} />
      </label>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : lines.length === 0 ? (
        <Empty title={search ? t('talk.none', { word: search }) : t('talk.empty')} />
      ) : (
        <>
          <ol class="plain talks">
            {lines.map((line) => (
              <Talk key={line.id} line={line} />
            ))}
          </ol>
          {problem && <Failure error={problem} />}
          {!ended && (data.length >= PAGE || older.length > 0) && (
            <button type="button" class="button" onClick={() => void more()}>
              {t('talk.more')}
            </button>
          )}
        </>
      )}
    </section>
  )
}
