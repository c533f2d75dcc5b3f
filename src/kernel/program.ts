/** How this program starts further processes and threads of itself, whether run from TypeScript (development) or built. */
import { BUILD } from './build.ts'

const SOURCES = new URL('../', import.meta.url).href

/**
 * Where the module of a thread or process is found: the given TypeScript file (a `file:` URL that lies in `src`), or its built form when this
 * program was built. `nodeFlagsFor` has the flags for it.
 */
export function moduleToRun(source: URL, build = BUILD): URL {
  if (build === undefined) return source
  return new URL(`src.${source.href.slice(SOURCES.length).replace(/\.ts$/, '').replaceAll('/', '.')}.js`, build)
}

/**
 * Node flags that let a child process or worker thread run the module at `url` (a `file:` URL). TypeScript is registered by a call:
 * `--import tsx` alone does nothing inside a worker thread of Node 20.
 */
export const nodeFlagsFor = (url: string | URL): string[] =>
  String(url).endsWith('.ts')
    ? [
        '--import',
        `data:text/javascript,${encodeURIComponent(`import { register } from '${import.meta.resolve('tsx/esm/api')}'; register()`)}`,
      ]
    : []

/** Version of the program, as in package.json. */
export const VERSION = '0.1.0'
