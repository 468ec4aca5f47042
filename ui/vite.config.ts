// How the pages are built and tested.
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// Two pages, no inlined assets and no module-preload polyfill: the content security policy allows only our own files.
export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: { input: { index: 'index.html', wall: 'wall.html' } },
  },
  test: { environment: 'happy-dom', include: ['test/**/*.test.{ts,tsx}'], testTimeout: 10_000 },
})
