export { endWorld, forkWorld, type RunningWorld, startWorld } from './start-world.ts'
export { type WorldChoices, worldOf } from './territory-world.ts'
export type { PastSeries, PlatformAddress, WorldSpec, WorldState } from './world-spec.ts'
