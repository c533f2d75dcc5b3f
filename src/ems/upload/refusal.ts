/** How a file is refused: always the same code, with what is wrong and what to do. */
import { Problem } from '#kernel'

/** A file whose content cannot be taken; the door says which file it was. */
export const unreadable = (message: string, hint = 'Correct the file and send it again.'): Problem =>
  new Problem('invalid-upload', message, { status: 422, hint })
