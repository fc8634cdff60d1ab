import { ofEachKind } from '@portfolio/core/job/kinds';
import type { Received } from '@portfolio/core/runtime/queue';
import { expect, test, vi } from 'vitest';
import { silentLog } from '../../../tests/support/services.ts';
import { poll } from './polls.ts';
import { createSlots } from './slots.ts';

const kind = 'export.pdf';
const message: Received = { body: '{}', receipt: 'receipt' };
const turn = () => new Promise(setImmediate);

/** A poll of a queue whose messages arrive when the test says so. */
function polling(free = 1) {
  const draining = new AbortController();
  const slots = createSlots({ ...ofEachKind(() => 0), [kind]: free });
  const answers: PromiseWithResolvers<Received[]>[] = [];
  const receive = vi.fn<(kind: string, seconds: number) => Promise<Received[]>>(() => {
    const answer = Promise.withResolvers<Received[]>();
    answers.push(answer);
    return answer.promise;
  });
  const remove = vi.fn<(kind: string, messages: readonly Received[]) => Promise<void>>(async () => {});
  const wake = vi.fn<(kinds: readonly string[]) => Promise<void>>(async () => {});
  const notify = vi.fn<(kind: string) => void>();
  const log = Object.assign(Object.create(silentLog) as typeof silentLog, {
    warn: vi.fn<(about: object, message: string) => void>(),
  });
  const poller = {
    queues: { receive, remove } as unknown as Parameters<typeof poll>[0]['queues'],
    claims: { wake, idle: async () => {} },
    slots,
    wakeUps: { notify },
    pollSeconds: 20,
    log,
  };
  const ended = poll(poller, kind, draining.signal);
  return {
    draining,
    slots,
    receive,
    remove,
    wake,
    notify,
    log,
    ended,
    async answer(messages: Received[] | Error) {
      await vi.waitFor(() => expect(answers.length).toBeGreaterThan(0));
      const { resolve, reject } = answers.shift()!;
      if (messages instanceof Error) reject(messages);
      else resolve(messages);
      await turn();
    },
    async stop() {
      draining.abort();
      for (const { resolve } of answers) resolve([]);
      await ended;
    },
  };
}

test('a message causes one claim of its kind, and is removed', async () => {
  const one = polling();
  await one.answer([message, message]);
  expect(one.receive.mock.calls[0]).toEqual([kind, 20]);
  expect(one.wake.mock.calls).toEqual([[[kind]]]);
  expect(one.remove.mock.calls).toEqual([[kind, [message, message]]]);
  expect(one.notify).not.toHaveBeenCalled();
  await one.stop();
});

test('a poll without messages causes no claim, and another poll', async () => {
  const one = polling();
  await one.answer([]);
  expect(one.wake).not.toHaveBeenCalled();
  expect(one.receive).toHaveBeenCalledTimes(2);
  await one.stop();
});

test('a kind without a free slot is not polled until one is released: its wake-ups stay for others', async () => {
  const one = polling(0);
  await turn();
  expect(one.receive).not.toHaveBeenCalled();
  one.slots.release(kind);
  await vi.waitFor(() => expect(one.receive).toHaveBeenCalledTimes(1));
  await one.stop();
});

test('a wake-up that arrives when the slots were filled meanwhile is passed on to others', async () => {
  const one = polling();
  await turn();
  one.slots.take(kind);
  await one.answer([message]);
  expect(one.wake).not.toHaveBeenCalled();
  expect(one.notify.mock.calls).toEqual([[kind]]);
  expect(one.remove).toHaveBeenCalledTimes(1);
  await one.stop();
});

test('a wake-up that a draining worker receives is passed on to others', async () => {
  const one = polling();
  await turn();
  one.draining.abort();
  await one.answer([message]);
  await one.ended;
  expect(one.wake).not.toHaveBeenCalled();
  expect(one.notify.mock.calls).toEqual([[kind]]);
  expect(one.remove).toHaveBeenCalledTimes(1);
});

test('a message is removed even while its claim fails or takes long', async () => {
  const one = polling();
  const claim = Promise.withResolvers<void>();
  one.wake.mockReturnValueOnce(claim.promise);
  await one.answer([message]);
  expect(one.remove).toHaveBeenCalledTimes(1);
  expect(one.receive).toHaveBeenCalledTimes(1);
  claim.resolve();
  await vi.waitFor(() => expect(one.receive).toHaveBeenCalledTimes(2));
  await one.stop();
});

test('a message that cannot be removed is logged, and changes nothing', async () => {
  const one = polling();
  const claim = Promise.withResolvers<void>();
  one.wake.mockReturnValueOnce(claim.promise);
  one.remove.mockRejectedValueOnce(new Error('The receipt has expired.'));
  await one.answer([message]);
  await turn();
  claim.resolve();
  await vi.waitFor(() => expect(one.log.warn).toHaveBeenCalledTimes(1));
  expect(one.wake).toHaveBeenCalledTimes(1);
  await one.stop();
});

test('a queue that is unavailable is polled again, and a stop does not wait for that', async () => {
  const one = polling();
  await one.answer(new Error('The queue is unavailable.'));
  expect(one.log.warn.mock.calls[0]![0]).toMatchObject({
    kind,
    err: { message: 'The queue is unavailable.' },
  });
  await vi.waitFor(() => expect(one.receive).toHaveBeenCalledTimes(2), 5000);
  await one.answer(new Error('The queue is unavailable.'));
  await one.stop();
});
