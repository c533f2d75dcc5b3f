/** How this program starts further processes and threads of itself, whether run from TypeScript (development) or built. */

/** Node flags that let a child process or worker thread run the module at `url` (a `file:` URL). */
export const nodeFlagsFor = (url: string | URL): string[] => (String(url).endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : [])

/** Version of the program, as in package.json. */
export const VERSION = '0.1.0'
