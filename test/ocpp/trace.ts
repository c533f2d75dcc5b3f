/** Recorded conversations between a foreign station and this platform: a line of what was recorded, then a line a frame. */
import { readFileSync } from 'node:fs'

/** The badge that every recording uses. */
export const BADGE = 'CARIFLEX001'

export interface TraceHead {
  /** The program and its commit. */
  program: string
  /** Subprotocol. */
  version: string
  identity: string
  /** When it was recorded; the moments in its frames lie after it. */
  began: string
}
export interface TraceFrame {
  /** Milliseconds since it began. */
  at: number
  from: 'station' | 'platform'
  /** As it was on the wire. */
  frame: [number, string, ...unknown[]]
}
export type TraceLine = TraceHead | TraceFrame

export function readTrace(path: string): { head: TraceHead; frames: TraceFrame[] } {
  const [head, ...frames] = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TraceLine)
  return { head: head as TraceHead, frames: frames.filter((line): line is TraceFrame => 'frame' in line) }
}
