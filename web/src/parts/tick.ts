/** Redraws a component from time to time, so that ages stay true; rests while the page is hidden. */
import { useEffect, useState } from 'preact/hooks'

export function useTick(every: number): number {
  const [at, setAt] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setAt(Date.now())
    }, every)
    return () => clearInterval(timer)
  }, [every])
  return at
}
