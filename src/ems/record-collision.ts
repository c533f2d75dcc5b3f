/** Two writers of the same beliefs at once. */

/** Codes of PostgreSQL: a unique key was violated, two writers waited for each other. */
const CODES = new Set(['23505', '40P01'])

/** True when another writer was quicker: a second look sees what it committed. */
export const isCollision = (error: unknown): boolean => {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (CODES.has(String((at as { code?: unknown }).code))) return true
  return false
}
