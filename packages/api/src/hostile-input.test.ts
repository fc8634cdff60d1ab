import { allOperations, operations } from '@portfolio/core';
import { type ErrorCode, type Problem, errorCodes } from '@portfolio/core/errors';
import type { AnyOperation } from '@portfolio/core/operation';
import * as fc from 'fast-check';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type TestApi, testApi } from '../../../tests/support/api.ts';
import {
  type Place,
  type Routes,
  createPlace,
  examples,
  readRoutes,
} from '../../../tests/support/examples.ts';
import { isExhaustive } from '../../../tests/support/exhaustive.ts';
import { user } from '../../../tests/support/services.ts';
import {
  type Fields,
  hostileBody,
  hostileFields,
  hostileHeaders,
  hostileQuery,
  objectOf,
} from './testing/hostile.ts';

const named = allOperations.map((operation) => [operation.name, operation] as const);

/** The number of inputs per operation and interface; random ones in an exhaustive run, otherwise always the same. */
const runs = isExhaustive ? { numRuns: 8 } : { numRuns: 2, seed: 2026 };
/** A request that takes longer fails the test. */
const timeoutMilliseconds = 15_000;
/** A WebSocket accepts messages of up to 64 KiB. */
const maxMessageBytes = 60_000;
/** Node's servers accept 16 KiB of address and headers. */
const maxPathCharacters = 8000;

const agent = new Agent({ keepAlive: true });
let api: TestApi;
let place: Place;
let routes: Routes;
let key: string;
/** Strings of a portfolio that the caller is not a member of: ids, slugs, hashes, cursors. */
let foreign: string[];

beforeAll(async () => {
  api = await testApi();
  place = await createPlace(api, 'open');
  const elsewhere = await createPlace(api, 'elsewhere');
  const { id } = await operations.portfolio.read.run(api.as(user('owner')), { portfolio: 'open' });
  await api.addMember(id, 'caller', 'owner');
  key = await api.issueKey('caller');
  routes = await readRoutes(api);
  const strings = [...(await stringsOf(elsewhere))];
  foreign = [...strings, ...strings.flatMap(forge), ...forgedCursors];
});
afterAll(async () => {
  agent.destroy();
  await api.stop();
});

const toBase64url = (json: string) => Buffer.from(json, 'latin1').toString('base64url');

const forgedCursors = ['null', '[]', '{}', '["\\u0000"]', '[1e400]', '\xff'].map(toBase64url);

/** Cursors in the format of a list, at positions that no row can have. */
function forge(cursor: string): string[] {
  const json = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!json.startsWith('{')) return [];
  const numbers = ['-1', '0.5', '1e308', '-1e308', '99999999999'];
  return [
    ...numbers.map((number) => json.replace(/(?<=:)-?[\d.]+(?=[,}])/, number)),
    json.replace(/(?<="key":").*?(?=")/, 'infinity'),
    json.replace(/(?<="key":").*?(?=")/, '\\u0000'),
  ].map(toBase64url);
}

/** All short strings in the output of the queries of a place. */
async function stringsOf(elsewhere: Place): Promise<Set<string>> {
  const found = new Set<string>();
  const ctx = api.as(user('owner'));
  for (const operation of allOperations) {
    if (operation.kind !== 'query') continue;
    // Some examples need more data than a place has.
    const output = await operation
      .run(ctx, { ...examples[operation.name]!.input(elsewhere) })
      .catch(() => null);
    JSON.stringify(output, (_, value: unknown) => {
      if (typeof value === 'string' && value.length < 200) found.add(value);
      return value;
    });
  }
  return found;
}

type Call = { method: string; path: string; headers?: Record<string, string>; body?: string | Buffer };
type Answer = { status: number; type: string; text: string };

async function send({ method, path, headers = {}, body }: Call): Promise<Answer> {
  const { hostname, port } = new URL(api.baseUrl);
  const sent = request({
    hostname,
    port,
    agent,
    method,
    path,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      ...headers,
    },
    timeout: timeoutMilliseconds,
  });
  sent.on('timeout', () => sent.destroy(new Error('No answer in time.')));
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { statusCode: status = 0, headers: answered } = response;
  const type = answered['content-type'] ?? '';
  // A stream that is accepted does not end by itself.
  if (type.startsWith('text/event-stream')) sent.destroy();
  const isStream = type.startsWith('text/event-stream');
  return { status, type, text: isStream ? '' : await text(response) };
}

/** Throws where a problem differs from its documentation. */
function checkProblem(problem: Problem, status: number) {
  const { code, detail } = problem;
  expect(Object.keys(errorCodes)).toContain(code);
  expect(problem).toMatchObject({ type: `/api/problems/${code}`, ...errorCodes[code] });
  expect(problem.status).toBe(status);
  expect(detail).not.toBe('');
  expect(status).toBeLessThan(500);
}

/** The code of a refusal; null for a success. Throws for an answer that must never occur. */
function checkRest({ status, type, text: body }: Answer): ErrorCode | null {
  if (status < 400) return null;
  expect(type).toMatch(/^application\/problem\+json(;|$)/);
  const problem = JSON.parse(body) as Problem;
  checkProblem(problem, status);
  return problem.code;
}

function checkTrpc({ status, text: body }: Pick<Answer, 'status' | 'text'>): ErrorCode | null {
  if (status < 400) return null;
  const { problem } = (JSON.parse(body) as { error: { data: { problem: Problem } } }).error.data;
  // tRPC redirects nobody: its client reads the present address in the problem.
  checkProblem(problem, problem.code === 'moved' && status === 404 ? errorCodes.moved.status : status);
  return problem.code;
}

/** The newest row and the number of rows of every table, which any committed write changes. */
async function mark(): Promise<unknown> {
  await api.wakeUps.idle();
  return api.sql.unsafe((markQuery ??= await createMarkQuery()));
}

let markQuery: string | undefined;

// The last use of a key is recorded in the background.
const newest = (name: string) => (name === 'api_keys' ? 'count(revoked_at)' : 'max(xmin::text::bigint)');

async function createMarkQuery(): Promise<string> {
  const tables = await api.sql<{ name: string }[]>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' order by 1`;
  return tables
    .map(({ name }) => `select '${name}' as name, count(*), ${newest(name)} as newest from "${name}"`)
    .join(' union all ');
}

/** Tries inputs one after the other. A refused one must not change the database. */
async function expectSafe<Input>(
  inputs: fc.Arbitrary<Input>,
  call: (input: Input) => Promise<ErrorCode | null>,
) {
  let before = await mark();
  const property = fc.asyncProperty(inputs, async (input) => {
    const refusal = await call(input);
    const after = await mark();
    const earlier = before;
    before = after;
    expect(refusal === null ? earlier : after).toEqual(earlier);
  });
  await fc.assert(property, { ...runs, endOnFailure: true, interruptAfterTimeLimit: 40_000 });
}

const inputsOf = (operation: AnyOperation) =>
  hostileFields(operation, examples[operation.name]!.input(place), foreign);

/** A field as text of a path or a header, with one character per byte. */
function textOf(json: string): string {
  const value: unknown = json.length < 1000 && json.startsWith('"') ? JSON.parse(json) : json;
  return Buffer.from(String(value)).subarray(0, 2000).toString('latin1');
}

const escapeBytes = (bytes: string) =>
  bytes.replaceAll(/[^\w.~-]/g, (byte) => `%${Buffer.from(byte, 'latin1').toString('hex')}`);

function toRestCall({ name }: AnyOperation, given: Fields): Call {
  const { method, path } = routes.get(name)!;
  const fields = new Map(given);
  const take = (field: string) => {
    const json = fields.get(field);
    fields.delete(field);
    return json;
  };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, field: string) =>
    escapeBytes(textOf(take(field) ?? '""')),
  );
  const expected = take('expectedVersion');
  const headers: Record<string, string> = {};
  if (expected !== undefined) {
    const version = textOf(expected)
      .replaceAll(/[^\x20-\x7e]/g, '?')
      .slice(0, 500);
    headers['if-match'] = version === '*' ? version : `"${version}"`;
  }
  if (method === 'GET') {
    const query = [...fields].map(
      ([field, json]) => `${escapeBytes(Buffer.from(field).toString('latin1'))}=${escapeBytes(textOf(json))}`,
    );
    return { method, headers, path: `${filled}?${query.join('&')}` };
  }
  const bytes = take('bytes');
  if (bytes !== undefined) {
    const body = Buffer.from(bytes, bytes.startsWith('"') ? 'base64' : 'utf8');
    return { method, headers: { ...headers, 'content-type': 'image/png' }, path: filled, body };
  }
  return {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    path: filled,
    body: objectOf([...fields]),
  };
}

describe('over REST', () => {
  test.each(named)('%s answers any input, or refuses it with a documented problem', async (_, operation) => {
    const calls = fc
      .record({
        fields: inputsOf(operation),
        query: hostileQuery,
        headers: fc.oneof(
          { weight: 3, arbitrary: fc.constant({}) },
          { weight: 1, arbitrary: hostileHeaders },
        ),
        body: fc.option(hostileBody, { freq: 6 }),
      })
      .map(({ fields, query, headers, body }): Call => {
        const call = toRestCall(operation, fields);
        const isBodiless = call.method === 'GET' || body === null;
        return {
          ...call,
          path: (call.path + (call.path.includes('?') ? query.replace('?', '&') : query)).slice(
            0,
            maxPathCharacters,
          ),
          headers: { ...call.headers, ...headers },
          ...(!isBodiless && { body }),
        };
      });
    await expectSafe(calls, async (call) => checkRest(await send(call)));
  });
});

function toTrpcCall({ name, kind }: AnyOperation, input: string, headers: Record<string, string>): Call {
  const path = `/trpc/${name}`;
  if (kind === 'mutation') {
    return {
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: input,
    };
  }
  const query = encodeURIComponent(input.toWellFormed()).slice(0, maxPathCharacters);
  return { method: 'GET', path: `${path}?input=${query}`, headers };
}

describe('over tRPC', () => {
  const callables = named.filter(([, { kind }]) => kind !== 'subscription');

  test.each(callables)(
    '%s answers any input, or refuses it with a documented problem',
    async (_, operation) => {
      const calls = fc
        .record({
          input: fc.oneof(
            { weight: 5, arbitrary: inputsOf(operation).map(objectOf) },
            { weight: 1, arbitrary: hostileBody },
          ),
          headers: fc.oneof(
            { weight: 3, arbitrary: fc.constant({}) },
            { weight: 1, arbitrary: hostileHeaders },
          ),
        })
        .map(({ input, headers }) => toTrpcCall(operation, input, headers));
      await expectSafe(calls, async (call) => checkTrpc(await send(call)));
    },
  );

  const streams = named.filter(([, { kind }]) => kind === 'subscription');

  test.each(streams)(
    '%s answers any input, or refuses it with a documented problem',
    async (_, operation) => {
      const inputs = inputsOf(operation)
        .map(objectOf)
        .filter((input) => Buffer.byteLength(input) < maxMessageBytes);
      await expectSafe(inputs, async (input) => {
        const message = await firstMessage(operation.name, input);
        return 'error' in message
          ? checkTrpc({ status: message.error.data.httpStatus, text: JSON.stringify(message) })
          : null;
      });
    },
  );

  type Message = { result: unknown } | { error: { data: { httpStatus: number } } };

  async function firstMessage(path: string, input: string): Promise<Message> {
    const socket = new WebSocket(`${api.baseUrl.replace('http', 'ws')}/trpc?connectionParams=1`);
    await once(socket, 'open');
    socket.send(JSON.stringify({ method: 'connectionParams', data: { authorization: `Bearer ${key}` } }));
    socket.send(
      `{"id":1,"method":"subscription","params":{"path":${JSON.stringify(path)},"input":${input}}}`,
    );
    const [message] = await once(socket, 'message', { signal: AbortSignal.timeout(timeoutMilliseconds) });
    socket.terminate();
    return JSON.parse(String(message)) as Message;
  }
});
