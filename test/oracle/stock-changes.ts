// A stock that loses a share in every step: before the change counts ('right'), after it ('left'), or all through the step ('linear').
export function stockAfter(start: number, changes: readonly number[], retention: number, how: 'left' | 'right' | 'linear'): number[] {
  const path = [start]
  for (const change of changes) {
    const before = path.at(-1)!
    if (how === 'left') path.push((before + change) * retention)
    else if (how === 'right') path.push(before * retention + change)
    else {
      // The change comes evenly; each part of it loses for the rest of the step: the integral of retention^t.
      const share = retention === 1 ? 1 : (retention - 1) / Math.log(retention)
      path.push(before * retention + change * share)
    }
  }
  return path
}
