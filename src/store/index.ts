export type { Queryable, Row, Store } from './store.ts'
