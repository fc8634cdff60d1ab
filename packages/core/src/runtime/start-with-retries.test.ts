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

/** A database that is unavailable. */
async function unavailableDatabase() {
  const database = await testDatabase();
  parts.defer(() => database.drop());
  const proxy = await testProxy(database.url);
  parts.defer(() => proxy.stop());
  proxy.down();
  const url = new URL(database.url);
  url.port = String(proxy.port);
  return { proxy, url: url.href };
}

test('the start of a process waits for an unavailable database', async () => {
  const { proxy, url } = await unavailableDatabase();
  const started = startWithRetries(silentLog, () => migrate({ url }));
  await eventually(() => expect(proxy.refusals()).toBeGreaterThan(1));
  proxy.up();
  await expect(started).resolves.toBeUndefined();
});

test('an error that is not an outage ends the start', async () => {
  const tries = vi.fn<() => Promise<void>>(() => Promise.reject(new TypeError('no function')));
  await expect(startWithRetries(silentLog, tries)).rejects.toThrow('no function');
  expect(tries).toHaveBeenCalledTimes(1);
});

test('a process that started while the database was unavailable receives hints later', async () => {
  const { proxy, url } = await unavailableDatabase();
  const pool = openDatabase({ url, poolSize: 2, applicationName: 'test', log: silentLog });
  parts.defer(() => pool.close());
  const bus = createJobBus(pool.sql, silentLog);
  parts.defer(() => bus.close());
  await bus.listen();
  expect(proxy.refusals()).toBeGreaterThan(0);
  const over = new AbortController();
  const hints = bus.subscribe(({ jobId }) => jobId === 'job_1', over.signal);
  const received = vi.fn<() => void>();
  const listening = (async () => {
    for await (const _ of hints) received();
  })();
  proxy.up();
  const hint = JSON.stringify([{ jobId: 'job_1', portfolioId: 'pf_1' }]);
  await eventually(async () => {
    // The first wake-up only means that listening has begun.
    await pool.sql.notify('job_hints', hint);
    expect(received.mock.calls.length).toBeGreaterThan(2);
  });
  over.abort();
  await listening;
});
