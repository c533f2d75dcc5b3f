// Puts the TypeScript of the program together into few JavaScript files that Node loads at once, and says whether they are still true.
// Plain Node and esbuild. A build is a flat folder; each `import.meta.url` in it is that of the source file, beside which its SQL files,
// templates and pages lie. `src/kernel/build.ts` tells the program that it is built, so that its threads and processes are too.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const HOME = join(root, 'dist', 'program')
/** Says which build is in force; its time is when that was begun. bin/cariflex.js reads it. */
const CURRENT = join(HOME, 'current')

const slashed = (path) => path.split(sep).join('/')

/** Modules that run as threads or processes of their own, relative to the root. */
const children = () =>
  readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /(\.worker|[/\\]world-process|[/\\]scratch-keeper)\.ts$/.test(file))
    .map((file) => join('src', file))

/** Name of the built form of a source file: `src/ems/read.worker.ts` is `src.ems.read.worker`. */
export const nameOf = (file) =>
  slashed(file)
    .replace(/\.tsx?$/, '')
    .replaceAll('/', '.')

/** What a source reads of its own place, each as a name that is declared before its first line. `import.meta.resolve` is left as it is. */
const PLACES = {
  'import.meta.url': ['ownUrl', (place) => `import.meta.resolve(${place})`],
  'import.meta.filename': ['ownFile', (place) => `process.getBuiltinModule('node:url').fileURLToPath(import.meta.resolve(${place}))`],
  'import.meta.dirname': [
    'ownFolder',
    (place) => `process.getBuiltinModule('node:url').fileURLToPath(import.meta.resolve(${place}).replace(/[/][^/]*$/, ''))`,
  ],
}

/** Each source keeps its own place, wherever its code ends up. `depth` is how many folders the build lies below the root. */
const ownPlace = (depth) => ({
  name: 'own-place',
  setup(build) {
    const up = '../'.repeat(depth)
    build.onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
      if (path.includes(`${sep}node_modules${sep}`)) return undefined
      const place = slashed(relative(root, path))
      const loader = path.endsWith('x') ? 'tsx' : 'ts'
      if (place === 'src/kernel/build.ts')
        return { contents: "export const BUILD: string | undefined = import.meta.resolve('./')\n", loader }
      const contents = readFileSync(path, 'utf8')
      const used = Object.entries(PLACES).filter(([word]) => contents.includes(word))
      const own = used.map(([, [name, from]]) => `const ${name} = ${from(JSON.stringify(up + place))};`)
      return { contents: own.join('') + contents, loader }
    })
  },
})

/** Builds the given source files, each under its `nameOf`, with whatever they import, for a folder `depth` below the root. */
async function bundle(files, depth) {
  const { build: esbuild, stop } = await import('esbuild')
  const { outputFiles } = await esbuild({
    absWorkingDir: root,
    entryPoints: files.map((file) => ({ in: join(root, file), out: nameOf(file) })),
    outdir: join(root, ...Array.from({ length: depth }, () => 'x')),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    define: Object.fromEntries(Object.entries(PLACES).map(([word, [name]]) => [word, name])),
    jsx: 'automatic',
    jsxImportSource: 'preact',
    sourcemap: 'linked',
    sourcesContent: false,
    write: false,
    logLevel: 'warning',
    chunkNames: '[name]-[hash]',
    plugins: [ownPlace(depth)],
  })
  // Its own process ends now, not with ours.
  await stop()
  return outputFiles
}

const write = (folder, outputs) => {
  mkdirSync(folder, { recursive: true })
  for (const { path, contents } of outputs) writeFileSync(join(folder, basename(path)), contents)
}

/** Builds files into a folder of their own below dist; returns it. Whoever asked removes it. */
export async function buildInto(folder, files) {
  const outputs = await bundle(
    [...files, ...children().filter((child) => !files.includes(child))],
    relative(root, folder).split(sep).length,
  )
  write(folder, outputs)
}

/**
 * Makes sure that the program as it is now has a build in force. Several processes may do so at once: a build is named after what is in it,
 * comes to be under another name, and is in force when the file that names it is replaced. `isFresh` says whether it is
 * needed (bin/built.js), `kept` how many builds stay.
 */
export async function buildProgram(isFresh, kept = 5) {
  if (!isFresh()) await build()
  // A program that runs loads parts of its own later on: not only the newest build stays.
  prune(kept)
}

async function build() {
  const began = new Date()
  const outputs = await bundle([join('src', 'cli', 'main.ts'), ...children()], 3)
  const hash = createHash('sha256')
  for (const { path, contents } of outputs) hash.update(basename(path)).update(contents)
  const name = hash.digest('hex').slice(0, 12)
  const folder = join(HOME, name)
  if (!existsSync(folder)) {
    const half = join(HOME, `.${name}-${process.pid}`)
    write(half, outputs)
    try {
      renameSync(half, folder)
    } catch (error) {
      rmSync(half, { recursive: true, force: true })
      if (!existsSync(folder)) throw error
    }
  }
  const half = `${CURRENT}.${process.pid}`
  writeFileSync(half, name)
  utimesSync(half, began, began)
  renameSync(half, CURRENT)
}

/** Removes the oldest builds until `kept` are left, never the one in force. */
function prune(kept) {
  const current = readFileSync(CURRENT, 'utf8')
  const builds = readdirSync(HOME, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== current && !entry.name.startsWith('.'))
    .map(({ name }) => ({ name, at: statSync(join(HOME, name)).mtimeMs }))
    .sort((a, b) => b.at - a.at)
  for (const { name } of builds.slice(kept - 1)) rmSync(join(HOME, name), { recursive: true, force: true })
}
