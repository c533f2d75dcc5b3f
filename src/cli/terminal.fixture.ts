/** Runs one command line in this process and keeps what it wrote. */
import { Writable } from 'node:stream'
import { run } from './main.ts'

export interface Ran {
  code: number
  out: string
  err: string
  /** Standard output as JSON. @throws SyntaxError */
  json<T>(): T
}

class Kept extends Writable {
  text = ''
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

/** `line` is split at spaces; `more` are further words. Nothing of this process's environment is seen but the path. */
export async function cariflex(
  line: string,
  { env = {}, more = [] }: { env?: Record<string, string>; more?: string[] } = {},
): Promise<Ran> {
  const [out, err] = [new Kept(), new Kept()]
  const code = await run([...line.split(' ').filter((word) => word !== ''), ...more], env, out, err)
  return { code, out: out.text, err: err.text, json: <T>() => JSON.parse(out.text) as T }
}
