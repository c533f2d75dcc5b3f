/**
 * The certificates of our encrypted port, an RSA and an ECDSA one side by side (charging reference 2.5). They come from PEM files, which an
 * ACME client renews and we read anew, or from our own authority.
 */
import { readFile, stat } from 'node:fs/promises'
import { type Clock, DAY, describeError, type Log, MINUTE, millis, Problem } from '#kernel'
import { type KeyKind, keyFromPem, keyToPem, makeKey, readCertificates } from '#protocols/pki'
import type { Secrets, Store } from '#store'
import type { SecurePort } from '../config.ts'
import type { Authority } from './authority.ts'
import { keepCertificate, listCertificates, markCertificate } from './shelf.ts'

/** A chain, the leaf first, and its key, both PEM. */
export interface Pair {
  cert: string
  key: string
}

/** Where the certificates of the port come from. Another source (an ACME client of its own, a vault) needs only this. */
export interface ServerCertificates {
  pairs(): Promise<Pair[]>
  /** Calls back when there are new ones, until the returned stop is called. */
  watch(changed: () => void): () => void
}

const LOOK_EVERY = MINUTE

/** Pairs in files; they are looked at once a minute. @throws Problem `bad-certificate` when a key does not fit its certificate */
export function certificatesInFiles(files: SecurePort['certificates'], { clock, log }: { clock: Clock; log: Log }): ServerCertificates {
  const mark = async () =>
    (await Promise.all(files.flatMap(({ certificate, key }) => [certificate, key]).map((path) => stat(path))))
      .map(({ mtimeMs, size }) => `${mtimeMs} ${size}`)
      .join('\n')
  return {
    pairs: () =>
      Promise.all(
        files.map(async ({ certificate, key }) => {
          const pair = { cert: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') }
          if (!readCertificates(pair.cert)[0]!.x509.checkPrivateKey(keyFromPem(pair.key)))
            throw new Problem('bad-certificate', `The key in ${key} does not belong to the certificate in ${certificate}.`, {
              hint: 'Name the pair that the certificate was issued for.',
            })
          return pair
        }),
      ),
    watch(changed) {
      let before: string | undefined
      const look = () =>
        mark()
          .then((now) => {
            if (before !== undefined && now !== before) changed()
            before = now
          })
          .catch((error: unknown) =>
            log.warn({ error: describeError(error) }, 'the certificate files of the port for stations cannot be read'),
          )
      void look()
      const timer = clock.every(LOOK_EVERY, () => void look())
      return () => timer.cancel()
    },
  }
}

const KINDS: KeyKind[] = ['p256', 'rsa2048']
const LASTS = millis(400 * DAY)

export interface OwnParts {
  store: Store
  clock: Clock
  log: Log
  secrets: Secrets | undefined
  authority: Authority
  organization: string
  names: readonly string[]
}

/** Pairs that our own authority issues; made anew when two thirds of their life are over, or for other names. */
export function ownCertificates({ store, clock, log, secrets, authority, organization, names }: OwnParts): ServerCertificates {
  const one = async (kind: KeyKind): Promise<Pair> => {
    const name = `charging/port-${kind}`
    const sealed = await secrets?.get(name)
    const key = sealed === undefined ? await makeKey(kind) : keyFromPem(sealed)
    if (sealed === undefined) await secrets?.set(name, keyToPem(key), { description: 'Key of the encrypted port for stations' })
    const [root] = await authority.roots()
    const kept = (await listCertificates(store, { kind: 'server', use: kind })).find(({ state }) => state === 'current')
    if (kept) {
      const [facts] = readCertificates(kept.pem)
      const isFresh = clock.now() < facts!.from + ((facts!.until - facts!.from) * 2) / 3
      const fits = facts!.x509.checkPrivateKey(key) && names.every((host) => facts!.x509.checkHost(host) ?? facts!.x509.checkIP(host))
      if (isFresh && fits && facts!.x509.verify(readCertificates(root!)[0]!.x509.publicKey)) return { cert: kept.pem, key: keyToPem(key) }
      await markCertificate(store, kept, 'replaced')
    }
    const subject = { commonName: names[0] ?? 'localhost', organization }
    const cert = await authority.certify({ subject, key, lasts: LASTS, purposes: ['server'], names: [...names] })
    await keepCertificate(store, cert, { kind: 'server', uses: [kind], now: clock.now() })
    return { cert, key: keyToPem(key) }
  }
  return {
    pairs: async () => [await one(KINDS[0]!), await one(KINDS[1]!)],
    watch(changed) {
      const timer = clock.every(DAY, () => {
        listCertificates(store, { kind: 'server' })
          .then((all) => {
            const old = all.some(({ state, from, until }) => state === 'current' && clock.now() >= from + ((until - from) * 2) / 3)
            if (old) changed()
          })
          .catch((error: unknown) =>
            log.warn({ error: describeError(error) }, 'the certificates of the port for stations were not looked at'),
          )
      })
      return () => timer.cancel()
    },
  }
}
