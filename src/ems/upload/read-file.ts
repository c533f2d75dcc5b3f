/** Uploaded files: bytes → table → columns → events of the sensor. */
import { isProblem } from '#kernel'
import { readColumns } from './columns.ts'
import { placeOnSensor } from './place.ts'
import { readCsv } from './read-csv.ts'
import type { ReadFile, UploadedFile, UploadReading, UploadTarget } from './target.ts'

/** What a workbook may become when it is unpacked. */
const ZIP_LIMITS = { mostBytes: 100_000_000, mostParts: 1000 }

export const isWorkbook = (name: string): boolean => /\.(xlsx|xlsm|xls)$/i.test(name)

/** @throws Problem `invalid-upload` that says what is wrong, `inconvertible-unit` */
export async function readFile({ name, bytes }: UploadedFile, target: UploadTarget, reading: UploadReading): Promise<ReadFile> {
  const sheet = isWorkbook(name)
    ? // Loaded by the thread that needs it only: it is large.
      (await import('./read-workbook.ts')).readWorkbook(bytes, reading.mostRows, ZIP_LIMITS)
    : readCsv(bytes, reading.mostRows)
  return { file: name, ...placeOnSensor(readColumns(sheet, target, reading), target, reading) }
}

/** A file that could not be taken, and why. */
export interface FailedFile {
  file: string
  code: string
  message: string
  hint: string | undefined
}

export interface ReadFiles {
  read: ReadFile[]
  failed: FailedFile[]
}

/** Reads them all; those that cannot be taken are named together. */
export async function readFiles(files: readonly UploadedFile[], target: UploadTarget, reading: UploadReading): Promise<ReadFiles> {
  const answer: ReadFiles = { read: [], failed: [] }
  for (const file of files) {
    try {
      answer.read.push(await readFile(file, target, reading))
    } catch (error) {
      if (!isProblem(error)) throw error
      answer.failed.push({ file: file.name, code: error.code, message: error.message, hint: error.hint })
    }
  }
  return answer
}
