/** Pushes markers apart that would cover one another, each staying as near to its place as it can. */

export interface Point {
  x: number
  y: number
}

/**
 * Places for points so that no two lie closer than `gap` (as far as room allows), the same for the same input.
 * Relaxation: neighbours push, the true place pulls; meant for tens of points, not thousands.
 */
export function spread(true_: Point[], gap: number, rounds = 80): Point[] {
  const places = true_.map(({ x, y }, index) => ({ x: x + Math.cos(index * 2.4) * 0.5, y: y + Math.sin(index * 2.4) * 0.5 }))
  for (let round = 0; round < rounds; round++) {
    // Pull first and let go towards the end, so that the last word is "not on top of one another".
    const pull = 0.06 * (1 - round / rounds)
    places.forEach((place, index) => {
      place.x += (true_[index]!.x - place.x) * pull
      place.y += (true_[index]!.y - place.y) * pull
    })
    for (let a = 0; a < places.length; a++)
      for (let b = a + 1; b < places.length; b++) {
        const dx = places[b]!.x - places[a]!.x
        const dy = places[b]!.y - places[a]!.y
        const distance = Math.hypot(dx, dy) || 0.01
        if (distance >= gap) continue
        const push = (gap - distance) / 2 / distance
        places[a]!.x -= dx * push
        places[a]!.y -= dy * push
        places[b]!.x += dx * push
        places[b]!.y += dy * push
      }
  }
  return places
}
