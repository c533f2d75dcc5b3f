/** How this program starts further processes and threads of itself, whether run from TypeScript (development) or built. */

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
