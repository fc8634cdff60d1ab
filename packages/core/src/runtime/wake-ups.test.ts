import { expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import { createLog } from './log.ts';
import { createWakeUps } from './wake-ups.ts';

/** A queue whose messages arrive when the test says so. */
function slowQueue() {
  const sent: { kind: string; body: string; arrive: () => void; fail: (error: Error) => void }[] = [];
  const send = (kind: string, body: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    sent.push({ kind, body, arrive: resolve, fail: reject });
    return promise;
  };
  return { sent, send };
}

test('a wake-up is a message in the queue of its kind that says nothing else', async () => {
  const queue = slowQueue();
  const wakeUps = createWakeUps(queue, silentLog);
  wakeUps.notify('export.pdf');
  wakeUps.notify('evidence.sync');
  expect(queue.sent.map(({ kind, body }) => [kind, JSON.parse(body)])).toEqual([
    ['export.pdf', { kind: 'export.pdf' }],
    ['evidence.sync', { kind: 'evidence.sync' }],
  ]);
  for (const { arrive } of queue.sent) arrive();
  await wakeUps.idle();
});

test('any number of notifications while a message is sent cause one more message, and one after it another', async () => {
  const queue = slowQueue();
  const wakeUps = createWakeUps(queue, silentLog);
  for (let times = 0; times < 100; times++) wakeUps.notify('export.pdf');
  expect(queue.sent).toHaveLength(1);
  queue.sent[0]!.arrive();
  await eventually(() => expect(queue.sent).toHaveLength(2));
  queue.sent[1]!.arrive();
  await wakeUps.idle();
  expect(queue.sent).toHaveLength(2);
  wakeUps.notify('export.pdf');
  expect(queue.sent).toHaveLength(3);
});

test('a slow queue of one kind does not delay the wake-ups of another', async () => {
  const queue = slowQueue();
  const wakeUps = createWakeUps(queue, silentLog);
  wakeUps.notify('export.pdf');
  wakeUps.notify('webhook.deliver');
  expect(queue.sent.map(({ kind }) => kind)).toEqual(['export.pdf', 'webhook.deliver']);
});

test('a message that cannot be sent is only logged, and does not prevent the next one', async () => {
  const lines: string[] = [];
  const log = createLog('test', 'warn', { write: (line) => void lines.push(line) });
  const queue = slowQueue();
  const wakeUps = createWakeUps(queue, log);
  wakeUps.notify('export.pdf');
  wakeUps.notify('export.pdf');
  queue.sent[0]!.fail(new Error('The queue is unavailable.'));
  await eventually(() => expect(queue.sent).toHaveLength(2));
  queue.sent[1]!.arrive();
  await wakeUps.idle();
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 'warn', kind: 'export.pdf', err: { message: 'The queue is unavailable.' } },
  ]);
});

test('a stop waits until the last message was sent', async () => {
  const queue = slowQueue();
  const wakeUps = createWakeUps(queue, silentLog);
  await wakeUps.idle();
  wakeUps.notify('export.pdf');
  wakeUps.notify('export.pdf');
  let isIdle = false;
  const idle = wakeUps.idle().then(() => (isIdle = true));
  queue.sent[0]!.arrive();
  await eventually(() => expect(queue.sent).toHaveLength(2));
  expect(isIdle).toBe(false);
  queue.sent[1]!.arrive();
  await idle;
});
