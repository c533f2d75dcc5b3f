/** What the learning thread is sent and sends back. Plain data. */
import { say } from '#kernel'
import { SAYING } from '../saying.ts'
import { type Foretold, foretell } from './foretell.ts'
import type { Frame } from './frame.ts'
import { type Trained, type TrainOptions, train } from './train.ts'

/** A moment from which the future is looked at: its first unknown slot, and how many to foretell from there. */
export interface Viewpoint {
  origin: number
  count: number
  /** Values of the frame's regressors as they were known at this moment; default those of the frame. */
  regressors?: Float64Array[]
}

export interface LearningTask {
  frame: Frame
  options: Omit<TrainOptions, 'onProgress'>
  viewpoints: Viewpoint[]
}

export interface Learned {
  trained: Trained
  /** One per viewpoint. */
  foretold: Foretold[]
}

export type LearningReply = { id: number; stage: string; share: number } | { id: number; learned: Learned } | { id: number; error: string }

/** Trains once and foretells from each viewpoint. Synchronous: for a thread that has nothing else to do. */
export function learn({ frame, options, viewpoints }: LearningTask, onProgress: (stage: string, share: number) => void): Learned {
  const trained = train(frame, { ...options, onProgress: (stage, share) => onProgress(stage, 0.9 * share) })
  const foretold = viewpoints.map(({ origin, count, regressors }, index) => {
    onProgress(say(SAYING.foretells), 0.9 + (0.1 * index) / viewpoints.length)
    const seen = regressors
      ? { ...frame, regressors: frame.regressors.map((one, at) => ({ ...one, values: regressors[at] ?? one.values })) }
      : frame
    return foretell(trained, seen, origin, count)
  })
  return { trained, foretold }
}
