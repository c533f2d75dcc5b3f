/** All assets as a list: the way in for keyboards, screen readers and people who know the name. */
import { useCell } from '../cell.ts'
import { assets, trouble } from '../live.ts'
import { AssetTable } from '../parts/asset-table.tsx'
import { Simulated } from '../parts/marks.tsx'
import { Empty, Failure, Loading } from '../parts/state.tsx'
import { type PageProps, refine } from '../route.ts'
import { useWords } from '../words.ts'

export function Assets({ route }: PageProps) {
  const { t } = useWords()
  const all = useCell(assets)
  const problem = useCell(trouble)
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('assets.title')}</h1>
        <Simulated on={all?.some((asset) => asset.live.simulated)} />
      </div>
      {!all ? (
        problem ? (
          <Failure error={problem} />
        ) : (
          <Loading />
        )
      ) : all.length === 0 ? (
        <Empty title={t('assets.empty')}>
          <p>{t('assets.empty.next')}</p>
        </Empty>
      ) : (
        <section class="card">
          <AssetTable assets={all} kind={route.query['kind']} onKind={(kind) => refine({ kind })} />
        </section>
      )}
    </div>
  )
}
