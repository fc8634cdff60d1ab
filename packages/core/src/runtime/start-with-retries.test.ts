import { afterEach, expect, test, vi } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { testDatabase } from '../../../../tests/support/database.ts';
import { testProxy } from '../../../../tests/support/proxy.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import { openDatabase } from './database.ts';
import { createJobBus } from './job-bus.ts';
import { migrate } from './migrate.ts';
import { startWithRetries } from './start-with-retries.ts';

let parts = new AsyncDisposableStack();
afterEach(async () => {
  const ended = parts;
  parts = new AsyncDisposableStack();
  await ended.disposeAsync();
});

/** A database that is away. */
async function awayDatabase() {
  const database = await testDatabase();
  parts.defer(() => database.drop());
  const proxy = await testProxy(database.url);
  parts.defer(() => proxy.stop());
  proxy.down();
  const url = new URL(database.url);
  url.port = String(proxy.port);
  return { proxy, url: url.href };
}

test('what a process begins with waits for a database that is away', async () => {
  const { proxy, url } = await awayDatabase();
  const started = startWithRetries(silentLog, () => migrate({ url }));
  await eventually(() => expect(proxy.refusals()).toBeGreaterThan(1));
  proxy.up();
  await expect(started).resolves.toBeUndefined();
});

test('what another try would not mend ends the start', async () => {
  const tries = vi.fn<() => Promise<void>>(() => Promise.reject(new TypeError('no function')));
  await expect(startWithRetries(silentLog, tries)).rejects.toThrow('no function');
  expect(tries).toHaveBeenCalledTimes(1);
});

test('hints are heard in the end by a process that began while the database was away', async () => {
  const { proxy, url } = await awayDatabase();
  const pool = openDatabase({ url, poolSize: 2, applicationName: 'test', log: silentLog });
  parts.defer(() => pool.close());
  const bus = createJobBus(pool.sql, silentLog);
  parts.defer(() => bus.close());
  await bus.listen();
  expect(proxy.refusals()).toBeGreaterThan(0);
  const over = new AbortController();
  const hints = bus.subscribe(({ jobId }) => jobId === 'job_1', over.signal);
  const heard = vi.fn<() => void>();
  const listening = (async () => {
    for await (const _ of hints) heard();
  })();
  proxy.up();
  const hint = JSON.stringify([{ jobId: 'job_1', portfolioId: 'pf_1' }]);
  await eventually(async () => {
    // The first to be heard says only that listening has begun.
    await pool.sql.notify('job_hints', hint);
    expect(heard.mock.calls.length).toBeGreaterThan(2);
  });
  over.abort();
  await listening;
});
