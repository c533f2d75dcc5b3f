/** Something read from the platform for a page: what is there, whether it is loading, and why it failed. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Refusal, read, readWhole } from './api.ts'

export interface Resource<T> {
  data: T | undefined
  error: Refusal | undefined
  loading: boolean
  /** The `version` that `data` was read at: moves when newer data is there, not when it is asked for. */
  read: string | number
  /** Reads again now. */
  reload(): void
}

/**
 * Reads `path` (null: nothing yet) now and whenever `version` moves. What was read stays on the screen while it is read again;
 * another path starts empty.
 */
export const useResource = <T>(path: string | null, version: string | number = 0): Resource<T> => useReading<T>(path, version, read)

/** The same for bodies that are not wrapped in `{data}`: lists and pages of the FlexMeasures API. */
export const useWhole = <T>(path: string | null, version: string | number = 0): Resource<T> => useReading<T>(path, version, readWhole)

type Read = <T>(path: string, signal?: AbortSignal) => Promise<T>

function useReading<T>(path: string | null, version: string | number, fetch: Read): Resource<T> {
  const [state, setState] = useState<{
    path: string | null
    data: T | undefined
    error: Refusal | undefined
    loading: boolean
    read: string | number
  }>({
    path: null,
    data: undefined,
    error: undefined,
    loading: true,
    read: version,
  })
  const [again, setAgain] = useState(0)
  const alive = useRef(true)
  useEffect(() => {
    alive.current = true
    return () => {
      alive.current = false
    }
  }, [])
  useEffect(() => {
    if (path === null) return
    const abort = new AbortController()
    setState((now) => ({ ...now, loading: true, ...(now.path === path ? {} : { path, error: undefined }) }))
    fetch<T>(path, abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setState({ path, data, error: undefined, loading: false, read: version })
      },
      (error: unknown) => {
        if (abort.signal.aborted || !alive.current) return
        const refusal = error instanceof Refusal ? error : new Refusal(String(error), 'bug', 0)
        setState((now) => ({ ...now, path, error: refusal, loading: false, data: refusal.status === 404 ? undefined : now.data }))
      },
    )
    return () => abort.abort()
  }, [path, version, again])
  return { data: state.data, error: state.error, loading: state.loading, read: state.read, reload: () => setAgain((n) => n + 1) }
}

export interface Gathering<T> {
  /** What was read last of each path; the picture before stays while it is read again. */
  data: ReadonlyMap<string, T>
  errors: Refusal[]
  loading: boolean
}

/** Reads several whole bodies at once, by a key each; one that fails does not keep the others away. */
export function useEach<T>(paths: ReadonlyMap<string, string>, version: string | number = 0): Gathering<T> {
  const [state, setState] = useState<Gathering<T>>({ data: new Map(), errors: [], loading: true })
  const asked = [...paths].map(([key, path]) => `${key} ${path}`).join('\n')
  useEffect(() => {
    const abort = new AbortController()
    setState((now) => ({ ...now, loading: paths.size > 0 }))
    const errors: Refusal[] = []
    void Promise.all(
      [...paths].map(async ([key, path]) => {
        try {
          return [key, await readWhole<T>(path, abort.signal)] as const
        } catch (error) {
          if (error instanceof Refusal) errors.push(error)
          return undefined
        }
      }),
    ).then((found) => {
      if (abort.signal.aborted) return
      setState({ data: new Map(found.filter((each) => each !== undefined)), errors, loading: false })
    })
    return () => abort.abort()
  }, [asked, version])
  return state
}
