/** The way down to an asset: every asset above it as a link. */
import { useCell } from '../../cell.ts'
import { ancestors, useTree } from '../../tree.ts'
import { useWords } from '../../words.ts'

export function Crumbs({ thing, sensor }: { thing: { id: number; name: string }; sensor?: string }) {
  const { t } = useWords()
  const tree = useCell(useTree())
  const above = tree ? ancestors(tree, thing.id) : []
  return (
    <nav class="crumbs" aria-label={t('thing.crumbs')}>
      <ol class="plain">
        <li>
          <a href="/ops/assets">{t('nav.assets')}</a>
        </li>
        {above.map((each) => (
          <li key={each.id}>
            <a href={`/ops/assets/${each.id}?tab=context`}>{each.name}</a>
          </li>
        ))}
        {sensor ? (
          <>
            <li>
              <a href={`/ops/assets/${thing.id}?tab=context`}>{thing.name}</a>
            </li>
            <li aria-current="page">{sensor}</li>
          </>
        ) : (
          <li aria-current="page">{thing.name}</li>
        )}
      </ol>
    </nav>
  )
}
