// Builds the user interface into dist/web. `vite web` serves it while developing, with the API of CARIFLEX_URL behind it.
import { defineConfig } from 'vite'

const api = process.env['CARIFLEX_URL'] ?? 'http://localhost:5000'

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    // A strict Content-Security-Policy forbids data: URLs in places and inline scripts everywhere.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
  },
  server: { proxy: { '/api': api, '/health': api } },
})
