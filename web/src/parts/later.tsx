/** A part of a page that is loaded when it is first shown. */
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useWords } from '../words.ts'
import { Loading } from './state.tsx'

/** Returns a component that loads the real one; a network that is away is said with a way to try again. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): (props: Props) => preact.JSX.Element {
  let known: ComponentType<Props> | undefined
  return function Later(props: Props) {
    const { t } = useWords()
    const [Shown, show] = useState<ComponentType<Props> | undefined>(() => known)
    const [failed, setFailed] = useState(false)
    useEffect(() => {
      let wanted = true
      if (!known)
        load().then(
          (part) => {
            known = part
            if (wanted) show(() => part)
          },
          () => wanted && setFailed(true),
        )
      return () => {
        wanted = false
      }
    }, [])
    if (failed)
      return (
        <div class="notice notice-alert" role="alert">
          <div>
            <p class="strong">{t('state.page')}</p>
            <button type="button" class="button" onClick={() => location.reload()}>
              {t('state.reload')}
            </button>
          </div>
        </div>
      )
    return Shown ? <Shown {...props} /> : <Loading />
  }
}
