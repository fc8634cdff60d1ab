import { createRateCounter, type RateCounter } from '@portfolio/core/runtime/rate-limit';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type TestApi, testApi } from '../support/api.ts';
import { silentLog } from '../support/services.ts';
import { send } from './support/https.ts';
import { type Nginx, createCertificates, hasNginx, startNginx } from './support/nginx.ts';

const publicOrigin = 'https://portfolio.example';
const portfolios = '/api/v1/portfolios';
const anonymousPerMinute = 2;

describe.skipIf(!hasNginx)('NGINX in front of the API (needs the Debian package nginx)', () => {
  const certificates = createCertificates();
  const { cert: ca } = certificates.authority;

  let api: TestApi;
  let counter: RateCounter;
  let nginx: Nginx;
  let authorization: string;
  beforeAll(async () => {
    const late: { counter?: RateCounter } = {};
    const take: RateCounter['take'] = (...given) => late.counter!.take(...given);
    const rateLimits = {
      counter: { take } as RateCounter,
      perMinute: 1000,
      portfolioPerMinute: 1000,
      anonymousPerMinute,
    };
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

  test('passes writes and reads', async () => {
    const headers = { authorization, 'content-type': 'application/json' };
    const body = JSON.stringify({ slug: 'team', name: 'Team' });
    const { consumers } = nginx.ports;
    expect(await send(consumers, ca, { method: 'POST', path: portfolios, headers, body })).toMatchObject({
      status: 201,
    });
    const read = await send(nginx.ports.browsers, ca, {
      path: `${portfolios}/team`,
      headers: { authorization },
    });
    expect([read.status, JSON.parse(read.body)]).toMatchObject([200, { slug: 'team' }]);
  });

  test('passes errors of the API unchanged', async () => {
    const { status, body } = await send(nginx.ports.consumers, ca, {
      path: '/api/v1/nothing',
      headers: { authorization },
    });
    expect([status, JSON.parse(body)]).toMatchObject([404, { code: 'not_found' }]);
    expect(body).not.toContain('The API is at');
  });

  test('passes the largest body that the API accepts', async () => {
    const { status, body } = await send(nginx.ports.consumers, ca, {
      method: 'POST',
      path: portfolios,
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ slug: 'x', name: 'x'.repeat(8 * 1024 * 1024 - 23) }),
    });
    expect([status, JSON.parse(body)]).toMatchObject([422, { code: 'invalid_input' }]);
  });

  /** Opens a WebSocket from a page of `origin`. Returns the socket, or the status of the error. */
  async function upgrade(path: string, origin: string): Promise<WebSocket | number | undefined> {
    const socket = new WebSocket(`wss://localhost:${nginx.ports.browsers}${path}`, { ca, origin });
    const refused = once(socket, 'unexpected-response').then(([, response]) => {
      (response as IncomingMessage).destroy();
      return (response as IncomingMessage).statusCode;
    });
    return Promise.any([refused, once(socket, 'open').then(() => socket)]);
  }

  test('accepts WebSockets of the page', async () => {
    const socket = await upgrade('/trpc?connectionParams=1', publicOrigin);
    if (!(socket instanceof WebSocket)) throw new Error(`The upgrade failed with status ${socket}.`);
    socket.send(JSON.stringify({ method: 'connectionParams', data: { authorization } }));
    socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'portfolio.list', input: {} } }));
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(answer.toString())).toMatchObject({ id: 1, result: { type: 'data' } });
    socket.close();
  });

  test('rejects WebSockets of other origins', async () => {
    expect(await upgrade('/trpc', 'https://evil.example')).toBe(403);
  });

  /** Sends one request for each value of X-Forwarded-For, in order. */
  const statuses = async (port: 'consumers' | 'browsers', forwarded: string[]) => {
    const found: number[] = [];
    for (const header of forwarded) {
      const options = { path: portfolios, headers: { 'x-forwarded-for': header } };
      found.push((await send(nginx.ports[port], ca, options)).status);
    }
    return found;
  };

  test('limits requests by the real address of the client, whatever X-Forwarded-For it sends', async () => {
    const claims = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
    // As set by the load balancer for consumers, and by CloudFront and the load balancer for browsers.
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
