import { errorCodes } from '@portfolio/core/errors';
import { readTraceparent } from '@portfolio/core/telemetry/trace';
import { once } from 'node:events';
import { Agent } from 'node:https';
import { type TLSSocket, connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type RequestOptions, send } from './support/https.ts';
import { type Nginx, createCertificates, hasNginx, startNginx } from './support/nginx.ts';
import { echo, startUpstream } from './support/upstream.ts';

/** Waits until the other side closes or resets the connection. */
const isLeft = (socket: TLSSocket) =>
  new Promise<boolean>((resolve) => {
    socket
      .resume()
      .on('error', () => resolve(true))
      .on('close', () => resolve(true));
  });

/** The header in which the load balancer for consumers passes the subject of a client certificate. */
const subject = (name: string) => ({ 'x-amzn-mtls-clientcert-subject': name });

/** The trace of a `traceparent` that NGINX made. */
const traceOf = (traceparent: string | undefined) =>
  /^00-([\da-f]{32})-[\da-f]{16}-00$/.exec(traceparent!)?.[1];

const post = (bytes: number) => ({ method: 'POST', path: '/api/v1/images', body: Buffer.alloc(bytes) });

describe.skipIf(!hasNginx)('NGINX (needs the Debian package nginx)', () => {
  const certificates = createCertificates();
  const { authority, monitoring, consumer, expired, revoked, foreign } = certificates;

  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  let metrics: Awaited<ReturnType<typeof startUpstream>>;
  let nginx: Nginx;
  beforeAll(async () => {
    upstream = await startUpstream(echo);
    metrics = await startUpstream((_request, response) => void response.end('requests_total 1\n'));
    nginx = await startNginx(certificates, { api: upstream.address, metrics: metrics.address });
  });
  afterAll(async () => {
    await nginx.stop('SIGTERM');
    await Promise.all([upstream.stop(), metrics.stop()]);
  });

  type Port = keyof Nginx['ports'];
  const get = (port: Port, options: RequestOptions | string) =>
    send(nginx.ports[port], authority.cert, typeof options === 'string' ? { path: options } : options);
  /** The headers that reach the API. */
  async function passed(port: Port, headers: RequestOptions['headers'] = {}) {
    const { body } = await get(port, { path: '/api/v1/jobs', headers });
    return (JSON.parse(body) as { headers: Record<string, string> }).headers;
  }

  /** The client address that reaches the API. */
  const addressFrom = async (port: Port, header: string) =>
    (await passed(port, { 'x-forwarded-for': header }))['x-forwarded-for'];
  /** The Upgrade header that reaches the API. */
  async function upgradeOf(port: Port, to: string, path: string) {
    const { body } = await get(port, { path, headers: { connection: 'upgrade', upgrade: to } });
    return (JSON.parse(body) as { headers: Record<string, string> }).headers.upgrade;
  }

  describe('on the port for monitoring', () => {
    test('requires a client certificate', async () => {
      const { status, body } = await get('monitoring', '/metrics');
      expect(status).toBe(400);
      expect(JSON.parse(body)).toMatchObject({ code: 'malformed_request' });
    });

    test.each([
      ['a certificate of another authority with the same name', foreign],
      ['an expired certificate', expired],
      ['a revoked certificate', revoked],
    ])('rejects %s', async (_, { cert, key }) => {
      expect(await get('monitoring', { path: '/metrics', cert, key })).toMatchObject({ status: 400 });
    });

    test('serves metrics to the monitoring certificate', async () => {
      const { cert, key } = monitoring;
      const { status, body } = await get('monitoring', { path: '/metrics', cert, key });
      expect([status, body]).toEqual([200, 'requests_total 1\n']);
    });

    test('denies metrics to other valid certificates', async () => {
      const { cert, key } = consumer;
      const { status, body } = await get('monitoring', { path: '/metrics', cert, key });
      expect(status).toBe(403);
      expect(JSON.parse(body)).toMatchObject({ code: 'forbidden', status: 403 });
    });

    test('serves nothing else', async () => {
      const { cert, key } = monitoring;
      expect(await get('monitoring', { path: '/api/v1/jobs', cert, key })).toMatchObject({ status: 404 });
    });
  });

  describe('metrics from the load balancers', () => {
    test('are served to the monitoring certificate, as verified by the load balancer for consumers', async () => {
      const options = { path: '/metrics', headers: subject('CN=portfolio-monitoring') };
      expect(await get('consumers', options)).toMatchObject({ status: 200, body: 'requests_total 1\n' });
    });

    test.each([
      ['no certificate', {}],
      ['another subject', subject('CN=consumer')],
      ['a subject with the same prefix', subject('CN=portfolio-monitoring-2')],
      ['a subject that contains the name', subject('O=a\\,CN=portfolio-monitoring')],
      ['the name in a similar header', { x_amzn_mtls_clientcert_subject: 'CN=portfolio-monitoring' }],
    ])('are denied to %s', async (_, headers) => {
      expect(await get('consumers', { path: '/metrics', headers })).toMatchObject({ status: 403 });
    });

    test('are not served to browsers, whatever headers they send', async () => {
      const options = { path: '/metrics', headers: subject('CN=portfolio-monitoring') };
      expect(await get('browsers', options)).toMatchObject({ status: 404 });
    });
  });

  describe.each(['consumers', 'browsers'] as const)('on the port for %s', (port) => {
    test('passes method, path and query unchanged', async () => {
      const options = { method: 'PUT', path: '/api/v1/a%2Fb?c=%20d&e', body: '{}' };
      const { status, body } = await get(port, options);
      expect([status, JSON.parse(body)]).toMatchObject([200, { method: 'PUT', url: options.path }]);
    });

    test('passes tRPC calls', async () => {
      const { body } = await get(port, '/trpc/job.read,job.list?batch=1');
      expect(JSON.parse(body)).toMatchObject({ url: '/trpc/job.read,job.list?batch=1' });
    });

    test('passes the request for security.txt', async () => {
      const { body } = await get(port, '/.well-known/security.txt');
      expect(JSON.parse(body)).toMatchObject({ url: '/.well-known/security.txt' });
    });

    test.each([
      '/',
      '/.well-known/',
      '/readyz',
      '/trpcx',
      '/api',
      '/auth',
      '/api/../readyz',
      '/api/%2e%2e/readyz',
      '/.git/config',
    ])('does not pass %s', async (path) => {
      const { status, headers, body } = await get(port, path);
      expect(status).toBe(404);
      expect(headers['content-type']).toBe('application/problem+json');
      expect(JSON.parse(body)).toMatchObject({ code: 'not_found', status: 404 });
    });

    test('removes all headers that identify a client', async () => {
      const spoofed = {
        forwarded: 'for=1.2.3.4',
        'x-real-ip': '1.2.3.4',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-port': '80',
        'x-original-url': '/admin',
        'x-amzn-mtls-clientcert': 'x',
        'x-amzn-mtls-clientcert-subject': 'CN=portfolio-monitoring',
        'x-amzn-mtls-clientcert-issuer': 'CN=x',
        'x-amzn-mtls-clientcert-leaf': 'x',
        'x-amzn-mtls-clientcert-serial-number': '1',
        'x-amzn-mtls-clientcert-validity': 'x',
        'x-amzn-oidc-identity': 'owner',
        x_forwarded_for: '1.2.3.4',
      };
      const headers = await passed(port, { ...spoofed, 'x-forwarded-proto': 'http', 'x-other': 'kept' });
      for (const name of Object.keys(spoofed)) expect(headers, name).not.toHaveProperty([name]);
      expect(headers).toMatchObject({ 'x-forwarded-proto': 'https', 'x-other': 'kept', host: '127.0.0.1' });
    });

    test('is healthy without the API', async () => {
      expect(await get(port, '/healthz')).toMatchObject({ status: 200 });
    });

    test('sends Strict-Transport-Security', async () => {
      for (const path of ['/api/v1/jobs', '/nothing']) {
        const { headers } = await get(port, path);
        expect(headers['strict-transport-security']).toBe('max-age=63072000; includeSubDomains');
      }
    });

    test('has the body size limit of the API', async () => {
      expect(await get(port, post(8 * 1024 * 1024))).toMatchObject({ status: 200 });
      const { status, body } = await get(port, post(8 * 1024 * 1024 + 1));
      expect([status, JSON.parse(body)]).toMatchObject([413, { code: 'payload_too_large' }]);
    });

    test('rejects headers that are too large', async () => {
      const headers = { cookie: 'x'.repeat(70_000) };
      expect(await get(port, { path: '/api/v1/jobs', headers })).toMatchObject({ status: 400 });
    });

    test('upgrades to WebSockets at /trpc only, and to no other protocol', async () => {
      expect(await upgradeOf(port, 'websocket', '/trpc')).toBe('websocket');
      expect(await upgradeOf(port, 'h2c', '/trpc')).toBeUndefined();
      expect(await upgradeOf(port, 'websocket', '/api/v1/jobs')).toBeUndefined();
    });
  });

  describe('the sign-in', () => {
    const signIn = { path: '/auth/sign-in?to=%2Fjobs', headers: { cookie: '__Host-session=abc' } };

    const from = (address: string) =>
      get('browsers', { ...signIn, headers: { 'x-forwarded-for': `${address}, 10.0.24.5` } });

    test('gets path, query and cookies of browsers', async () => {
      const { body } = await get('browsers', signIn);
      expect(JSON.parse(body)).toMatchObject({ url: signIn.path, headers: { cookie: '__Host-session=abc' } });
    });

    test('sets cookies and redirects', async () => {
      const api = await startUpstream((_request, response) =>
        response
          .writeHead(302, {
            'set-cookie': ['__Host-session=new; Secure; HttpOnly; Path=/', '__Host-sign-in=; Max-Age=0'],
            location: 'https://id.example.com/authorize?state=1',
          })
          .end(),
      );
      const front = await startNginx(certificates, { api: api.address, metrics: metrics.address });
      const { status, headers } = await send(front.ports.browsers, authority.cert, signIn);
      expect(status).toBe(302);
      expect(headers['set-cookie']).toHaveLength(2);
      expect(headers.location).toBe('https://id.example.com/authorize?state=1');
      await front.stop();
      await api.stop();
    });

    test('is on the domain of the page only', async () => {
      expect(await get('consumers', signIn)).toMatchObject({ status: 404 });
    });

    test('is limited by address and not for others, and the limit is a problem of the API', async () => {
      const many = await Promise.all(Array.from({ length: 100 }, () => from('203.0.113.50')));
      const refused = many.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(10);
      expect(many.length - refused.length).toBeGreaterThan(50);
      expect(refused[0]!.headers['retry-after']).toBe('60');
      expect(JSON.parse(refused[0]!.body)).toMatchObject({
        ...errorCodes.too_many_requests,
        code: 'too_many_requests',
        type: '/api/problems/too_many_requests',
      });
      expect(await from('203.0.113.51')).toMatchObject({ status: 200 });
    });

    test('has a small limit on bodies', async () => {
      const body = Buffer.alloc(16 * 1024 + 1);
      const headers = { 'x-forwarded-for': '203.0.113.52, 10.0.24.5' };
      expect(await get('browsers', { method: 'POST', path: '/auth/sign-out', headers, body })).toMatchObject({
        status: 413,
      });
    });
  });

  describe('the address of a client', () => {
    test('is the last address in X-Forwarded-For on the port for consumers', async () => {
      expect(await addressFrom('consumers', '203.0.113.7')).toBe('203.0.113.7');
      expect(await addressFrom('consumers', '10.0.0.1, 198.51.100.1, 203.0.113.7')).toBe('203.0.113.7');
      expect(await addressFrom('consumers', 'x,2001:db8::7')).toBe('2001:db8::7');
    });

    test('is the last but one address on the port for browsers, where the last is CloudFront', async () => {
      expect(await addressFrom('browsers', '203.0.113.7, 10.0.24.9')).toBe('203.0.113.7');
      expect(await addressFrom('browsers', '10.0.0.1, 198.51.100.1,203.0.113.7 , 10.0.24.9')).toBe(
        '203.0.113.7',
      );
    });

    test('is the address of the connection without X-Forwarded-For', async () => {
      expect(await passed('consumers')).toMatchObject({ 'x-forwarded-for': '127.0.0.1' });
      expect(await passed('browsers', { 'x-forwarded-for': '203.0.113.7' })).toMatchObject({
        'x-forwarded-for': '127.0.0.1',
      });
    });
  });

  test('keeps connections to the API open, and those of load balancers longer than their idle timeout', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = upstream.connections();
    for (let round = 0; round < 5; round++) {
      const { headers } = await get('consumers', { path: '/api/v1/jobs', agent });
      expect(headers.connection).toBe('keep-alive');
    }
    expect(upstream.connections() - before).toBeLessThanOrEqual(1);
    agent.destroy();
  });

  test('logs client and path of requests, without the query', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-amzn-mtls-clientcert-subject': 'CN="a\\"b' };
    await get('consumers', { path: '/api/v1/logged?secret=1', headers });
    await eventually(async () => {
      const line = (await nginx.log()).find(({ path }) => path === '/api/v1/logged');
      expect(line).toMatchObject({
        method: 'GET',
        status: '200',
        client: '203.0.113.9',
        certificate: 'CN="a\\"b',
        port: String(nginx.ports.consumers),
      });
      expect(JSON.stringify(line)).not.toContain('secret');
    });
  });

  describe('the trace of a request', () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const given = `00-${traceId}-b7ad6b7169203331-01`;
    const root = '1-5759e988-bd862e3fe1be46a994272793';
    const ofLoadBalancer = root.slice(2).replace('-', '');
    const fromLoadBalancer = { 'x-amzn-trace-id': `Self=1-67891234-12456789abcdef012345678;Root=${root}` };

    test('is that of a valid traceparent, which reaches the API unchanged', async () => {
      expect(await passed('browsers', { traceparent: given, ...fromLoadBalancer })).toMatchObject({
        traceparent: given,
      });
    });

    test.each([
      ['none', {}],
      ['one without a trace', { traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01` }],
      ['one without a span', { traceparent: `00-${traceId}-${'0'.repeat(16)}-01` }],
      ['one of version ff', { traceparent: `ff${given.slice(2)}` }],
      ['one in capitals', { traceparent: given.toUpperCase() }],
      ['one with more at its end', { traceparent: `${given}, x` }],
      ['one that would break JSON', { traceparent: `${given.slice(0, 40)}"}` }],
    ])('is that of the load balancer if the client sends %s', async (_, headers) => {
      const { traceparent } = await passed('consumers', { ...headers, ...fromLoadBalancer });
      expect(traceOf(traceparent)).toBe(ofLoadBalancer);
      expect(readTraceparent(traceparent)).toMatchObject({ traceId: ofLoadBalancer });
    });

    test.each([['none'], ['Root=1-5759e988-x'], ['Root=2-5759e988-bd862e3fe1be46a994272793']])(
      'is new if the load balancer sends %s, and another one for each request',
      async (sent) => {
        const found = await Promise.all(
          [1, 2].map(async () =>
            traceOf((await passed('consumers', { 'x-amzn-trace-id': sent })).traceparent),
          ),
        );
        expect(found).toEqual([expect.any(String), expect.any(String)]);
        expect(new Set(found)).toHaveLength(2);
      },
    );

    test('is in the log and in the problems of NGINX', async () => {
      const { body } = await get('consumers', { path: '/nothing-1', headers: { traceparent: given } });
      expect(JSON.parse(body)).toMatchObject({ code: 'not_found', traceId });
      const { traceId: made } = JSON.parse((await get('consumers', '/nothing-2')).body) as {
        traceId: string;
      };
      expect(made).toMatch(/^[\da-f]{32}$/);
      await eventually(async () => {
        const lines = await nginx.log();
        const lineOf = (path: string) => lines.find((line) => line.path === path);
        expect(lineOf('/nothing-1')).toMatchObject({ trace_id: traceId, level: 'info' });
        expect(lineOf('/nothing-2')).toMatchObject({ trace_id: made, level: 'info' });
      });
    });
  });

  test('answers errors with the problem types and titles of the API', async () => {
    for (const [port, path] of [
      ['monitoring', '/metrics'],
      ['consumers', '/metrics'],
      ['consumers', '/x'],
    ] as const) {
      const problem = JSON.parse((await get(port, path)).body) as { code: keyof typeof errorCodes };
      expect(problem).toMatchObject({ ...errorCodes[problem.code], type: `/api/problems/${problem.code}` });
    }
  });

  describe('with a slow client or a slow API', () => {
    let impatient: Nginx;
    let bodies = 0;
    beforeAll(async () => {
      const change = {
        'client_header_timeout 10s': 'client_header_timeout 500ms',
        'client_body_timeout 10s': 'client_body_timeout 500ms',
        'proxy_read_timeout 55s': 'proxy_read_timeout 500ms',
      };
      const counted = await startUpstream((request, response) => {
        if (request.method === 'POST') bodies += 1;
        if (request.url !== '/api/v1/mute') response.end('ok');
      });
      impatient = await startNginx(certificates, { api: counted.address, metrics: metrics.address, change });
      return async () => {
        await impatient.stop('SIGTERM');
        await counted.stop();
      };
    });

    async function say(text: string): Promise<TLSSocket> {
      const { consumers: port } = impatient.ports;
      const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca: authority.cert });
      await once(socket, 'secureConnect');
      socket.write(text);
      return socket;
    }

    test('closes a connection whose headers are incomplete', async () => {
      const socket = await say('GET /api/v1/jobs HTTP/1.1\r\nHost: x\r\nX-Slow: ');
      expect(await isLeft(socket)).toBe(true);
    });

    test('closes a connection whose body is incomplete, without calling the API', async () => {
      const socket = await say('POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345');
      expect(await isLeft(socket)).toBe(true);
      expect(bodies).toBe(0);
    });

    test('answers 503 if the API does not respond', async () => {
      const { status, headers, body } = await send(impatient.ports.consumers, authority.cert, {
        path: '/api/v1/mute',
      });
      expect([status, headers['retry-after'], JSON.parse(body)]).toMatchObject([
        503,
        '5',
        { code: 'unavailable', ...errorCodes.unavailable, traceId: expect.stringMatching(/^[\da-f]{32}$/) },
      ]);
      await eventually(async () =>
        expect((await impatient.log()).find(({ path }) => path === '/api/v1/mute')).toMatchObject({
          level: 'error',
        }),
      );
    });
  });

  test('answers 503 if the API is unreachable', async () => {
    const gone = await startUpstream(echo);
    await gone.stop();
    const lonely = await startNginx(certificates, { api: gone.address, metrics: metrics.address });
    const { status, body } = await send(lonely.ports.browsers, authority.cert, { path: '/api/v1/jobs' });
    expect([status, JSON.parse(body)]).toMatchObject([503, { code: 'unavailable' }]);
    await lonely.stop();
  });

  test('uses a renewed certificate without a restart', async () => {
    const another = createCertificates().authority;
    const renewed = await startNginx(certificates, { api: upstream.address, metrics: metrics.address });
    await renewed.install(another.issue('localhost'));
    expect(await send(renewed.ports.consumers, another.cert, { path: '/healthz' })).toMatchObject({
      status: 200,
    });
    await renewed.stop();
  });

  test('finishes open requests before it stops', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const slow = await startUpstream((_request, response) => {
      arrive();
      void released.then(() => response.end('done'));
    });
    const leaving = await startNginx(certificates, { api: slow.address, metrics: metrics.address });
    const answer = send(leaving.ports.consumers, authority.cert, { path: '/api/v1/jobs' });
    await arrived;
    const stopped = leaving.stop();
    await eventually(() =>
      expect(send(leaving.ports.consumers, authority.cert, { path: '/healthz' })).rejects.toThrow(
        'ECONNREFUSED',
      ),
    );
    release();
    expect(await answer).toMatchObject({ status: 200, body: 'done' });
    await stopped;
    await slow.stop();
  });
});
