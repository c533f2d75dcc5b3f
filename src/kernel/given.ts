/** One setting as somebody gave it. */
export interface Given {
  path: string[]
  value: unknown
  /** Name to tell people: `CARIFLEX_PORT`, `--port`, `cariflex.yaml:3:5`. */
  where: string
}
