/** Server-sent events over fetch, so that reconnecting can say where it stopped (Last-Event-ID) and notice a silent line. */

export interface StreamEvent {
  id: string
  event: string
  data: string
}

/** Cuts a text stream into events (WHATWG HTML, 9.2.6). Feed it pieces; it calls back for each whole event. */
export function parser(each: (event: StreamEvent) => void): (piece: string) => void {
  let rest = ''
  let id = ''
  let event = ''
  let data: string[] = []
  const line = (text: string) => {
    if (text === '') {
      if (data.length > 0) each({ id, event: event || 'message', data: data.join('\n') })
      event = ''
      data = []
      return
    }
    if (text.startsWith(':')) return
    const colon = text.indexOf(':')
    const field = colon < 0 ? text : text.slice(0, colon)
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    else if (field === 'id') id = value
  }
  return (piece) => {
    const lines = (rest + piece).split(/\r\n|\n|\r/)
    rest = lines.pop() ?? ''
    for (const text of lines) line(text)
  }
}

export interface StreamWatch {
  onOpen(): void
  onEvent(event: StreamEvent): void
  /** Any byte came, heartbeats included. */
  onSign(): void
  onClose(refusedWith?: number): void
}

/** Time without any byte after which the line counts as dead, ms. */
const SILENCE = 45_000
const FIRST_WAIT = 1_000
const LONGEST_WAIT = 15_000

/** Keeps a stream open, with back-off between attempts; returns the way to end it. */
export function listen(url: string, watch: StreamWatch): () => void {
  let ended = false
  let lastId = ''
  let wait = FIRST_WAIT
  let abort = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const later = () => {
    if (ended) return
    timer = setTimeout(attempt, wait)
    wait = Math.min(wait * 2, LONGEST_WAIT)
  }
  const now = () => {
    if (ended) return
    clearTimeout(timer)
    wait = FIRST_WAIT
    abort.abort()
    void attempt()
  }
  async function attempt(): Promise<void> {
    const mine = new AbortController()
    abort = mine
    let silence: ReturnType<typeof setTimeout> | undefined
    const sign = () => {
      clearTimeout(silence)
      silence = setTimeout(() => mine.abort(), SILENCE)
      watch.onSign()
    }
    let status: number | undefined
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' }
      if (lastId) headers['last-event-id'] = lastId
      const response = await fetch(url, { headers, credentials: 'same-origin', cache: 'no-store', signal: mine.signal })
      if (!response.ok || !response.body) {
        status = response.status
      } else {
        wait = FIRST_WAIT
        watch.onOpen()
        sign()
        const feed = parser((event) => {
          if (event.id) lastId = event.id
          watch.onEvent(event)
        })
        const decoder = new TextDecoder()
        const reader = response.body.getReader()
        for (;;) {
          const { done, value } = await reader.read()
          if (done) break
          sign()
          feed(decoder.decode(value, { stream: true }))
        }
      }
    } catch {
      // Network gone or aborted: the same as an end.
    }
    clearTimeout(silence)
    if (ended || abort !== mine) return
    watch.onClose(status)
    later()
  }
  void attempt()
  addEventListener('online', now)
  return () => {
    ended = true
    clearTimeout(timer)
    removeEventListener('online', now)
    abort.abort()
  }
}
