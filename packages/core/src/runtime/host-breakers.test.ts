import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { silentLog } from '../../../../tests/support/services.ts';
import { OutboundError, guardedFetch } from './guarded-fetch.ts';
import { createHostBreakers } from './host-breakers.ts';
import { toOutage } from './outage.ts';

const unreachable = 'http://127.0.0.1:1/';
const server = createServer((_request, response) => void response.writeHead(500).end());
let reachable: string;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  reachable = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => void server.close());

const fetchOnce = (url: string) =>
  guardedFetch(url, { maxBytes: 100, timeoutMilliseconds: 5000, allowPrivate: true });

const errorOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => undefined,
    (error: unknown) => error,
  );

test('after failures of a host, its requests are refused without an outage of the platform, and other hosts are fetched', async () => {
  const hosts = createHostBreakers(silentLog);
  for (let times = 0; times < 3; times += 1)
    await errorOf(hosts.run(unreachable, () => fetchOnce(unreachable)));
  const work = vi.fn<() => Promise<unknown>>(() => fetchOnce(unreachable));
  const error = await errorOf(hosts.run(`${unreachable}other?path`, work));
  expect(work).not.toHaveBeenCalled();
  expect(error).toBeInstanceOf(OutboundError);
  expect(error).toMatchObject({ code: 'unreachable' });
  expect(toOutage(error)).toBeNull();
  expect((await hosts.run(reachable, () => fetchOnce(reachable))).status).toBe(500);
});

test('responses of any status and forbidden addresses do not open the circuit breaker of a host', async () => {
  const hosts = createHostBreakers(silentLog);
  for (let times = 0; times < 5; times += 1) {
    expect((await hosts.run(reachable, () => fetchOnce(reachable))).status).toBe(500);
    const forbidden = hosts.run(reachable, () =>
      guardedFetch(reachable, { maxBytes: 1, timeoutMilliseconds: 5000 }),
    );
    expect(await errorOf(forbidden)).toMatchObject({ code: 'forbidden_address' });
  }
});

const fail = () => Promise.reject(new OutboundError('unreachable', 'The server is unreachable.'));

test('a limited number of hosts have a circuit breaker: those that were used last', async () => {
  const hosts = createHostBreakers(silentLog);
  const isRefused = async () => (await errorOf(hosts.run(unreachable, async () => {}))) !== undefined;
  const askOthers = async (count: number) => {
    for (let at = 0; at < count; at += 1) await hosts.run(`https://h${at}.example`, async () => {});
  };
  for (let times = 0; times < 3; times += 1) await errorOf(hosts.run(unreachable, fail));
  await askOthers(999);
  expect(await isRefused()).toBe(true);
  await askOthers(1000);
  expect(await isRefused()).toBe(false);
});
