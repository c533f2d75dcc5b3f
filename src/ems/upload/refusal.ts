/** How a file is refused: always the same code, with what is wrong and what to do. */
import { Problem } from '#kernel'
import { SAYING } from './saying.ts'

/** A file whose content cannot be taken; the door says which file it was. */
export const unreadable = (message: string, hint: string = SAYING.correctFile): Problem =>
  new Problem('invalid-upload', message, { status: 422, hint })
