/** What was believed at an earlier moment: a slider over the window, played like a film. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { iso } from '../format.ts'
import { refine } from '../route.ts'
import { useWords } from '../words.ts'

const STEPS = 96
const PAUSE = 500

/** `at` is the moment of belief in the address, null for now; `loading` keeps the film from running ahead of its pictures. */
export function Replay({ from, until, at, loading }: { from: number; until: number; at: number | null; loading: boolean }) {
  const { t, f } = useWords()
  const step = Math.max(60_000, Math.round((until - from) / STEPS / 60_000) * 60_000)
  const steps = Math.max(1, Math.round((until - from) / step))
  const [draft, setDraft] = useState<number | null>(null)
  const [playing, setPlaying] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const stored = at === null ? steps : Math.min(steps, Math.max(0, Math.round((at - from) / step)))
  const shown = draft ?? stored
  const text = shown >= steps ? t('belief.now') : t('belief.at', { time: f.moment(from + shown * step) })
  const settle = (value: number) => refine({ at: value >= steps ? undefined : iso(from + value * step) })
  const move = (value: number) => {
    setDraft(value)
    setPlaying(false)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      settle(value)
      setDraft(null)
    }, 180)
  }
  useEffect(() => {
    if (!playing || loading) return
    if (stored >= steps) return setPlaying(false)
    const next = setTimeout(() => settle(stored + 1), PAUSE)
    return () => clearTimeout(next)
  }, [playing, loading, stored, steps])
  return (
    <div class="belief">
      <label class="field">
        <span>
          {t('belief.label')} <b class="belief-text">{text}</b>
          {loading && at !== null && <span class="spinner" aria-hidden="true" />}
        </span>
        <input
          type="range"
          min={0}
          max={steps}
          step={1}
          value={shown}
          aria-valuetext={text}
          onInput={(event) => move(Number(event.currentTarget.value))}
        />
      </label>
      <button
        type="button"
        class="button"
        onClick={() => {
          if (!playing && stored >= steps) settle(0)
          setPlaying(!playing)
        }}
      >
        {t(playing ? 'replay.pause' : 'replay.play')}
      </button>
      {at !== null && (
        <button
          type="button"
          class="button"
          onClick={() => {
            setPlaying(false)
            refine({ at: undefined })
          }}
        >
          {t('belief.back')}
        </button>
      )}
    </div>
  )
}
