/** What is wrong with a flex-model or flex-context, field by field, in the shape FlexMeasures answers with: {field: [messages]}. */
import { Problem } from '#kernel'

export interface Refusals {
  [field: string]: string[] | Refusals
}

/** Gathers messages at paths such as ['soc-targets', '0', 'datetime']. */
export interface RefusalBook {
  readonly tree: Refusals
  add(path: readonly string[], message: string): void
  isEmpty(): boolean
  /** Throws Problem `invalid-flex-config` (422) with the tree in `details.fields` when something was added. */
  demandNone(): void
}

/** An empty book. */
export function refusalBook(): RefusalBook {
  const tree: Refusals = {}
  return {
    tree,
    add(path, message) {
      let here = tree
      path.slice(0, -1).forEach((key) => {
        const next = here[key]
        if (next === undefined || Array.isArray(next)) here[key] = Array.isArray(next) ? { _schema: next } : {}
        here = here[key] as Refusals
      })
      const last = path.at(-1) ?? '_schema'
      const there = here[last]
      if (Array.isArray(there)) there.push(message)
      else if (there === undefined) here[last] = [message]
      else this.add([...path, '_schema'], message)
    },
    isEmpty: () => Object.keys(tree).length === 0,
    demandNone() {
      if (Object.keys(tree).length > 0)
        throw new Problem('invalid-flex-config', `The flex-model or flex-context cannot be used: ${firstOf(tree)}`, {
          status: 422,
          hint: 'Correct the fields named in details.fields.',
          details: { fields: tree },
        })
    },
  }
}

function firstOf(tree: Refusals): string {
  const [field, what] = Object.entries(tree)[0]!
  return Array.isArray(what) ? `${field}: ${what[0]}` : `${field}.${firstOf(what)}`
}
