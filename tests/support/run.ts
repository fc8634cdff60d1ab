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
    /** The URL from which `shared` gets the shared resources of the run. */
    sharedUrl: string;
    /** The folder for everything that this run writes; removed when it ends. */
    runFolder: string;
  }
}

type Makers = { [Name in keyof Shared]: (argument: string) => Promise<Shared[Name]> };

/**
 * Vitest's global setup: one folder for everything that the run writes, and a server on 127.0.0.1 that creates shared
 * resources when the first test file requests them. A run of pure unit tests starts nothing else.
 *
 * @returns The teardown.
 */
export default async function setUpRun(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'portfolio-tests-'));
  // Not in the teardown, which does not run after an interruption.
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
