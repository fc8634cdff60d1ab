import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { Shared } from './shared.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where `shared` asks for what the whole run shares. */
    sharedUrl: string;
    /** Everything that this run writes; removed when it ends. */
    runFolder: string;
  }
}

type Makers = { [Name in keyof Shared]: (argument: string) => Promise<Shared[Name]> };

/**
 * Vitest's global setup: one folder for all that the run writes, and a server on 127.0.0.1 that makes what test files
 * share when the first of them asks for it. A run of pure unit tests starts nothing else.
 *
 * @returns The teardown.
 */
export default async function setUpRun(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'portfolio-tests-'));
  // Not left to the teardown, which an interrupted run does not get to.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const started = new AsyncDisposableStack();
  const made = new Map<string, Promise<unknown>>();
  const makers: Makers = {
    cluster: async () => (await import('./cluster.ts')).startCluster(folder, started),
    stage: async (name) => {
      const [{ evaluateStage }, { buildWeb }] = await Promise.all([
        import('../infra/synth/index.ts'),
        import('../../dev/web.ts'),
      ]);
      await buildWeb(join(import.meta.dirname, '../../build/web'));
      return evaluateStage(name);
    },
  };

  function make(path: string): Promise<unknown> {
    const [name = '', argument = ''] = path.slice(1).split('/');
    const one = made.get(path) ?? makers[name as keyof Makers](argument);
    made.set(path, one);
    return one;
  }

  const server = createServer((request, response) => {
    make(request.url!).then(
      (value) => response.end(JSON.stringify(value)),
      (error: unknown) => response.writeHead(500).end(String(error instanceof Error ? error.stack : error)),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  project.provide('sharedUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  project.provide('runFolder', folder);
  return async () => {
    server.close();
    server.closeAllConnections();
    await started.disposeAsync();
  };
}
