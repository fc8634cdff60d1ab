import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { openSharedCache } from '../../packages/core/src/runtime/shared-cache.ts';
import { until } from './until.ts';
import { silentLog } from './services.ts';
import { freePort } from './stack.ts';

/** Redis from Debian's package, which has the same protocol as Valkey. */
const program = '/usr/bin/redis-server';
export const hasValkey = existsSync(program);

/** A separate server on a free port, without persistence. */
export async function startValkey() {
  const port = await freePort();
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn(program, settings, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  for await (const line of createInterface(child.stdout)) if (line.includes('Ready to accept')) break;
  child.stdout.resume();
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The cache at a URL as a process opens it, not connected yet. */
export function openCache(url: string) {
  const settings = { CACHE_URL: url, CACHE_REPLICATION_GROUP: undefined, AWS_REGION: 'eu-central-1' };
  return openSharedCache(settings, silentLog)!;
}

/** The same, connected. */
export async function connectCache(url: string) {
  const cache = openCache(url);
  await until('the cache answers', () => cache.read('any', 'any'));
  return cache;
}
