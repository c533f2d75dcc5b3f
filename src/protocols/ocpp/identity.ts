/** Station identities as they travel in the URL (Part 4, section 3.1.1) and the password beside them. */

const LONGEST = 48

/**
 * The identity in a URL path below `mount` ('/ocpp/'), or undefined when there is none or it breaks the rules. Stations double slashes, add one
 * at the end and put spaces around (charging reference 2.13).
 */
export function identityIn(url: string, mount: string): string | undefined {
  const path = url
    .split('?', 1)[0]!
    .replace(/\/{2,}/g, '/')
    .replace(/\/$/, '')
  if (!path.startsWith(mount)) return undefined
  const segment = path.slice(mount.length)
  if (segment.includes('/')) return undefined
  try {
    const identity = decodeURIComponent(segment).trim()
    return isIdentity(identity) ? identity : undefined
  } catch {
    return undefined
  }
}

/** 1 to 48 printable characters without ':' (which separates it from the password). */
export const isIdentity = (text: string): boolean => text.length > 0 && text.length <= LONGEST && /^[^:\p{C}\p{Z}]+$/u.test(text)

/** Reads an HTTP Basic header: the user ends at the first colon, the password is bytes. */
export function credentialsIn(header: string | undefined): { user: string; password: Buffer } | undefined {
  const encoded = /^Basic\s+([A-Za-z0-9+/=_-]+)\s*$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  const colon = bytes.indexOf(0x3a)
  if (colon < 0) return undefined
  return { user: bytes.subarray(0, colon).toString(), password: bytes.subarray(colon + 1) }
}

export const basicHeader = (user: string, password: string | Buffer): string =>
  `Basic ${Buffer.concat([Buffer.from(`${user}:`), Buffer.from(password)]).toString('base64')}`
