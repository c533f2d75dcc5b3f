/** Firmware and logs of a simulated station: it really fetches, checks, installs and brings them (OCPP 2.0.1 L01, L02, N01). */
import { verify, X509Certificate } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type Clock, formatInstant, type Instant, parseInstant, SECOND, type Timer } from '#kernel'
import type { Messages } from '#protocols/ocpp'
import type { Link } from './station-link.ts'

type FirmwareStatus = Messages['FirmwareStatusNotification']['request']['status']
type LogStatus = Messages['LogStatusNotification']['request']['status']
type UpdateRequest = Messages['UpdateFirmware']['request']
type LogRequest = Messages['GetLog']['request']

export interface Upkeep {
  update(request: UpdateRequest): Messages['UpdateFirmware']['response']
  bring(request: LogRequest): Messages['GetLog']['response']
  /** Where an update stands; undefined = none runs. */
  firmware(): { requestId: number; status: FirmwareStatus } | undefined
  sendFirmwareStatus(): Promise<unknown>
  sendLogStatus(): Promise<unknown>
  /** The boot after an installation was accepted. */
  booted(): void
  /** Once a second. */
  tick(): void
  stop(): void
}

export interface UpkeepParts {
  clock: Clock
  link(): Link
  identity: string
  /** Nothing is installed while somebody charges. */
  isBusy(): boolean
  /** Restarts with another firmware. */
  install(version: string): void
}

/** How long each stage takes. */
const STAGE = SECOND
const PATIENCE = 10_000
const LARGEST = 64 << 20

interface Update {
  request: UpdateRequest
  status: FirmwareStatus
  image?: Buffer
  /** What it waits for: a moment, or the end of a transaction. */
  notBefore: Instant | undefined
}

export function openUpkeep({ clock, link, identity, isBusy, install }: UpkeepParts): Upkeep {
  let update: Update | undefined
  let log: { requestId: number; status: LogStatus } | undefined
  const timers = new Set<Timer>()
  const later = (work: () => void) => {
    const timer = clock.in(STAGE, () => {
      timers.delete(timer)
      work()
    })
    timers.add(timer)
  }
  const say = (requestId: number, status: FirmwareStatus) =>
    link()
      .call('FirmwareStatusNotification', { requestId, status })
      .catch(() => undefined)
  const step = (own: Update, status: FirmwareStatus) => {
    own.status = status
    return say(own.request.requestId, status)
  }
  const fail = (own: Update, status: FirmwareStatus) => {
    if (update === own) update = undefined
    void step(own, status)
  }
  /** The next stage, unless another update took its place. */
  const next = (own: Update, work: () => void) => later(() => update === own && work())

  const download = (own: Update) => {
    own.notBefore = undefined
    void step(own, 'Downloading')
    next(own, () => {
      fetchFile(own.request.firmware.location).then(
        (image) => {
          if (update !== own) return
          own.image = image
          void step(own, 'Downloaded')
          next(own, () => check(own))
        },
        () => update === own && fail(own, 'DownloadFailed'),
      )
    })
  }
  const check = (own: Update) => {
    const { signingCertificate, signature } = own.request.firmware
    if (signingCertificate !== undefined) {
      if (!isSigned(own.image!, signingCertificate, signature ?? '')) return fail(own, 'InvalidSignature')
      void step(own, 'SignatureVerified')
    }
    next(own, () => whenAllowed(own))
  }
  const whenAllowed = (own: Update) => {
    const { installDateTime } = own.request.firmware
    const at = installDateTime === undefined ? clock.now() : parseInstant(installDateTime)
    if (at <= clock.now() && !isBusy()) return installNow(own)
    own.notBefore = at
    void step(own, 'InstallScheduled')
  }
  const installNow = (own: Update) => {
    own.notBefore = undefined
    void step(own, 'Installing')
    next(own, () => {
      // An image says its version in its first line.
      const version = /^firmware (\S{1,50})/.exec(own.image!.subarray(0, 80).toString())?.[1]
      if (version === undefined) return fail(own, 'InstallVerificationFailed')
      void step(own, 'InstallRebooting').then(() => {
        if (update === own) install(version)
      })
    })
  }

  return {
    update(request) {
      const { signingCertificate, retrieveDateTime } = request.firmware
      if (signingCertificate !== undefined && !isCertificate(signingCertificate)) return { status: 'InvalidCertificate' }
      if (update && ['Installing', 'InstallRebooting'].includes(update.status))
        return { status: 'Rejected', statusInfo: { reasonCode: 'FwUpdateInProgress' } }
      const former = update
      const own: Update = { request, status: 'Idle', notBefore: undefined }
      update = own
      const at = parseInstant(retrieveDateTime)
      later(() => {
        if (update !== own) return
        if (at <= clock.now()) return download(own)
        own.notBefore = at
        void step(own, 'DownloadScheduled')
      })
      return { status: former ? 'AcceptedCanceled' : 'Accepted' }
    },
    bring({ requestId, log: { remoteLocation }, logType }) {
      const former = log?.status === 'Uploading' ? log : undefined
      const own: { requestId: number; status: LogStatus } = { requestId, status: 'Uploading' }
      log = own
      const tell = (status: LogStatus, of = own) => {
        of.status = status
        return link()
          .call('LogStatusNotification', { requestId: of.requestId, status })
          .catch(() => undefined)
      }
      const filename = `${identity}-${logType}-${requestId}.log`
      later(() => {
        if (former) void tell('AcceptedCanceled', former)
        if (log !== own) return
        void tell('Uploading')
        later(() => {
          if (log !== own) return
          const text = `${formatInstant(clock.now())} ${identity} ${logType}\n`
          sendFile(`${remoteLocation}${remoteLocation.endsWith('/') ? filename : ''}`, text).then(
            () => void (log === own && tell('Uploaded')),
            () => void (log === own && tell('UploadFailure')),
          )
        })
      })
      return { status: former ? 'AcceptedCanceled' : 'Accepted', filename }
    },
    firmware: () => update && { requestId: update.request.requestId, status: update.status },
    sendFirmwareStatus: () =>
      update
        ? say(update.request.requestId, update.status)
        : link()
            .call('FirmwareStatusNotification', { status: 'Idle' })
            .catch(() => undefined),
    sendLogStatus: () =>
      link()
        .call('LogStatusNotification', log?.status === 'Uploading' ? log : { status: 'Idle' })
        .catch(() => undefined),
    booted() {
      if (update?.status !== 'InstallRebooting') return
      const own = update
      update = undefined
      void step(own, 'Installed')
    },
    tick() {
      const own = update
      if (own?.notBefore === undefined || clock.now() < own.notBefore) return
      if (own.status === 'DownloadScheduled') download(own)
      else if (own.status === 'InstallScheduled' && !isBusy()) installNow(own)
    },
    stop() {
      for (const timer of timers) timer.cancel()
      update = undefined
      log = undefined
    },
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).publicKey !== undefined
  } catch {
    return false
  }
}

function isSigned(image: Buffer, certificate: string, signature: string): boolean {
  try {
    return verify('sha256', image, new X509Certificate(certificate).publicKey, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

const requestOf = (url: string) => (new URL(url).protocol === 'https:' ? httpsRequest : httpRequest)

/** Stations know no proxies and follow no redirects. */
const fetchFile = (url: string) =>
  new Promise<Buffer>((resolve, reject) => {
    const request = requestOf(url)(url, { timeout: PATIENCE, agent: false }, (response) => {
      if (response.statusCode !== 200) {
        response.resume()
        return reject(new Error(`status ${response.statusCode}`))
      }
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > LARGEST) request.destroy(new Error('too large'))
        chunks.push(chunk)
      })
      response.on('end', () => resolve(Buffer.concat(chunks)))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end()
  })

const sendFile = (url: string, text: string) =>
  new Promise<void>((resolve, reject) => {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': Buffer.byteLength(text) }
    const request = requestOf(url)(url, { method: 'PUT', timeout: PATIENCE, agent: false, headers }, (response) => {
      response.resume()
      response.on('end', () => {
        const { statusCode = 0 } = response
        if (statusCode >= 200 && statusCode < 300) resolve()
        else reject(new Error(`status ${statusCode}`))
      })
    })
    request.on('error', reject)
    request.end(text)
  })
