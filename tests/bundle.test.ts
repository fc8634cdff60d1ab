import { operations } from '@portfolio/core';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bundle } from '../scripts/bundle.ts';
import { plainUser } from './support/child.ts';
import { type TestServices, testServices, user } from './support/services.ts';
import { testFolder } from './support/folder.ts';
import { freePort } from './support/stack.ts';

const owner = user('owner');
const study = { portfolio: 'team', slug: 'faster' };
const running: ChildProcess[] = [];
let folder: string;
let platform: TestServices;

beforeAll(async () => {
  [folder, platform] = await Promise.all([testFolder(), testServices()]);
  // The plain user has to get there.
  await chmod(dirname(folder), 0o711);
  await chmod(folder, 0o755);
  await Promise.all([bundle('api', join(folder, 'api')), bundle('worker', join(folder, 'worker'))]);
});
afterAll(async () => {
  await Promise.all(
    running.map(async (child) => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }),
  );
  await platform.stop();
});

/** Runs a bundle as its image does: a plain user, its own folder read-only, no packages anywhere near. */
function run(name: string, environment: Record<string, string>) {
  const child = spawn(process.execPath, ['main.js'], {
    cwd: join(folder, name),
    env: { ...platform.environment, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
    ...(process.getuid?.() === 0 && plainUser),
  });
  running.push(child);
  return child;
}

test('the bundles run alone, as a plain user, and make a PDF', async () => {
  const port = await freePort();
  const api = run('api', { HOST: '127.0.0.1', PORT: String(port), LOG_LEVEL: 'warn' });
  await vi.waitFor(
    async () => expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200),
    20_000,
  );
  const worker = run('worker', { POLL_SECONDS: '1', LOG_LEVEL: 'warn' });

  await operations.portfolio.create.run(platform.as(owner), { slug: 'team', name: 'Team' });
  await operations.caseStudy.create.run(platform.as(owner), {
    ...study,
    title: 'Faster',
    body: '# Ελληνικά 中文',
  });
  const { id } = await operations.caseStudy.export.run(platform.as(owner), study);
  await vi.waitFor(async () => {
    expect(await operations.job.read.run(platform.as(owner), { id })).toMatchObject({ state: 'succeeded' });
  }, 20_000);

  for (const child of [api, worker]) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  }
});

test('a bundle brings its files and no packages', async () => {
  expect(await readdir(join(folder, 'api'))).toEqual(expect.arrayContaining(['drizzle', 'main.js']));
  for (const name of ['api', 'worker']) {
    expect(await readdir(join(folder, name))).not.toContain('node_modules');
  }
});
