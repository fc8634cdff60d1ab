import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const target = 'http://127.0.0.1:3000';
/** The API accepts sessions from pages of its own origin only. */
const proxied = { target, ws: true, changeOrigin: true, rewriteWsOrigin: true, headers: { origin: target } };

/** Builds to `dist/`, which the API serves. `npm run dev` reloads on edits, beside a running `npm start`. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react()],
  build: {
    // The Content-Security-Policy of the page (`default-src 'self'`) forbids data: URLs and inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // In tests, React's development build is part of it.
    chunkSizeWarningLimit: 1000,
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(['/trpc', '/api', '/auth'].map((path) => [path, proxied])),
  },
});
