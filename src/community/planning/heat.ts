// Which slots of a heater's period are eco: the dearest that its rules allow.

/** What is asked of one period: the cost of comfort in each slot (Infinity: it cannot be comfort there), and the rules. */
export interface HeatQuestion {
  slots: number
  /** Of comfort instead of eco. */
  costs: Float64Array
  /** Slots that may be eco. */
  mostEco: number
  /** In any `sliding` consecutive slots at most `slidingEco` are eco. */
  sliding: number
  slidingEco: number
}

interface Memory {
  /** For each pattern of the slots before: the pattern after an eco slot (-1: not allowed) and after a comfort slot. */
  afterEco: Int32Array
  afterComfort: Int32Array
}
/** Rules with more patterns than these are held more strictly than asked: no eco at all. */
const MOST_PATTERNS = 5_000
const memories = new Map<string, Memory | undefined>()

/** Patterns of the last `sliding - 1` slots that hold at most `slidingEco` eco ones. */
function memoryOf(sliding: number, slidingEco: number): Memory | undefined {
  const key = `${sliding} ${slidingEco}`
  if (memories.has(key)) return memories.get(key)
  const found = new Map([['0'.repeat(sliding - 1), 0]])
  const afterEco: number[] = []
  const afterComfort: number[] = []
  const placeOf = (pattern: string): number => {
    const known = found.get(pattern)
    if (known !== undefined) return known
    found.set(pattern, found.size)
    return found.size - 1
  }
  for (const [pattern] of found) {
    if (found.size > MOST_PATTERNS) break
    const eco = [...pattern].filter((one) => one === '1').length
    afterEco.push(eco < slidingEco ? placeOf(`${pattern}1`.slice(1)) : -1)
    afterComfort.push(placeOf(`${pattern}0`.slice(1)))
  }
  const memory =
    found.size > MOST_PATTERNS ? undefined : { afterEco: Int32Array.from(afterEco), afterComfort: Int32Array.from(afterComfort) }
  memories.set(key, memory)
  return memory
}

let now = new Float64Array(0)
let next = new Float64Array(0)
let came = new Int32Array(0)

/**
 * Best slots for eco, `comfort[t]` 1 or 0. Exact, over (eco slots so far, pattern of the last slots).
 *
 * @returns what its comfort slots cost; Infinity when the rules cannot be kept
 */
export function bestHeat({ slots, costs, mostEco, sliding, slidingEco }: HeatQuestion, comfort: Uint8Array): number {
  const isShort = sliding > slots
  const memory = mostEco > 0 ? memoryOf(isShort ? 1 : sliding, isShort ? 1 : slidingEco) : undefined
  if (!memory) {
    let sum = 0
    for (let slot = 0; slot < slots; slot++) sum += costs[slot]!
    comfort.fill(1, 0, slots)
    return sum
  }
  const patterns = memory.afterEco.length
  const states = (mostEco + 1) * patterns
  if (now.length < states) {
    now = new Float64Array(states)
    next = new Float64Array(states)
  }
  if (came.length < states * slots) came = new Int32Array(states * slots)
  now.fill(Number.POSITIVE_INFINITY, 0, states)
  now[0] = 0
  for (let slot = 0; slot < slots; slot++) {
    next.fill(Number.POSITIVE_INFINITY, 0, states)
    const row = slot * states
    const cost = costs[slot]!
    for (let eco = 0; eco <= mostEco; eco++)
      for (let pattern = 0; pattern < patterns; pattern++) {
        const state = eco * patterns + pattern
        const sum = now[state]!
        if (sum === Number.POSITIVE_INFINITY) continue
        const warm = eco * patterns + memory.afterComfort[pattern]!
        if (sum + cost < next[warm]!) {
          next[warm] = sum + cost
          came[row + warm] = 2 * state + 1
        }
        const after = memory.afterEco[pattern]!
        if (after < 0 || eco === mostEco) continue
        const cool = (eco + 1) * patterns + after
        if (sum < next[cool]!) {
          next[cool] = sum
          came[row + cool] = 2 * state
        }
      }
    ;[now, next] = [next, now]
  }
  let best = 0
  for (let state = 1; state < states; state++) if (now[state]! < now[best]!) best = state
  const cost = now[best]!
  if (cost === Number.POSITIVE_INFINITY) return cost
  for (let slot = slots - 1, state = best; slot >= 0; slot--) {
    const how = came[slot * states + state]!
    comfort[slot] = how & 1
    state = how >> 1
  }
  return cost
}
