import { type RequestListener, createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { createCloudResources } from '../../../../dev/cloud.ts';
import { testAws } from '../../../../tests/support/aws.ts';
import { testEncryption } from '../../../../tests/support/encryption.ts';
import { testProxy } from '../../../../tests/support/proxy.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import type { JobKind } from '../job/kinds.ts';
import { openBucket } from './bucket.ts';
import { toOutage } from './outage.ts';
import { openQueues } from './queue.ts';
import { readSettings, workerSettings } from './settings.ts';

let parts = new AsyncDisposableStack();
afterEach(async () => {
  const ended = parts;
  parts = new AsyncDisposableStack();
  await ended.disposeAsync();
});

const region = 'eu-central-1';

/** A server that replaces S3, with a count of its requests. */
async function fakeS3(answer: RequestListener) {
  const requests = vi.fn<RequestListener>(answer);
  const server = createServer(requests).listen(0, '127.0.0.1');
  await once(server, 'listening');
  parts.defer(() => void server.close());
  parts.defer(() => server.closeAllConnections());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bucket = openBucket({ region, endpoint }, 'files', silentLog);
  parts.defer(() => bucket.close());
  return { bucket, requests };
}

/** The bucket and the queues of a cloud that is reached through a proxy. */
async function behindProxy() {
  const aws = await testAws();
  parts.defer(() => aws.stop());
  const cloud = await createCloudResources(aws.endpoint);
  const proxy = await testProxy(aws.endpoint);
  parts.defer(() => proxy.stop());
  const settings = { region: cloud.AWS_REGION, endpoint: proxy.baseUrl };
  const bucket = openBucket(settings, cloud.BUCKET_NAME, silentLog);
  const environment = { DATABASE_URL: 'postgres://localhost/unused', ...cloud, ...testEncryption };
  const urls = Object.entries(readSettings(workerSettings, environment).QUEUE_URLS).map(([kind, url]) => [
    kind,
    new URL(new URL(url).pathname, proxy.baseUrl).href,
  ]);
  const queues = openQueues(settings, Object.fromEntries(urls) as Record<JobKind, string>, silentLog);
  parts.defer(() => bucket.close());
  parts.defer(() => queues.close());
  return { proxy, bucket, queues };
}

const errorOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => undefined,
    (error: unknown) => error,
  );
const isRefusedImmediately = async (asked: Promise<unknown>) =>
  String(await errorOf(asked)).startsWith('DependencyUnavailable');

const slowDown = '<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>';

test.each<[string, number, string]>([
  ['SlowDown', 503, slowDown],
  ['an error without a name', 500, ''],
  ['a page of a proxy', 502, '<html>Bad gateway</html>'],
])(
  'an S3 that answers with %s is an outage, and after three of them only the probe is sent',
  async (_, status, body) => {
    const { bucket, requests } = await fakeS3(
      (_request, response) => void response.writeHead(status).end(body),
    );
    for (let times = 0; times < 3; times += 1) {
      expect(toOutage(await errorOf(bucket.get('a')))).toMatchObject({ code: 'unavailable' });
    }
    requests.mockClear();
    const about = { contentType: 'text/plain' };
    const refused = [
      bucket.get('a'),
      bucket.stream('a'),
      bucket.put('a', Buffer.from('x'), about),
      bucket.remove('a'),
    ];
    expect(await Promise.all(refused.map(isRefusedImmediately))).toEqual([true, true, true, true]);
    expect(requests.mock.calls.filter(([{ method }]) => method !== 'HEAD')).toEqual([]);
    expect(toOutage(await errorOf(bucket.get('a')))).toMatchObject({ code: 'unavailable' });
  },
);

test('refusals and missing objects do not open the circuit breaker', async () => {
  const { bucket, requests } = await fakeS3(({ url }, response) => {
    const isGone = url?.includes('gone');
    const code = isGone ? 'NoSuchKey' : 'AccessDenied';
    response.writeHead(isGone ? 404 : 403).end(`<Error><Code>${code}</Code></Error>`);
  });
  for (let times = 0; times < 5; times += 1) {
    expect(await bucket.get('gone')).toBeNull();
    const error = await errorOf(bucket.get('secret'));
    expect(error).toMatchObject({ name: 'AccessDenied' });
    expect(toOutage(error)).toBeNull();
  }
  expect(requests).toHaveBeenCalledTimes(10);
});

test('links are signed while S3 is unavailable', async () => {
  const { bucket } = await fakeS3((_request, response) => void response.writeHead(503).end(slowDown));
  for (let times = 0; times < 3; times += 1) await errorOf(bucket.get('a'));
  expect(await isRefusedImmediately(bucket.get('a'))).toBe(true);
  expect(await bucket.signedUrl('a', 60)).toContain('X-Amz-Signature');
});

test('queues and bucket have separate circuit breakers, which close by themselves', async () => {
  const { proxy, bucket, queues } = await behindProxy();
  await queues.send('export.pdf', 'wake up');
  expect(await queues.receive('export.pdf', 1)).toMatchObject([{ body: 'wake up' }]);
  proxy.down();
  await eventually(async () =>
    expect(await isRefusedImmediately(queues.send('export.pdf', 'wake up'))).toBe(true),
  );
  expect(toOutage(await errorOf(bucket.get('a')))).toMatchObject({ code: 'unavailable' });
  proxy.up();
  await eventually(() => queues.send('export.pdf', 'wake up'));
  expect(await bucket.get('a')).toBeNull();
});

test('messages wait for no other, are received together, and come again only if they were not removed', async () => {
  const { queues } = await behindProxy();
  for (const body of ['a', 'a', 'b']) await queues.send('export.pdf', body);
  const received = await queues.receive('export.pdf', 1);
  expect(received.map(({ body }) => body)).toEqual(['a', 'a', 'b']);
  await queues.remove('export.pdf', received);
  expect(await queues.receive('export.pdf', 0)).toEqual([]);
});

test('requests to an unresponsive cloud time out', async () => {
  const { proxy, bucket, queues } = await behindProxy();
  await bucket.get('a');
  proxy.hang();
  const asked = [bucket.get('a'), bucket.remove('a'), queues.send('export.pdf', 'wake up')];
  for (const error of await Promise.all(asked.map(errorOf))) {
    expect(toOutage(error)).toMatchObject({ code: 'unavailable' });
  }
});

test('the check sends a request even while the circuit breaker is open', async () => {
  let isUnavailable = true;
  const { bucket } = await fakeS3(
    (_request, response) => void response.writeHead(isUnavailable ? 503 : 200).end(),
  );
  for (let times = 0; times < 3; times += 1) await errorOf(bucket.get('a'));
  isUnavailable = false;
  await expect(bucket.check(new AbortController().signal)).resolves.toBeDefined();
});
