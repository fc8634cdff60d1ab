import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { silentLog, type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { operations } from '../index.ts';
import { jobs, outbox } from '../job/job.sql.ts';
import { createOutboxNotifier, relayOutbox } from './relay.ts';

const owner = user('owner');
const silent = { notify() {} };
let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  await operations.portfolio.create.run(platform.as(owner), { slug: 'team', name: 'Team' });
});
beforeEach(() => platform.db.delete(jobs));
afterAll(() => platform.stop());

let studies = 0;
/** A job of a study of its own: those of one study wait for each other. */
async function accept() {
  const study = { portfolio: 'team', slug: `study-${(studies += 1)}` };
  await operations.caseStudy.create.run(platform.as(owner), { ...study, title: 'Faster' });
  await operations.caseStudy.export.run({ ...platform.as(owner), wakeUps: silent }, study);
}
const unavailable = {
  send: () => Promise.reject(new Error('The queue is unavailable.')),
};

test('rows that could not be sent remain in the outbox', async () => {
  await accept();
  await expect(relayOutbox(platform.db, unavailable)).rejects.toThrow('unavailable');
  expect(await platform.db.$count(outbox)).toBe(1);
  expect(await relayOutbox(platform.db, platform.queue)).toBe(1);
  expect(await platform.db.$count(outbox)).toBe(0);
});

test('a row that is sent again because the response of the queue was lost is delivered once', async () => {
  const { queue } = platform;
  while (await queue.receive(0, 1)) void 0;
  await accept();
  const lossy = {
    async send(messages: Parameters<typeof queue.send>[0]) {
      await queue.send(messages);
      throw new Error('The answer got lost.');
    },
  };
  await expect(relayOutbox(platform.db, lossy)).rejects.toThrow('got lost');
  expect(await relayOutbox(platform.db, queue)).toBe(1);
  const received = await queue.receive(0, 30);
  expect(received?.job).not.toBeNull();
  // While a message is out, the others of its group wait.
  await queue.remove(received!);
  expect(await queue.receive(0, 30)).toBeNull();
});

test('if the queue accepts part of a batch, the rest remains in the outbox', async () => {
  await accept();
  await accept();
  const picky = { send: async ([first]: { id: string }[]) => [first!.id] };
  expect(await relayOutbox(platform.db, picky)).toBe(1);
  expect(await platform.db.$count(outbox)).toBe(1);
});

test('concurrent relays send each row once', async () => {
  await Promise.all(Array.from({ length: 15 }, accept));
  const sent: string[] = [];
  const record = {
    async send(messages: { id: string }[]) {
      const ids = messages.map(({ id }) => id);
      sent.push(...ids);
      return ids;
    },
  };
  async function relayAll() {
    while ((await relayOutbox(platform.db, record)) > 0);
  }
  await Promise.all([relayAll(), relayAll(), relayAll()]);
  expect(sent.length).toBe(15);
  expect(new Set(sent).size).toBe(15);
});

test('a notification while the outbox is being sent causes another round', async () => {
  const sent: string[] = [];
  const wakeUps = createOutboxNotifier(
    platform.db,
    {
      async send(messages) {
        if (sent.length === 0) {
          await accept();
          wakeUps.notify();
        }
        sent.push(...messages.map(({ jobId }) => jobId));
        return messages.map(({ id }) => id);
      },
    },
    silentLog,
  );
  await accept();
  wakeUps.notify();
  await wakeUps.idle();
  expect(new Set(sent).size).toBe(2);
});

test('a notification while the queue is unavailable causes no error', async () => {
  await accept();
  const wakeUps = createOutboxNotifier(platform.db, unavailable, silentLog);
  wakeUps.notify();
  await wakeUps.idle();
  expect(await platform.db.$count(outbox)).toBe(1);
});
