import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { silentLog } from '../../../../tests/support/services.ts';
import { OutboundError, guardedFetch } from './guarded-fetch.ts';
import { createHostBreakers } from './host-breakers.ts';
import { toOutage } from './outage.ts';

const nobody = 'http://127.0.0.1:1/';
const server = createServer((_request, response) => void response.writeHead(500).end());
let somebody: string;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  somebody = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => void server.close());

const fetchOnce = (url: string) =>
  guardedFetch(url, { maxBytes: 100, timeoutMilliseconds: 5000, allowPrivate: true });

const errorOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a host that does not answer is not asked again at once, and is no outage of ours; others are asked', async () => {
  const hosts = createHostBreakers(silentLog);
  for (let times = 0; times < 3; times += 1) await errorOf(hosts.run(nobody, () => fetchOnce(nobody)));
  const work = vi.fn<() => Promise<unknown>>(() => fetchOnce(nobody));
  const error = await errorOf(hosts.run(`${nobody}other?path`, work));
  expect(work).not.toHaveBeenCalled();
  expect(error).toBeInstanceOf(OutboundError);
  expect(error).toMatchObject({ code: 'unreachable' });
  expect(toOutage(error)).toBeNull();
  expect((await hosts.run(somebody, () => fetchOnce(somebody))).status).toBe(500);
});

test('a host that answers is asked, whatever it answers, and so is one that may not be', async () => {
  const hosts = createHostBreakers(silentLog);
  for (let times = 0; times < 5; times += 1) {
    expect((await hosts.run(somebody, () => fetchOnce(somebody))).status).toBe(500);
    const forbidden = hosts.run(somebody, () =>
      guardedFetch(somebody, { maxBytes: 1, timeoutMilliseconds: 5000 }),
    );
    expect(await errorOf(forbidden)).toMatchObject({ code: 'forbidden_address' });
  }
});

const fail = () => Promise.reject(new OutboundError('unreachable', 'It cannot be reached.'));

test('only so many hosts are remembered: those that were asked last', async () => {
  const hosts = createHostBreakers(silentLog);
  const isRefused = async () => (await errorOf(hosts.run(nobody, async () => {}))) !== undefined;
  const askOthers = async (count: number) => {
    for (let at = 0; at < count; at += 1) await hosts.run(`https://h${at}.example`, async () => {});
  };
  for (let times = 0; times < 3; times += 1) await errorOf(hosts.run(nobody, fail));
  await askOthers(999);
  expect(await isRefused()).toBe(true);
  await askOthers(1000);
  expect(await isRefused()).toBe(false);
});
