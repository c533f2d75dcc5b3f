/** Files and fields of a multipart upload, with bounds on all of them; both APIs take uploads in this form. */
import multipart, { type Multipart } from '@fastify/multipart'
import type { UploadedFile } from '#ems'
import { asSentence, Problem, say } from '#kernel'
import type { App, Request } from './app.ts'
import { SAYING } from './saying.ts'

export interface UploadForm {
  files: (UploadedFile & { type: string })[]
  /** Text fields by their kebab-case names; of several with one name the last. */
  fields: Record<string, string>
}

const MOST_FILES = 50
const MOST_FIELDS = 50

/** Lets the routes of a scope read multipart bodies. */
export function takeForms(scope: App): void {
  scope.register(multipart, { throwFileSizeLimit: false })
}

/**
 * Reads the form into memory. Files under `uploaded-files` (or `uploaded_files`) count, others are passed over.
 * @throws Problem `payload-too-large` (413), `invalid-form` (422)
 */
export async function readForm(request: Request, mostBytes: number): Promise<UploadForm> {
  const form: UploadForm = { files: [], fields: {} }
  const tooLarge = () =>
    new Problem('payload-too-large', say(SAYING.bodyTooLarge), { status: 413, hint: say(SAYING.mostBytes, { count: mostBytes }) })
  if (Number(request.headers['content-length'] ?? 0) > mostBytes + 100_000) throw tooLarge()
  if (!request.isMultipart()) return form
  let left = mostBytes
  try {
    const limits = { fileSize: mostBytes, files: MOST_FILES, fields: MOST_FIELDS, fieldSize: 10_000, parts: MOST_FILES + MOST_FIELDS }
    for await (const part of request.parts({ limits })) {
      const name = part.fieldname.replaceAll('_', '-')
      if (part.type === 'field') form.fields[name] = String(part.value)
      else {
        const bytes = await bytesOf(part, left)
        if (bytes === undefined) throw tooLarge()
        left -= bytes.length
        // A form sends its empty file field, too.
        if (name === 'uploaded-files' && (part.filename !== '' || bytes.length > 0))
          form.files.push({ name: part.filename ?? '', type: part.mimetype, bytes })
      }
    }
  } catch (error) {
    if (error instanceof Problem) throw error
    const { code, message } = error as { code?: string; message: string }
    if (code === 'FST_REQ_FILE_TOO_LARGE') throw tooLarge()
    throw new Problem('invalid-form', say(SAYING.formUnreadable, { why: asSentence(message) }), {
      status: 422,
      hint: say(SAYING.sendForm),
    })
  }
  return form
}

async function bytesOf(part: Extract<Multipart, { type: 'file' }>, left: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of part.file as AsyncIterable<Buffer>) {
    size += chunk.length
    // Read on to the end all the same: the sender must get to read the answer.
    if (size <= left) chunks.push(chunk)
  }
  return size > left || part.file.truncated ? undefined : Buffer.concat(chunks)
}
