/** Every asset one may read, as lines: the list, the breadcrumbs and the trees are made of it. Read once, again when something was changed. */
import { useEffect } from 'preact/hooks'
import { readWhole } from './api.ts'
import { type Cell, cell } from './cell.ts'
import { session } from './live.ts'
import { LINE_FIELDS, type ThingLine } from './things.ts'

const lines = cell<ThingLine[] | null>(null)
/** Why the list could not be read. */
export const treeTrouble = cell<unknown>(null)
let asked = false

// Another user sees other assets.
session.watch(() => {
  asked = false
  lines.set(null)
})

export async function readTree(): Promise<void> {
  asked = true
  try {
    lines.set(await readWhole<ThingLine[]>(`/api/v3_0/assets?all_accessible=true&fields=${encodeURIComponent(LINE_FIELDS)}`))
    treeTrouble.set(null)
  } catch (error) {
    asked = false
    treeTrouble.set(error)
  }
}

export function useTree(): Cell<ThingLine[] | null> {
  useEffect(() => {
    if (!asked) void readTree()
  }, [])
  return lines
}

/** From the top down to the parent. Stops at what one may not read, and at a cycle. */
export function ancestors(tree: readonly ThingLine[], id: number): ThingLine[] {
  const by = new Map(tree.map((line) => [line.id, line]))
  const found: ThingLine[] = []
  for (let line = by.get(by.get(id)?.parent_asset_id ?? 0); line && !found.includes(line); line = by.get(line.parent_asset_id ?? 0))
    found.unshift(line)
  return found
}

/** All below an asset, itself not counted. */
export function offspring(tree: readonly ThingLine[], id: number): ThingLine[] {
  const children = childrenOf(tree)
  const found: ThingLine[] = []
  const seen = new Set([id])
  const walk = (at: number) => {
    for (const child of children.get(at) ?? [])
      if (!seen.has(child.id)) {
        seen.add(child.id)
        found.push(child)
        walk(child.id)
      }
  }
  walk(id)
  return found
}

/** Children by parent; those whose parent one may not read stand at the top, under null. */
export function childrenOf(tree: readonly ThingLine[]): Map<number | null, ThingLine[]> {
  const known = new Set(tree.map(({ id }) => id))
  const found = new Map<number | null, ThingLine[]>()
  for (const line of tree) {
    const parent = line.parent_asset_id !== null && known.has(line.parent_asset_id) ? line.parent_asset_id : null
    found.set(parent, [...(found.get(parent) ?? []), line])
  }
  for (const group of found.values()) group.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }))
  return found
}
