// What load costs in each slot: the price rises with the load from `under` to `over`, and the way between them can be made gentle.

/**
 * The cost of a slot as a convex function of its load `y` (kW, consumption less production). With `rise` without end it is exactly
 * `over · y` above zero and `under · y` below; with less, the corner is rounded about the present `price`: the augmented Lagrangian of the
 * balance. Costs are in units of 1/rise, which orders of choices do not care about.
 */
export class Landscape {
  readonly load: Float64Array
  readonly price: Float64Array
  readonly under: Float64Array
  readonly over: Float64Array
  rise = 1

  constructor(net: Float64Array, under: Float64Array, over: Float64Array) {
    this.load = net.slice()
    this.under = under
    this.over = over
    this.price = under.map((low, slot) => (low + over[slot]!) / 2)
  }

  /** The cost of slot `slot` with `more` kW than now. */
  cost(slot: number, more: number): number {
    const at = this.price[slot]! + this.rise * (this.load[slot]! + more)
    const held = Math.min(Math.max(at, this.under[slot]!), this.over[slot]!)
    return held * (at - held / 2)
  }

  /** The cost of all slots at their present load. */
  total(): number {
    let sum = 0
    for (let slot = 0; slot < this.load.length; slot++) sum += this.cost(slot, 0)
    return sum
  }

  /** The price of each slot at its present load, into `into`. */
  pricesInto(into: Float64Array): void {
    for (let slot = 0; slot < into.length; slot++) {
      const at = this.price[slot]! + this.rise * this.load[slot]!
      into[slot] = Math.min(Math.max(at, this.under[slot]!), this.over[slot]!)
    }
  }

  /** Takes the prices at the present load as the new middle: one step of the method of multipliers. */
  settle(): void {
    this.pricesInto(this.price)
  }

  /** What the present load costs exactly, in kW·slots. */
  value(): number {
    let sum = 0
    for (let slot = 0; slot < this.load.length; slot++) {
      const load = this.load[slot]!
      sum += load > 0 ? this.over[slot]! * load : this.under[slot]! * load
    }
    return sum
  }
}
