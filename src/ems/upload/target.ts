/** What the reader of a file is told of the sensor and of how to read; plain data, so that it can go to another thread. */

export interface UploadTarget {
  unit: string
  /** Milliseconds; 0 = instantaneous. */
  resolution: number
  timezone: string
  /** Whether starts move onto the clock of the data (`floor_datetimes_to_resolution`). */
  floors: boolean
}

export interface UploadReading {
  /** Unit of the data, or 'datetime', 'dayfirst datetime', 'timedelta' for texts that are moments or lengths of time. Default: the sensor's. */
  unit?: string
  /** How to read dates like 05/06/2025; found out when absent. */
  dayFirst?: boolean
  /** Rows a file may have. */
  mostRows: number
}

export interface UploadedFile {
  name: string
  bytes: Uint8Array
}

/** One file read and placed on the sensor's clock: ascending starts, values in the sensor's unit. */
export interface ReadFile {
  file: string
  /** Rows of the file that had a value. */
  rows: number
  starts: Float64Array<ArrayBuffer>
  values: Float64Array<ArrayBuffer>
  /** When each was believed, where the file says so. */
  beliefTimes?: Float64Array<ArrayBuffer>
  /** Spacing of the rows, ms. */
  spacing: number
  /** End of the last event as the file has it. */
  end: number
  /** Sentences for the reader of a preview. */
  notes: string[]
}
