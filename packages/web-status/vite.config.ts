import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Builds to `dist/`, which the API serves. `npm run dev` shows edits at once, beside a running `npm start`. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react()],
  build: {
    // Under the page's policy (`default-src 'self'`) everything must be a file: no data: URLs, no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/trpc': { target: 'http://127.0.0.1:3000', ws: true, changeOrigin: true, rewriteWsOrigin: true },
    },
  },
});
