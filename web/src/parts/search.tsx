/** A field to find things by words; with `wait` the words are told when the typing rests so long (ms). */
import { useEffect, useState } from 'preact/hooks'

export function Search({
  label,
  words,
  onWords,
  wait = 0,
}: {
  label: string
  words: string
  onWords: (words: string) => void
  wait?: number
}) {
  const [typed, setTyped] = useState(words)
  useEffect(() => {
    if (typed === words) return
    if (wait === 0) return onWords(typed)
    const timer = setTimeout(() => onWords(typed), wait)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <label class="field field-inline search">
      <span class="unseen">{label}</span>
      <input type="search" placeholder={label} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
    </label>
  )
}
