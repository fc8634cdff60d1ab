import { type Actor, anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { AppError } from '@portfolio/core/errors';
import { streamOperation } from '@portfolio/core/operation';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { follow } from './follow.ts';

/** Yields one item, then waits for its signal. */
const stream = streamOperation({
  name: 'test.stream',
  summary: '',
  scope: 'job:read',
  public: true,
  input: z.strictObject({}),
  output: z.string(),
  tenant: 'none',
  async *run({ signal }) {
    yield { cursor: '1', data: 'one' };
    if (!signal.aborted) await once(signal, 'abort');
  },
});

const services = {} as Services;
const valid = async () => anonymous;
const invalid = async () => Promise.reject(new AppError('unauthenticated', 'Unknown.'));
const recheckMilliseconds = 1;

test('a stream ends as unauthenticated when its credential is revoked', async () => {
  const answers: (Actor | AppError)[] = [anonymous, anonymous, new AppError('unauthenticated', 'Revoked.')];
  async function actor() {
    const answer = answers.shift()!;
    if (answer instanceof AppError) throw answer;
    return answer;
  }
  const items = await follow(stream, { services, actor }, {}, [], recheckMilliseconds);
  expect(await items.next()).toEqual({ done: false, value: { cursor: '1', data: 'one' } });
  await expect(items.next()).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(answers).toEqual([]);
});

test.each(['forbidden', 'not_found'] as const)(
  'a stream ends when its actor is refused as %s',
  async (code) => {
    const authorize = async () => Promise.reject(new AppError(code, 'Not a member any more.'));
    const items = await follow(
      { ...stream, authorize },
      { services, actor: valid },
      {},
      [],
      recheckMilliseconds,
    );
    await items.next();
    await expect(items.next()).rejects.toMatchObject({ code });
  },
);

test('a stream continues while its credential cannot be checked', async () => {
  let checks = 0;
  const client = new AbortController();
  async function actor() {
    checks += 1;
    if (checks > 5) client.abort();
    if (checks > 1) throw new AppError('unavailable', 'The database is unavailable.');
    return anonymous;
  }
  const items = await follow(stream, { services, actor }, {}, [client.signal], recheckMilliseconds);
  await items.next();
  expect(await items.next()).toEqual({ done: true, value: undefined });
  expect(checks).toBe(6);
});

test('a stream ends without an error when its client disconnects, and with the reason when the server stops', async () => {
  const [client, server] = [new AbortController(), new AbortController()];
  const signals = [client.signal, server.signal];
  const left = await follow(stream, { services, actor: valid }, {}, signals);
  await left.next();
  client.abort();
  expect((await left.next()).done).toBe(true);

  const stopped = await follow(stream, { services, actor: valid }, {}, [server.signal]);
  await stopped.next();
  server.abort(new AppError('unavailable', 'The server is stopping.'));
  await expect(stopped.next()).rejects.toMatchObject({ code: 'unavailable' });
});

test('an invalid credential is refused before the stream begins', async () => {
  await expect(follow(stream, { services, actor: invalid }, {}, [])).rejects.toMatchObject({
    code: 'unauthenticated',
  });
});
