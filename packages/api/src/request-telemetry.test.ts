import { anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { createLog } from '@portfolio/core/runtime/log';
import { http, streams } from '@portfolio/core/telemetry/contract';
import { activeSpan, activeTraceparent } from '@portfolio/core/telemetry/trace';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { recordTelemetry } from '../../../tests/support/telemetry.ts';
import { originOf } from './request-trace.ts';
import { streamEvents } from './rest/event-stream.ts';
import { type ServerOptions, buildServer } from './server.ts';
import { becomeStream } from './stream-telemetry.ts';

const given = { traceId: '5f3759df0123456789abcdef01234567', spanId: '0123456789abcdef' };
const traceparent = `00-${given.traceId}-${given.spanId}-01`;

type Line = {
  level: string;
  msg: string;
  trace_id?: string;
  route?: string;
  aborted?: boolean;
  stream?: string;
  res?: { statusCode: number };
  err?: { message: string };
  otherErrors?: { message: string }[];
};

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0)) await undo();
});

/** The server without a database, a bucket or a queue, with routes that the tests need. */
async function bareServer(options: Partial<ServerOptions> = {}) {
  const lines: Line[] = [];
  const server = await buildServer({
    services: { published: { onChange() {} } } as unknown as Services,
    authenticate: async () => anonymous,
    dependencies: {},
    log: createLog('api', 'debug', { write: (line) => void lines.push(JSON.parse(line) as Line) }),
    traceReads: 0,
    ...options,
  });
  cleanUp.push(() => server.close());
  const requests = () => lines.filter(({ msg }) => msg === 'request');
  return { server, lines, requests };
}

/** The numbers of requests by series. */
async function countsOf(telemetry: ReturnType<typeof recordTelemetry>, part: string) {
  const lines = (await telemetry.series(http.requests)).filter(
    (line) => line.includes('_count{') && line.includes(part),
  );
  return Object.fromEntries(
    lines.map((line) => {
      const label = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(line)![1];
      return [
        `${label('http_request_method')} ${label('http_route')} ${label('http_response_status_class')}`,
        Number(line.split(' ').at(-1)),
      ];
    }),
  );
}

describe('requests are counted', () => {
  test('by route template, method and class of status, and what is no route as _OTHER', async () => {
    await using telemetry = recordTelemetry('api');
    const { server } = await bareServer();
    server.get('/counted/:id', () => ({}));
    const before = await countsOf(telemetry, '_OTHER');
    await server.inject('/counted/1');
    await server.inject('/counted/2');
    await server.inject({ method: 'HEAD', url: '/counted/3' });
    await server.inject({ method: 'DELETE', url: '/counted/4' });
    await server.inject('/nowhere');
    expect(await countsOf(telemetry, '/counted')).toEqual({
      'GET /counted/:id 2xx': 2,
      'HEAD /counted/:id 2xx': 1,
    });
    const after = await countsOf(telemetry, '_OTHER');
    const grown = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
    expect(grown('DELETE _OTHER 4xx')).toBe(1);
    expect(grown('GET _OTHER 4xx')).toBe(1);
  });

  test('where the path is not valid, too', async () => {
    await using telemetry = recordTelemetry('api');
    const { server, requests } = await bareServer();
    await server.listen({ port: 0, host: '127.0.0.1' });
    const { port } = server.server.address() as AddressInfo;
    const before = (await countsOf(telemetry, '_OTHER'))['PUT _OTHER 4xx'] ?? 0;
    const response = await fetch(`http://127.0.0.1:${port}/%ff`, { method: 'PUT' });
    const problem = (await response.json()) as { traceId: string };
    await eventually(() => expect(requests()).toHaveLength(1));
    expect(requests()[0]).toMatchObject({ trace_id: problem.traceId, res: { statusCode: 400 } });
    expect((await countsOf(telemetry, '_OTHER'))['PUT _OTHER 4xx']).toBe(before + 1);
  });

  test('where the client disconnects: as 4xx without a response, else as they were answered', async () => {
    await using telemetry = recordTelemetry('api');
    const { server, requests } = await bareServer();
    const reached = { count: 0 };
    const never = new Promise<never>(() => {});
    server.post('/disconnected/none', () => {
      reached.count += 1;
      return never;
    });
    server.get('/disconnected/begun', (_request, reply) => {
      reached.count += 1;
      const body = new PassThrough();
      body.write('begun');
      return reply.send(body);
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
    const { port } = server.server.address() as AddressInfo;

    const posted = httpRequest({ port, method: 'POST', path: '/disconnected/none' });
    posted.on('error', () => {});
    posted.setHeader('content-type', 'application/json');
    posted.end('{}');
    await eventually(() => expect(reached.count).toBe(1));
    posted.destroy();
    const got = httpRequest({ port, path: '/disconnected/begun' }).end();
    const [response] = (await once(got, 'response')) as [NodeJS.ReadableStream];
    response.on('error', () => {});
    got.destroy();

    await eventually(() => expect(requests()).toHaveLength(2));
    expect(await countsOf(telemetry, '/disconnected')).toEqual({
      'POST /disconnected/none 4xx': 1,
      'GET /disconnected/begun 2xx': 1,
    });
    expect(requests()).toMatchObject([
      { route: '/disconnected/none', aborted: true, res: { statusCode: 499 } },
      { route: '/disconnected/begun', aborted: true, res: { statusCode: 200 } },
    ]);
  });
});

test('a client that disconnects while its stream is opened leaves a request and no open stream', async () => {
  await using telemetry = recordTelemetry('api');
  const { server, requests } = await bareServer({ traceReads: 1 });
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  let isReached = false;
  server.get('/opening', (_request, reply) => {
    isReached = true;
    return streamEvents(reply, new AbortController().signal, async () => {
      await opened.promise;
      return { resume() {}, close: closed.resolve };
    });
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  const got = httpRequest({ port: (server.server.address() as AddressInfo).port, path: '/opening' }).end();
  got.on('error', () => {});
  await eventually(() => expect(isReached).toBe(true));
  got.destroy();
  await eventually(() => expect(requests()).toMatchObject([{ res: { statusCode: 499 } }]));
  opened.resolve();
  await closed.promise;
  expect(await telemetry.series(streams.open)).toContain('portfolio_stream_open{transport="sse"} 0');
  expect(await countsOf(telemetry, '/opening')).toEqual({ 'GET /opening 4xx': 1 });
});

describe('a recorded request', () => {
  test('continues the trace of the client, and its handler runs in its span, also after a body was read', async () => {
    await using telemetry = recordTelemetry('api');
    const { server } = await bareServer();
    server.post('/recorded/:id', (request) =>
      setImmediate().then(() => ({ active: activeTraceparent(), origin: originOf(request).traceparent })),
    );
    const response = await server.inject({
      method: 'POST',
      url: '/recorded/7?q=private',
      headers: { traceparent },
      payload: { text: 'private' },
    });
    const [span, ...others] = telemetry.spans();
    expect(others).toEqual([]);
    expect(span!.name).toBe('POST /recorded/:id');
    expect(span!.parentSpanContext).toMatchObject(given);
    const own = `00-${given.traceId}-${span!.spanContext().spanId}-01`;
    expect(response.json()).toEqual({ active: own, origin: own });
    expect(span!.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/recorded/:id',
      'url.path': '/recorded/7',
      'http.response.status_code': 200,
    });
  });

  test('is no anonymous read, whatever the client wants, and leaves no context to the next of its connection', async () => {
    await using telemetry = recordTelemetry('api');
    const { server } = await bareServer();
    server.get('/sampled', () => ({ isActive: activeSpan() !== undefined }));
    await server.listen({ port: 0, host: '127.0.0.1' });
    const { port } = server.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    const answers: string[] = [];
    socket.on('data', (data) => answers.push(...(String(data).match(/\{"isActive":\w+\}/g) ?? [])));
    const get = async (...headers: string[]) => {
      const before = answers.length;
      socket.write(`GET /sampled HTTP/1.1\r\nhost: x\r\n${headers.join('\r\n')}\r\n\r\n`);
      await eventually(() => expect(answers.length).toBe(before + 1));
      return answers.at(-1);
    };
    expect(await get('authorization: Bearer x')).toBe('{"isActive":true}');
    expect(await get(`traceparent: ${traceparent}`)).toBe('{"isActive":false}');
    expect(await get('x: y')).toBe('{"isActive":false}');
    socket.destroy();
    expect(telemetry.spans().map(({ name }) => name)).toEqual(['GET /sampled']);
  });

  test('is one that failed, although it was not meant to be: with the trace that its problem document names', async () => {
    await using telemetry = recordTelemetry('api');
    const { server } = await bareServer();
    server.get('/failing', () => Promise.reject(new Error('secret of the inside')));
    const alone = (await server.inject('/failing')).json<{ traceId: string }>();
    const headers = { traceparent };
    const continued = (await server.inject({ url: '/failing', headers })).json<{ traceId: string }>();
    expect(continued.traceId).toBe(given.traceId);
    const spans = telemetry.spans();
    expect(spans.map((span) => span.spanContext().traceId)).toEqual([alone.traceId, given.traceId]);
    expect(spans.map((span) => span.parentSpanContext?.spanId)).toEqual([undefined, given.spanId]);
    expect(spans[0]!.attributes).toMatchObject({ 'http.response.status_code': 500, 'error.type': '500' });
    expect(
      JSON.stringify(spans.map(({ name, attributes, events, status }) => [name, attributes, events, status])),
    ).not.toContain('secret');
  });

  test('is one that was slow, from its beginning', async () => {
    await using telemetry = recordTelemetry('api');
    const { server } = await bareServer();
    server.get('/slow', () => wait(410, {}));
    await server.inject('/slow');
    const [span] = telemetry.spans();
    expect(span!.name).toBe('GET /slow');
    expect(span!.duration[0] * 1000 + span!.duration[1] / 1e6).toBeGreaterThan(400);
  });
});

describe('the line of a request', () => {
  test('names the trace and the route, and is the only one, also where it failed', async () => {
    const { server, lines } = await bareServer();
    server.get('/lines/:id', () => Promise.reject(new Error('broken')));
    const { traceId } = (await server.inject('/lines/1')).json<{ traceId: string }>();
    expect(traceId).toMatch(/^[\da-f]{32}$/);
    expect(lines).toMatchObject([
      {
        level: 'error',
        msg: 'request',
        trace_id: traceId,
        route: '/lines/:id',
        res: { statusCode: 500 },
        err: { message: 'broken' },
      },
    ]);
  });

  test('has the trace of every line that is written during the request', async () => {
    const { server, lines } = await bareServer();
    server.get('/child', (request) => {
      request.log.child({ part: 1 }).info('from within');
      return {};
    });
    await server.inject({ url: '/child', headers: { traceparent } });
    expect(lines.map(({ msg, trace_id }) => [msg, trace_id])).toEqual([
      ['from within', given.traceId],
      ['request', given.traceId],
    ]);
  });

  test('of a stream is written at its end, whose span has ended and which is no request', async () => {
    await using telemetry = recordTelemetry('api');
    const { server, requests } = await bareServer({ traceReads: 1 });
    const body = new PassThrough();
    server.get('/streamed', (sent, reply) => {
      becomeStream(sent, reply.raw, 'sse');
      body.write('begun');
      return reply.send(body);
    });
    const response = server.inject('/streamed');
    await eventually(() => expect(telemetry.spans().map(({ name }) => name)).toEqual(['GET /streamed']));
    expect(requests()).toEqual([]);
    body.end();
    await response;
    expect(requests()).toMatchObject([{ route: '/streamed', stream: 'sse', res: { statusCode: 200 } }]);
    expect(await countsOf(telemetry, '/streamed')).toEqual({});
  });

  test('names the errors of all calls of a batch', async () => {
    const { server, lines } = await bareServer();
    const input = encodeURIComponent(JSON.stringify({ 0: { slug: 'a' }, 1: { slug: 'b' } }));
    const response = await server.inject(`/trpc/portfolio.list,portfolio.list?batch=1&input=${input}`);
    const problems = response.json<{ error: { data: { problem: { traceId: string } } } }[]>();
    const traceIds = new Set(problems.map(({ error }) => error.data.problem.traceId));
    expect(traceIds.size).toBe(1);
    expect(lines.filter(({ level }) => level !== 'debug')).toHaveLength(1);
    expect(lines.at(-1)).toMatchObject({ msg: 'request', trace_id: [...traceIds][0], route: '/trpc/:path' });
  });
});

test('what Node cannot parse is answered and logged with one trace id', async () => {
  const { server, requests } = await bareServer();
  await server.listen({ port: 0, host: '127.0.0.1' });
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1').end('nonsense\r\n\r\n');
  const text = String((await once(socket, 'data'))[0]);
  const { traceId } = JSON.parse(text.slice(text.indexOf('{'))) as { traceId: string };
  expect(requests()).toMatchObject([{ trace_id: traceId, res: { statusCode: 400 } }]);
});

test('a body that Node cannot parse is answered and logged as of its request, with one line', async () => {
  const { server, requests } = await bareServer();
  server.post('/broken-body', () => ({}));
  await server.listen({ port: 0, host: '127.0.0.1' });
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  const headers = 'host: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked';
  socket.write(`POST /broken-body HTTP/1.1\r\n${headers}\r\n\r\nprivate\r\n`);
  const text = String((await once(socket, 'data'))[0]);
  const { traceId } = JSON.parse(text.slice(text.indexOf('{'))) as { traceId: string };
  await eventually(() => expect(requests()).not.toEqual([]));
  expect(requests()).toMatchObject([
    {
      trace_id: traceId,
      route: '/broken-body',
      err: { message: expect.stringContaining('Parse Error') as string },
    },
  ]);
  expect(JSON.stringify(requests())).not.toContain('private');
});
