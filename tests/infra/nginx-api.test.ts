import { createRateCounter, type RateCounter } from '@portfolio/core/runtime/rate-limit';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type TestApi, testApi } from '../support/api.ts';
import { silentLog } from '../support/services.ts';
import { ask } from './support/ask.ts';
import { type Nginx, createCertificates, hasNginx, startNginx } from './support/nginx.ts';

const publicOrigin = 'https://portfolio.example';
const portfolios = '/api/v1/portfolios';
const anonymousPerMinute = 2;

describe.skipIf(!hasNginx)('NGINX before the API (needs the Debian package nginx)', () => {
  const certificates = createCertificates();
  const { cert: ca } = certificates.authority;

  let api: TestApi;
  let counter: RateCounter;
  let nginx: Nginx;
  let authorization: string;
  beforeAll(async () => {
    const late: { counter?: RateCounter } = {};
    const take: RateCounter['take'] = (...given) => late.counter!.take(...given);
    const rateLimits = { counter: { take } as RateCounter, perMinute: 1000, anonymousPerMinute };
    api = await testApi({ publicOrigin, rateLimits, trustedProxyHops: 1 });
    counter = createRateCounter(api.db, silentLog, () => Date.UTC(2026, 0, 1));
    late.counter = counter;
    authorization = `Bearer ${await api.issueKey('ada')}`;
    const { host } = new URL(api.baseUrl);
    nginx = await startNginx(certificates, { api: host, metrics: host });
  });
  afterAll(async () => {
    await nginx.stop('SIGTERM');
    await counter.close();
    await api.stop();
  });

  test('what is written is read again', async () => {
    const headers = { authorization, 'content-type': 'application/json' };
    const body = JSON.stringify({ slug: 'team', name: 'Team' });
    const { consumers } = nginx.ports;
    expect(await ask(consumers, ca, { method: 'POST', path: portfolios, headers, body })).toMatchObject({
      status: 201,
    });
    const read = await ask(nginx.ports.browsers, ca, {
      path: `${portfolios}/team`,
      headers: { authorization },
    });
    expect([read.status, JSON.parse(read.body)]).toMatchObject([200, { slug: 'team' }]);
  });

  test('what the API refuses comes in its own words', async () => {
    const { status, body } = await ask(nginx.ports.consumers, ca, {
      path: '/api/v1/nothing',
      headers: { authorization },
    });
    expect([status, JSON.parse(body)]).toMatchObject([404, { code: 'not_found' }]);
    expect(body).not.toContain('The API is at');
  });

  test('the body that the API just takes gets through', async () => {
    const { status, body } = await ask(nginx.ports.consumers, ca, {
      method: 'POST',
      path: portfolios,
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ slug: 'x', name: 'x'.repeat(8 * 1024 * 1024 - 23) }),
    });
    expect([status, JSON.parse(body)]).toMatchObject([422, { code: 'invalid_input' }]);
  });

  /** Opens a WebSocket as a page of `origin` does: true, or the status of the refusal. */
  async function upgrade(path: string, origin: string): Promise<WebSocket | number | undefined> {
    const socket = new WebSocket(`wss://localhost:${nginx.ports.browsers}${path}`, { ca, origin });
    const refused = once(socket, 'unexpected-response').then(([, response]) => {
      (response as IncomingMessage).destroy();
      return (response as IncomingMessage).statusCode;
    });
    return Promise.any([refused, once(socket, 'open').then(() => socket)]);
  }

  test('a page of ours speaks by WebSocket', async () => {
    const socket = await upgrade('/trpc?connectionParams=1', publicOrigin);
    if (!(socket instanceof WebSocket)) throw new Error(`Refused with ${socket}.`);
    socket.send(JSON.stringify({ method: 'connectionParams', data: { authorization } }));
    socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'portfolio.list', input: {} } }));
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(answer.toString())).toMatchObject({ id: 1, result: { type: 'data' } });
    socket.close();
  });

  test('a page of others does not', async () => {
    expect(await upgrade('/trpc', 'https://evil.example')).toBe(403);
  });

  /** Of requests that come with such X-Forwarded-For, one after the other. */
  const statuses = async (port: 'consumers' | 'browsers', forwarded: string[]) => {
    const found: number[] = [];
    for (const header of forwarded) {
      const asked = { path: portfolios, headers: { 'x-forwarded-for': header } };
      found.push((await ask(nginx.ports[port], ca, asked)).status);
    }
    return found;
  };

  test('limits of an address are those of the client, whatever it says of itself', async () => {
    const claims = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
    // As the load balancer of consumers writes it, and as CloudFront and that of browsers do.
    expect(
      await statuses(
        'consumers',
        claims.map((claim) => `${claim}, 203.0.113.1`),
      ),
    ).toEqual([200, 200, 429]);
    expect(
      await statuses(
        'browsers',
        claims.map((claim) => `${claim}, 203.0.113.2, 10.0.24.5`),
      ),
    ).toEqual([200, 200, 429]);
    expect(await statuses('consumers', ['203.0.113.3'])).toEqual([200]);
  });
});
