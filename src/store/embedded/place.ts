/** Where the cluster of a data folder lives: in its `pg`, unless the account of the server cannot get there. */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '#kernel'
import { mayReach, type ServerAccount } from './account.ts'

export interface Place {
  cluster: string
  account: ServerAccount
  /** Why the cluster is not in the data folder; undefined when it is. */
  moved?: string
  /** Clusters that an earlier data folder at the same path left behind. */
  abandoned: string[]
}

/** A folder that keeps its content over a restart of the machine and that every user may pass through. */
const SHELTERS = ['/var/lib/cariflex', '/var/tmp/cariflex']

/** Makes the data folder when it is missing: private, but as root passable, so that the server gets to its cluster. */
export function makeDataFolder(folder: string): string {
  try {
    if (!existsSync(folder)) {
      mkdirSync(folder, { recursive: true })
      chmodSync(folder, process.getuid?.() === 0 ? 0o711 : 0o700)
    }
    return realpathSync(folder)
  } catch (error) {
    throw new Problem('folder-not-writable', `The data folder ${folder} cannot be made.`, {
      hint: 'Choose another one with --data or CARIFLEX_DATA.',
      cause: error,
    })
  }
}

/**
 * The cluster's folder and account. A cluster that exists keeps its owner. One that had to move is remembered in
 * `pg-location.json` of the data folder, so a moved or renamed data folder finds it again, and a removed one begins anew.
 */
export function placeOf(folder: string, wanted: ServerAccount, shelters = SHELTERS): Place {
  const inside = join(folder, 'pg')
  const note = join(folder, 'pg-location.json')
  if (existsSync(note)) {
    const { cluster } = JSON.parse(readFileSync(note, 'utf8')) as { cluster: string }
    if (existsSync(join(cluster, 'PG_VERSION')))
      return { cluster, account: ownerOf(cluster, wanted), moved: 'as on the first start', abandoned: [] }
  }
  const account = ownerOf(inside, wanted)
  if (mayReach(folder, account)) return { cluster: inside, account, abandoned: [] }
  const shelter = shelterOf(shelters)
  const title = folder
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(-60)
  const abandoned = readdirSync(shelter)
    .filter((name) => name.startsWith(`${title}.`))
    .map((name) => join(shelter, name))
  const home = join(shelter, `${title}.${randomBytes(4).toString('hex')}`)
  mkdirSync(home)
  chmodSync(home, 0o711)
  const cluster = join(home, 'pg')
  writeFileSync(note, JSON.stringify({ cluster }), { mode: 0o600 })
  return { cluster, account: wanted, moved: `PostgreSQL never runs as root, and no other user may enter ${folder}`, abandoned }
}

/** First of the folders that can be made and belongs to us alone; nobody else may have prepared it. */
export function shelterOf(shelters = SHELTERS): string {
  for (const shelter of shelters)
    try {
      mkdirSync(shelter, { recursive: true })
      if (statSync(shelter).uid !== process.getuid?.()) continue
      chmodSync(shelter, 0o711)
      return shelter
    } catch {
      // try the next one
    }
  throw new Problem('folder-not-writable', `None of ${shelters.join(', ')} can hold the database.`, {
    hint: 'Choose a data folder that other users may pass through with --data, or give your own PostgreSQL in DATABASE_URL.',
  })
}

function ownerOf(cluster: string, otherwise: ServerAccount): ServerAccount {
  if (otherwise.uid === undefined || !existsSync(join(cluster, 'PG_VERSION'))) return otherwise
  const { uid, gid } = statSync(cluster)
  return uid > 0 ? { uid, gid } : otherwise
}
