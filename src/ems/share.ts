/** Sharing a group's power among those who want it: who must leave soon keeps most, the rest is shared in proportion. */
import { HOUR, type Instant } from '#kernel'

export interface Claim {
  /** W, ≥ 0. */
  wanted: number
  /** Share that cannot be taken away (forced by a more important rung), W. */
  least: number
  /** Smallest non-zero power, W. */
  step: number
  /** Deadline and energy still missing at it (Wh at the plug), for cars. */
  by?: Instant
  missing?: number
}

/**
 * Shares `cap` watts: first what nobody may take away, then to cars what they need on average to leave on time (nearest deadline first),
 * then in proportion to what is still wanted. A claim that would fall under its step gets nothing and leaves its share to the others.
 * Whole watts, rounded down; the sum never exceeds `cap` unless the unremovable shares already do.
 */
export function share(claims: Claim[], cap: number, now: Instant): number[] {
  const out = new Set<number>()
  for (;;) {
    const shares = shareAmong(claims, cap, out, now)
    const short = shares.map((power, index) => ({ power, index })).filter(({ power, index }) => power > 0 && power < claims[index]!.step)
    if (short.length === 0) return shares
    // The one who can wait longest steps back, then the sharing starts again.
    const waits = short.toSorted((a, b) => (claims[b.index]!.by ?? Infinity) - (claims[a.index]!.by ?? Infinity) || a.power - b.power)
    out.add(waits[0]!.index)
  }
}

function shareAmong(claims: Claim[], cap: number, out: Set<number>, now: Instant): number[] {
  const shares = claims.map((claim, index) => (out.has(index) ? 0 : Math.min(claim.wanted, claim.least)))
  let left = Math.max(0, cap - shares.reduce((sum, power) => sum + power, 0))
  const running = claims.map((claim, index) => ({ claim, index })).filter(({ index }) => !out.has(index))
  const give = (index: number, power: number) => {
    const more = Math.min(left, Math.max(0, power))
    shares[index]! += more
    left -= more
  }
  const byDeadline = running.filter(({ claim }) => claim.by !== undefined && (claim.missing ?? 0) > 0)
  byDeadline.sort((a, b) => a.claim.by! - b.claim.by!)
  for (const { claim, index } of byDeadline) {
    const hours = Math.max((claim.by! - now) / HOUR, 0.25)
    const average = Math.max((claim.missing ?? 0) / hours, claim.step)
    give(index, Math.min(claim.wanted, average) - shares[index]!)
  }
  const open = running.map(({ claim, index }) => ({ index, more: claim.wanted - shares[index]! }))
  const wanted = open.reduce((sum, { more }) => sum + more, 0)
  const portion = wanted > 0 ? Math.min(1, left / wanted) : 0
  for (const { index, more } of open) shares[index]! += more * portion
  return shares.map((power, index) => (power >= claims[index]!.wanted ? power : Math.floor(power + 1e-9)))
}
