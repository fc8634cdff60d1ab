import { type Actor, anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { AppError, type ErrorCode } from '@portfolio/core/errors';
import { streamOperation } from '@portfolio/core/operation';
import type { Receiver, Tracked } from '@portfolio/core/stream';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { eventually } from '../../../tests/support/eventually.ts';
import { createFollow } from './follow.ts';

const closed = vi.fn<() => void>();
/** Delivers one item and goes on. */
const stream = streamOperation({
  name: 'test.stream',
  summary: '',
  scope: 'job:read',
  public: true,
  input: z.strictObject({ id: z.string() }),
  output: z.string(),
  tenant: 'none',
  async open(_ctx, { id }, _tenant, receiver) {
    receiver.item({ cursor: '1', data: id });
    if (id === 'ends') receiver.end();
    return { resume() {}, close: closed };
  },
});

class Client implements Receiver<string> {
  items: Tracked<string>[] = [];
  ended = vi.fn<(error?: unknown) => void>();
  item = (item: Tracked<string>) => void this.items.push(item);
  isFull = () => false;
  end = this.ended;
}

const services = {} as Services;
const recheckMilliseconds = 20;
const revoked = (code: ErrorCode) => async () => Promise.reject(new AppError(code, 'No longer.'));
const follower = (credential: string) => ({ credential, actor: anonymous });

test('all streams of a credential end when it is revoked, and those of others continue', async () => {
  const authenticate = vi.fn<(authorization: string | undefined) => Promise<Actor>>(async (authorization) => {
    if (authorization === 'revoked') throw new AppError('unauthenticated', 'Revoked.');
    return anonymous;
  });
  const follow = createFollow(services, authenticate, () => {}, recheckMilliseconds);
  const [one, two, other] = [new Client(), new Client(), new Client()];
  await follow(stream, follower('revoked'), { id: 'a' }, one);
  await follow(stream, follower('revoked'), { id: 'b' }, two);
  const open = await follow(stream, follower('valid'), { id: 'a' }, other);
  for (const { ended } of [one, two]) {
    await eventually(() =>
      expect(ended.mock.calls).toEqual([[expect.objectContaining({ code: 'unauthenticated' })]]),
    );
  }
  expect(closed).toHaveBeenCalledTimes(2);
  expect(one.items).toEqual([{ cursor: '1', data: 'a' }]);
  expect(other.ended).not.toHaveBeenCalled();
  open.close();
  expect(closed).toHaveBeenCalledTimes(3);
});

test.each(['forbidden', 'not_found'] as const)(
  'the streams of what became %s end, and others of the same credential continue',
  async (code) => {
    const authorize = vi.fn<typeof stream.authorize>(async (_ctx, { id }) =>
      id === 'lost' ? revoked(code)() : undefined,
    );
    const follow = createFollow(
      services,
      async () => anonymous,
      () => {},
      recheckMilliseconds,
    );
    const [lost, kept] = [new Client(), new Client()];
    await follow({ ...stream, authorize }, follower('key'), { id: 'lost' }, lost);
    const open = await follow({ ...stream, authorize }, follower('key'), { id: 'kept' }, kept);
    await eventually(() => expect(lost.ended).toHaveBeenCalledWith(expect.objectContaining({ code })));
    expect(kept.ended).not.toHaveBeenCalled();
    open.close();
  },
);

test('a credential and what it follows are checked once in an interval, however many streams there are', async () => {
  const authenticate = vi.fn<(authorization: string | undefined) => Promise<Actor>>(async () => anonymous);
  const authorize = vi.fn<typeof stream.authorize>(async () => {});
  const follow = createFollow(services, authenticate, () => {}, recheckMilliseconds);
  const streams = await Promise.all(
    Array.from({ length: 50 }, () =>
      follow({ ...stream, authorize }, follower('key'), { id: 'a' }, new Client()),
    ),
  );
  await eventually(() => expect(authorize.mock.calls.length).toBeGreaterThan(2));
  expect(Math.abs(authenticate.mock.calls.length - authorize.mock.calls.length)).toBeLessThan(3);
  for (const open of streams) open.close();
  const { length } = authenticate.mock.calls;
  const later = await follow(stream, follower('other'), { id: 'a' }, new Client());
  await eventually(() => expect(authenticate.mock.calls.length).toBeGreaterThan(length + 1));
  expect(authenticate.mock.calls.slice(length)).not.toContainEqual(['key']);
  later.close();
});

test('an end that throws is logged, and the other streams are checked and ended', async () => {
  const authenticate = vi.fn<() => Promise<Actor>>(revoked('unauthenticated'));
  const fault = new Error('A fault.');
  const logError = vi.fn<(error: unknown) => void>();
  const follow = createFollow(services, authenticate, logError, recheckMilliseconds);
  const [faulty, same, other] = [new Client(), new Client(), new Client()];
  faulty.ended.mockThrow(fault);
  await follow(stream, follower('key'), { id: 'a' }, faulty);
  await follow(stream, follower('key'), { id: 'b' }, same);
  await follow(stream, follower('other'), { id: 'a' }, other);
  await eventually(() => {
    for (const { ended } of [same, other]) expect(ended).toHaveBeenCalled();
  });
  expect(logError).toHaveBeenCalledWith(fault);
});

test('a check that is slow does not delay the others', async () => {
  const authenticate = vi.fn<(authorization: string | undefined) => Promise<Actor>>((authorization) =>
    authorization === 'slow' ? new Promise(() => {}) : revoked('unauthenticated')(),
  );
  const follow = createFollow(services, authenticate, () => {}, recheckMilliseconds);
  const [slow, other] = [new Client(), new Client()];
  await follow(stream, follower('slow'), { id: 'a' }, slow);
  await eventually(() => expect(authenticate).toHaveBeenCalledWith('slow'));
  await follow(stream, follower('other'), { id: 'a' }, other);
  await eventually(() => expect(other.ended).toHaveBeenCalled());
  expect(authenticate.mock.calls.filter(([authorization]) => authorization === 'slow')).toHaveLength(1);
  expect(slow.ended).not.toHaveBeenCalled();
});

test('a stream continues while its credential cannot be checked', async () => {
  const authenticate = vi.fn<() => Promise<Actor>>(revoked('unavailable'));
  const client = new Client();
  const open = await createFollow(services, authenticate, () => {}, recheckMilliseconds)(
    stream,
    follower('key'),
    { id: 'a' },
    client,
  );
  await eventually(() => expect(authenticate.mock.calls.length).toBeGreaterThan(2));
  expect(client.ended).not.toHaveBeenCalled();
  open.close();
});

test('a stream that is over at once is not checked', async () => {
  const authenticate = vi.fn<(authorization: string | undefined) => Promise<Actor>>(async () => anonymous);
  const follow = createFollow(services, authenticate, () => {}, recheckMilliseconds);
  const client = new Client();
  await follow(stream, follower('over'), { id: 'ends' }, client);
  expect(client.ended).toHaveBeenCalledWith(undefined);
  const open = await follow(stream, follower('key'), { id: 'a' }, new Client());
  await eventually(() => expect(authenticate.mock.calls.length).toBeGreaterThan(2));
  expect(authenticate.mock.calls).not.toContainEqual(['over']);
  open.close();
});
