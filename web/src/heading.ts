/** Title in the tab of the browser, when a page knows better than the menu. */
import { useEffect } from 'preact/hooks'
import { cell } from './cell.ts'

export const heading = cell('')

export function useHeading(title: string | undefined): void {
  useEffect(() => {
    if (title) heading.set(title)
  }, [title])
}
