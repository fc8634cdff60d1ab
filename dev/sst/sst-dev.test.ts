import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { testAws } from '../../tests/support/aws.ts';
import { testFolder } from '../../tests/support/folder.ts';
import { freePort } from '../../tests/support/stack.ts';
import { createCloudResources } from '../cloud.ts';
import { inheritedEnvironment } from '../settings.ts';

const parts = new AsyncDisposableStack();
afterEach(() => parts.disposeAsync());

/** Runs one of the programs of `sst dev`; resolves when it prints a line with the text. */
async function run(args: string[], environment: Record<string, string>, until: string): Promise<void> {
  const script = fileURLToPath(new URL(args[0]!, import.meta.url));
  const child = spawn(process.execPath, [script, ...args.slice(1)], {
    env: { ...inheritedEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  parts.defer(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  });
  for await (const line of createInterface(child.stdout)) if (line.includes(until)) return;
  throw new Error(`${args.join(' ')} ended before it printed "${until}".`);
}

test('database, API and worker of sst dev run locally, with the queue and the bucket of their settings', async () => {
  const aws = await testAws();
  parts.defer(() => aws.stop());
  const port = String(await freePort());
  const local = {
    PORT: port,
    DATABASE_PORT: String(await freePort()),
    PORTFOLIO_DATA_DIR: await testFolder(),
  };
  const settings = {
    ...local,
    ...(await createCloudResources(aws.endpoint)),
    HOST: '127.0.0.1',
    POLL_SECONDS: '1',
  };
  // Each program waits for those it needs.
  const programs = [
    run(['reload.ts', 'api'], settings, 'Server listening'),
    run(['reload.ts', 'worker'], settings, 'worker is accepting jobs'),
    run(['database.ts'], local, "the owner's key is in"),
  ];
  await Promise.all(programs);
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect(await response.json()).toMatchObject({ status: 'ready' });
}, 180_000);
