/** What goes to the thread that reads files, and what comes back. */
import type { ReadFiles } from './read-file.ts'
import type { UploadedFile, UploadReading, UploadTarget } from './target.ts'

export interface ReadingRequest {
  files: readonly UploadedFile[]
  target: UploadTarget
  reading: UploadReading
}

export type ReadingReply = { answer: ReadFiles } | { error: string }
