/** What FlexMeasures 1.0.1 itself was measured to do on two shared cores (reference/flexmeasures.md, section 10). */
export const FLEXMEASURES = {
  /** Beliefs a second, by values a call. */
  ingest: { 1: 15, 96: 1755, 10000: 3320 },
  /** Re-posting 96 known values on a sensor with 51,000 beliefs, ms. */
  repost96: 1000,
  /** GET data of 96 values, requests a second, by clients. */
  read96: { 1: 39, 4: 71 },
  /** GET data of a week of 5-minute values, ms, at best. */
  readWeek: 120,
} as const

/** '×123' against theirs; `wanted` = the least that is aimed at. */
export const times = (ours: number, theirs: number, wanted?: number): string =>
  `×${(ours / theirs).toFixed(ours / theirs < 10 ? 1 : 0)} of FlexMeasures' ${theirs.toLocaleString('en')}${wanted === undefined ? '' : ` (wanted ≥ ×${wanted})`}`
