import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimJob } from '../../../../tests/support/jobs.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import type { Actor } from '../actor.ts';
import { eraseAddresses } from '../audit/erase.ts';
import { operations } from '../index.ts';
import { transitions } from '../job/transitions.ts';
import { disableGone, fetchToSend, recordAttempt, settleFailedDeliveries } from './attempts.ts';
import { fanOutEvents } from './fan-out.ts';
import { recordWebhookEvent } from './record.ts';
import { signatureOf } from './secret.ts';
import { readSecrets } from './stored-secrets.ts';

const { webhook } = operations;
const owner = user('owner');
const url = 'https://example.com/hook';
const all = '*' as const;
let portfolio = '';
let portfolioId = '';
let count = 0;

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
});
beforeEach(async () => {
  portfolio = `team-${++count}`;
  ({ id: portfolioId } = await operations.portfolio.create.run(platform.as(owner), {
    slug: portfolio,
    name: 'Team',
  }));
});
afterAll(() => platform.stop());

const create = (rest: object = {}, actor: Actor = owner) =>
  webhook.create.run(platform.as(actor), { portfolio, url, events: ['case-study.published'], ...rest });
const read = (id: string) => webhook.read.run(platform.as(owner), { portfolio, id });
const update = (id: string, rest: object) =>
  webhook.update.run(platform.as(owner), { portfolio, id, expectedVersion: all, ...rest });
/** The secrets with which a delivery is signed. */
const secretsOf = async (delivery: string) =>
  readSecrets(platform.encryption, (await fetchToSend(platform.db, delivery))!.stored);
const deliveriesOf = async (id: string, rest: object = {}) =>
  (await webhook.deliveries.run(platform.as(owner), { portfolio, id, ...rest })).items;
const record = (slug: string) =>
  recordWebhookEvent(platform.db, { portfolioId, type: 'case-study.published', data: { slug } });
const fanOut = () => fanOutEvents(platform.db);

/** What the messages to a webhook say. */
async function messagesTo(id: string) {
  await fanOut();
  const deliveries = await deliveriesOf(id);
  return Promise.all(
    deliveries.map(async ({ id: delivery }) => {
      const { payload } = await webhook.delivery.run(platform.as(owner), { portfolio, id, delivery });
      return payload.data;
    }),
  );
}

/** A delivery whose job ended in the given state. */
async function endedDelivery(id: string, state: 'succeeded' | 'failed') {
  const delivery = await webhook.test.run(platform.as(owner), { portfolio, id });
  const lease = { id: delivery.job!, token: randomUUID() };
  await claimJob(platform.db, lease, 60);
  const error = { code: 'webhook_failed', message: 'The last word.' };
  await transitions.end(
    platform.db,
    lease,
    state === 'succeeded' ? { type: state, result: { responseStatus: 204 } } : { type: state, error },
  );
  return delivery.id;
}

/** Makes a delivery fail after one attempt, settled by two workers concurrently. */
async function failOne(id: string) {
  const failed = await endedDelivery(id, 'failed');
  await recordAttempt(platform.db, failed, { isDelivered: false, responseStatus: 500, error: 'No.' });
  await Promise.all([settleFailedDeliveries(platform.db), settleFailedDeliveries(platform.db)]);
}
/** Moves the first failure some days into the past. */
const passDays = (id: string, days: number) => platform.sql`
  update webhooks set failing_since = failing_since - make_interval(days => ${days}) where id = ${id}`;

/** Changes the portfolio, from an address. */
function rename(name: string) {
  const ctx = { ...platform.as(owner), origin: { address: '192.0.2.7', requestId: 'a request' } };
  return operations.portfolio.update.run(ctx, { portfolio, name, expectedVersion: all });
}

describe('a webhook', () => {
  test('is read as it was written, with its secret only in the first response', async () => {
    const { secret, ...created } = await create({ description: 'Builds' });
    expect(created).toMatchObject({
      portfolio,
      url,
      description: 'Builds',
      enabled: true,
      disabledReason: null,
    });
    expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(await read(created.id)).toEqual(created);
    const { items } = await webhook.list.run(platform.as(owner), { portfolio });
    expect(items).toEqual([created]);
    const audit = await operations.audit.list.run(platform.as(owner), { portfolio });
    expect(JSON.stringify([items, audit])).not.toContain(secret.slice(6));
  });

  test('can be changed and deleted only with its current version', async () => {
    const { id, version } = await create();
    const changed = await update(id, { events: ['job.failed', 'job.failed'], enabled: false });
    expect(changed).toMatchObject({ events: ['job.failed'], enabled: false, disabledReason: 'manual' });
    const stale = { portfolio, id, expectedVersion: version };
    const ctx = platform.as(owner);
    for (const change of [webhook.update, webhook.rotateSecret, webhook.delete]) {
      await expect(change.run(ctx, stale)).rejects.toMatchObject({ code: 'precondition_failed' });
    }
    expect(await read(id)).toEqual(changed);
    const { version: expectedVersion } = changed;
    expect(await webhook.delete.run(ctx, { portfolio, id, expectedVersion })).toBeNull();
    await expect(read(id)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('of another portfolio is not found', async () => {
    const { id } = await create();
    const other = { slug: `other-${count}`, name: 'Other' };
    await operations.portfolio.create.run(platform.as(owner), other);
    const there = { portfolio: other.slug, id };
    for (const ask of [webhook.read, webhook.deliveries, webhook.test]) {
      await expect(ask.run(platform.as(owner), there)).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  test('sends an address only what its maker may read', async () => {
    const narrow = user('owner', ['webhook:read', 'webhook:write', 'job:read']);
    for (const events of [['claim.stale'], ['evidence.changed'], ['job.failed', 'case-study.published']]) {
      await expect(create({ events }, narrow)).rejects.toMatchObject({ code: 'forbidden' });
    }
    expect(await create({ events: ['job.failed'] }, narrow)).toMatchObject({ events: ['job.failed'] });
    const { id } = await create();
    const change = (fields: object) =>
      webhook.update.run(platform.as(narrow), { portfolio, id, expectedVersion: all, ...fields });
    await expect(change({ url: 'https://elsewhere.example/' })).rejects.toThrow('scope case-study:read');
    await expect(change({ events: ['evidence.changed'] })).rejects.toThrow('scope evidence:read');
    expect(await change({ enabled: false })).toMatchObject({ url, enabled: false });
    expect(await change({ events: ['job.failed'], url: 'https://elsewhere.example/' })).toMatchObject({
      events: ['job.failed'],
    });
  });

  test('sends no message to another address, pending or again, for who may not read it', async () => {
    const narrow = platform.as(user('owner', ['webhook:read', 'webhook:write']));
    const { id } = await create();
    await record('hidden');
    await fanOut();
    const [delivery] = await deliveriesOf(id);
    const change = (fields: object) =>
      webhook.update.run(narrow, { portfolio, id, expectedVersion: all, ...fields });
    const elsewhere = { url: 'https://elsewhere.example/' };
    await change({ events: ['webhook.disabled'] });
    await expect(change(elsewhere)).rejects.toThrow('scope case-study:read');
    await platform.sql`update webhook_deliveries set state = 'failed' where id = ${delivery!.id}`;
    expect(await change(elsewhere)).toMatchObject(elsewhere);
    const again = webhook.redeliver.run(narrow, { portfolio, id, delivery: delivery!.id });
    await expect(again).rejects.toThrow('scope case-study:read');
  });

  test('shows a delivery only to those who may read its message', async () => {
    const { id } = await create();
    await record('hidden');
    await fanOut();
    const [delivery] = await deliveriesOf(id);
    const show = (actor: Actor) =>
      webhook.delivery.run(platform.as(actor), { portfolio, id, delivery: delivery!.id });
    await expect(show(user('owner', ['webhook:read']))).rejects.toThrow('scope case-study:read');
    expect(await show(user('owner', ['webhook:read', 'case-study:read']))).toMatchObject({
      payload: { data: { slug: 'hidden' } },
    });
  });

  test.each([
    'http://example.com/',
    'https://localhost/hook',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://user:secret@example.com/',
    'https://example.com/#part',
    'ftp://example.com/',
    'example.com',
    `https://example.com/${'x'.repeat(2000)}`,
  ])('cannot have the URL %s', async (bad) => {
    await expect(create({ url: bad })).rejects.toMatchObject({
      code: 'invalid_input',
      fields: [{ pointer: '/url' }],
    });
  });

  test.each([
    ['https://bücher.example/ü?q=日本', 'https://xn--bcher-kva.example/%C3%BC?q=%E6%97%A5%E6%9C%AC'],
    ['https://EXAMPLE.com:8443/a/../b', 'https://example.com:8443/b'],
  ])('at %s is stored as %s', async (given, stored) => {
    expect(await create({ url: given })).toMatchObject({ url: stored });
  });

  test('is one of up to twenty, even if many are requested concurrently', async () => {
    const attempts = await Promise.allSettled(Array.from({ length: 24 }, () => create()));
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    await expect(create()).rejects.toMatchObject({ code: 'conflict' });
  });

  test('is accessible to owners only', async () => {
    const { id } = await create();
    await platform.addMember(portfolioId, 'editor', 'editor');
    const ctx = platform.as(user('editor'));
    for (const ask of [webhook.read, webhook.deliveries, webhook.test]) {
      await expect(ask.run(ctx, { portfolio, id })).rejects.toMatchObject({ code: 'forbidden' });
    }
  });
});

describe('a signature', () => {
  test('matches the example of Standard Webhooks', () => {
    const message = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestampSeconds: 1614265330,
      body: '{"test": 2432232314}',
    };
    expect(signatureOf(message, ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  test('is also made with the old secret for a day after a rotation', async () => {
    const { id, secret: first } = await create();
    const delivery = await webhook.test.run(platform.as(owner), { portfolio, id });
    const rotated = await webhook.rotateSecret.run(platform.as(owner), {
      portfolio,
      id,
      expectedVersion: all,
    });
    expect(rotated.secret).not.toBe(first);
    expect(await secretsOf(delivery.id)).toEqual({
      secret: rotated.secret,
      previousSecret: first,
    });
    await platform.sql`
      update webhooks set previous_secret_until = previous_secret_until - interval '1 day' where id = ${id}`;
    expect(await secretsOf(delivery.id)).toEqual({
      secret: rotated.secret,
      previousSecret: null,
    });
  });
});

describe('an event', () => {
  test('becomes one delivery, with a job, to each enabled webhook that subscribes to it', async () => {
    const [first, second, unsubscribed, off] = [
      await create(),
      await create({ events: ['job.failed', 'case-study.published'] }),
      await create({ events: ['job.failed'] }),
      await create(),
    ];
    await update(off.id, { enabled: false });
    await fanOut();
    await record('faster');
    const { events, jobs } = await fanOut();
    expect(events).toBe(1);
    expect(jobs).toHaveLength(2);
    expect(await fanOut()).toEqual({ events: 0, jobs: [] });
    expect(await deliveriesOf(unsubscribed.id)).toEqual([]);
    expect(await deliveriesOf(off.id)).toEqual([]);
    const [one] = await deliveriesOf(first.id);
    const [other] = await deliveriesOf(second.id);
    expect(one).toMatchObject({ state: 'pending', attempts: 0, event: 'case-study.published' });
    expect(one!.messageId).toBe(other!.messageId);
    const { payload } = await webhook.delivery.run(platform.as(owner), {
      portfolio,
      id: first.id,
      delivery: one!.id,
    });
    expect(payload).toEqual({
      type: 'case-study.published',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: { slug: 'faster' },
    });
    const job = await operations.job.read.run(platform.as(owner), { id: one!.job! });
    expect(job).toMatchObject({ kind: 'webhook.deliver', state: 'queued', requestedBy: 'webhooks' });
  });

  test('is not delivered twice if many workers run concurrently', async () => {
    const { id } = await create();
    await Promise.all(Array.from({ length: 250 }, (_, at) => record(`study-${at}`)));
    const rounds = await Promise.all(Array.from({ length: 4 }, async () => (await fanOut()).events));
    const rest = await fanOut();
    expect(rounds.reduce((sum, taken) => sum + taken, rest.events)).toBe(250);
    const [row] = await platform.sql`
      select count(*)::int as deliveries, count(distinct payload -> 'data' ->> 'slug')::int as studies,
        count(distinct job_id)::int as jobs
      from webhook_deliveries where webhook_id = ${id}`;
    expect(row).toEqual({ deliveries: 250, studies: 250, jobs: 250 });
  });

  test('without a subscribed webhook is deleted', async () => {
    await record('quiet');
    expect(await fanOut()).toEqual({ events: 1, jobs: [] });
    expect(await platform.sql`select 1 from webhook_events`).toHaveLength(0);
  });

  test('whose transaction is rolled back is not delivered', async () => {
    const { id } = await create();
    const undone = platform.db.transaction(async (tx) => {
      await recordWebhookEvent(tx, { portfolioId, type: 'case-study.published', data: {} });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await fanOut()).toEqual({ events: 0, jobs: [] });
    expect(await deliveriesOf(id)).toEqual([]);
  });
});

describe('a delivery', () => {
  test('is repeated as a new delivery with the same message id', async () => {
    const { id } = await create();
    await record('faster');
    await fanOut();
    const [first] = await deliveriesOf(id);
    const again = () => webhook.redeliver.run(platform.as(owner), { portfolio, id, delivery: first!.id });
    await expect(again()).rejects.toMatchObject({ code: 'conflict' });
    await recordAttempt(platform.db, first!.id, { isDelivered: true, responseStatus: 204, error: null });
    const second = await again();
    expect(second).toMatchObject({ messageId: first!.messageId, state: 'pending', event: first!.event });
    expect((await deliveriesOf(id)).map((delivery) => delivery.id)).toEqual([second.id, first!.id]);
    expect(await deliveriesOf(id, { state: 'delivered' })).toMatchObject([
      { id: first!.id, attempts: 1, responseStatus: 204, deliveredAt: expect.any(String) },
    ]);
    await update(id, { enabled: false });
    await expect(again()).rejects.toMatchObject({ code: 'conflict' });
  });

  test('fails when its job ends without success, in whatever way', async () => {
    const { id } = await create();
    const failed = await endedDelivery(id, 'failed');
    const waiting = await webhook.test.run(platform.as(owner), { portfolio, id });
    const orphan = await webhook.test.run(platform.as(owner), { portfolio, id });
    await platform.sql`delete from jobs where id = ${orphan.job}`;
    const cancelled = await webhook.test.run(platform.as(owner), { portfolio, id });
    await operations.job.cancel.run(platform.as(owner), { id: cancelled.job! });
    await settleFailedDeliveries(platform.db);
    const states = (await deliveriesOf(id)).map((delivery) => [delivery.id, delivery.state, delivery.error]);
    expect(states).toEqual([
      [cancelled.id, 'failed', null],
      [orphan.id, 'failed', null],
      [waiting.id, 'pending', null],
      [failed, 'failed', 'The last word.'],
    ]);
  });
});

describe('a delivery whose job ended without success', () => {
  test('can be redelivered, but its job cannot be retried by anybody, alone or with others', async () => {
    const { id } = await create();
    const failed = await endedDelivery(id, 'failed');
    await settleFailedDeliveries(platform.db);
    const [{ job }] = (await deliveriesOf(id)) as unknown as [{ job: string }];
    await platform.addMember(portfolioId, 'editor', 'editor');
    for (const [who, code, words] of [
      ['owner', 'conflict', 'Redeliver the message'],
      ['editor', 'not_found', `There is no job "${job}".`],
    ] as const) {
      const ctx = platform.as(user(who));
      await expect(operations.job.retry.run(ctx, { id: job })).rejects.toMatchObject({
        code,
        message: expect.stringContaining(words),
      });
      expect(await operations.job.retryMany.run(ctx, { portfolio })).toEqual({ changed: 0, hasMore: false });
    }
    const editor = platform.as(user('editor'));
    const again = { portfolio, id, delivery: failed };
    await expect(webhook.redeliver.run(editor, again)).rejects.toMatchObject({ code: 'forbidden' });
    const second = await webhook.redeliver.run(platform.as(owner), again);
    expect(second).toMatchObject({ state: 'pending' });
    expect((await deliveriesOf(id)).map(({ state }) => state)).toEqual(['pending', 'failed']);
  });

  test('becomes delivered by a late success, and is not changed by a late failure', async () => {
    const { id } = await create();
    const delivery = await endedDelivery(id, 'failed');
    await settleFailedDeliveries(platform.db);
    await recordAttempt(platform.db, delivery, { isDelivered: true, responseStatus: 204, error: null });
    await recordAttempt(platform.db, delivery, { isDelivered: false, responseStatus: 500, error: 'Late.' });
    expect(await deliveriesOf(id)).toMatchObject([{ state: 'delivered', responseStatus: 204, error: null }]);
  });
});

describe('five days in which no message was delivered', () => {
  test('disable a webhook with the next message that fails permanently, and fewer do not', async () => {
    const { id, version } = await create();
    for (let at = 0; at < 30; at++) await failOne(id);
    await passDays(id, 4);
    await failOne(id);
    expect(await read(id)).toMatchObject({ enabled: true, version });
    await passDays(id, 1);
    expect(await read(id)).toMatchObject({ enabled: true });
    await failOne(id);
    const off = await read(id);
    expect(off).toMatchObject({ enabled: false, disabledReason: 'failing' });
    expect(off.version).toBeGreaterThan(version);
  });

  test('begin with the first failure after a success, or after the webhook was enabled again', async () => {
    const { id } = await create();
    await failOne(id);
    await passDays(id, 6);
    const delivered = await endedDelivery(id, 'succeeded');
    await recordAttempt(platform.db, delivered, { isDelivered: true, responseStatus: 200, error: null });
    await failOne(id);
    expect(await read(id)).toMatchObject({ enabled: true });
    await passDays(id, 6);
    await failOne(id);
    expect(await update(id, { enabled: true })).toMatchObject({ enabled: true, disabledReason: null });
    await failOne(id);
    expect(await read(id)).toMatchObject({ enabled: true });
  });

  test('do not disable it if messages were cancelled', async () => {
    const { id } = await create();
    const { job } = await webhook.test.run(platform.as(owner), { portfolio, id });
    await failOne(id);
    await passDays(id, 6);
    await operations.job.cancel.run(platform.as(owner), { id: job! });
    await settleFailedDeliveries(platform.db);
    expect(await read(id)).toMatchObject({ enabled: true });
  });
});

describe('a webhook that was disabled', () => {
  const path = '/services/T0/secret?token=abc';

  test.each([
    ['by hand', 'manual', (id: string) => update(id, { enabled: false })],
    [
      'because its receiver is gone',
      'gone',
      async (id: string) => {
        const { id: delivery } = await webhook.test.run(platform.as(owner), { portfolio, id });
        await disableGone(platform.workerDb, delivery);
      },
    ],
    [
      'because it failed for days',
      'failing',
      async (id: string) => {
        await failOne(id);
        await passDays(id, 6);
        await failOne(id);
      },
    ],
  ] as const)('%s is announced once, and only, to the others that subscribe', async (_, reason, disable) => {
    const events = ['webhook.disabled'];
    const [other, unsubscribed] = [await create({ events }), await create()];
    const { id } = await create({
      events,
      url: `https://hooks.example.com:8443${path}`,
      description: 'The SIEM',
    });
    await disable(id);
    const data = { webhook: id, host: 'hooks.example.com:8443', description: 'The SIEM', reason };
    expect(await messagesTo(other.id)).toEqual([data]);
    expect(await messagesTo(unsubscribed.id)).toEqual([]);
    const announced = (await deliveriesOf(id)).filter(({ event }) => event !== 'ping');
    expect(announced).toEqual([]);
  });

  test('is not told so itself when it is enabled again before the message is sent', async () => {
    const { id } = await create({ events: ['webhook.disabled'] });
    await update(id, { enabled: false });
    await update(id, { enabled: false, description: 'Off' });
    await update(id, { enabled: true });
    expect(await fanOut()).toEqual({ events: 1, jobs: [] });
  });

  test('is listed for the owners of its portfolio, and for nobody else', async () => {
    const { id } = await create();
    await create();
    const off = await update(id, { enabled: false });
    await platform.addMember(portfolioId, `owner-${count}`, 'owner');
    await platform.addMember(portfolioId, `editor-${count}`, 'editor');
    const listed = async (actor: Actor) =>
      (await webhook.disabled.run(platform.as(actor), {})).items.filter(
        (item) => item.portfolio === portfolio,
      );
    for (const actor of [owner, user(`owner-${count}`)]) expect(await listed(actor)).toEqual([off]);
    for (const actor of [user(`editor-${count}`), user('non-member')])
      expect(await listed(actor)).toEqual([]);
    await expect(listed(user('owner', ['portfolio:read']))).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('the event audit.recorded', () => {
  test('says what the entry of each committed change says, but no name', async () => {
    const { id } = await create({ events: ['audit.recorded'] });
    await platform.ownerSql`update people set name = 'Alex' where id = 'owner'`;
    await rename('New');
    const { items } = await operations.audit.list.run(platform.as(owner), { portfolio, limit: 1 });
    const { actorName, sealedIn: _, ...entry } = items[0]!;
    expect(actorName).toBe('Alex');
    const [renamed, created] = await messagesTo(id);
    expect(renamed).toEqual({ portfolio, ...entry });
    expect(renamed).toMatchObject({
      action: 'portfolio.update',
      address: '192.0.2.7',
      fields: ['name', 'expectedVersion'],
    });
    expect(created).toMatchObject({ action: 'webhook.create', target: id });
  });

  test('is recorded for webhooks that want it, and not for a change that fails', async () => {
    const wants = { portfolio, url, events: ['audit.recorded' as const] };
    const { id } = await webhook.create.run(platform.as(owner), wants);
    await create({ events: ['job.failed'] });
    await fanOut();
    await update(id, { enabled: false });
    await rename('While disabled');
    await operations.portfolio.update
      .run(platform.as(owner), { portfolio, name: 'Conflict', expectedVersion: 1 })
      .catch(() => 'refused');
    expect(await platform.sql`select type from webhook_events where type = 'audit.recorded'`).toEqual([]);
  });

  test('needs the scope of the audit log', async () => {
    const narrow = user('owner', ['webhook:read', 'webhook:write']);
    const created = create({ events: ['audit.recorded'] }, narrow);
    await expect(created).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('loses its address when the person is erased', async () => {
    const { id } = await create({ events: ['audit.recorded'] });
    await rename('New');
    await fanOut();
    await rename('Newer');
    await eraseAddresses(platform.db, 'owner');
    const messages = await messagesTo(id);
    expect(messages).toHaveLength(3);
    expect(messages.filter(({ address }) => address !== undefined && address !== null)).toEqual([]);
  });
});

test('messages to one webhook are in different groups, and do not wait for each other', async () => {
  const { id } = await create();
  const sent = [1, 2].map(() => webhook.test.run(platform.as(owner), { portfolio, id }));
  const jobs = (await Promise.all(sent)).map(({ job }) => job!);
  const groups = await platform.sql`select distinct group_key from jobs where id in ${platform.sql(jobs)}`;
  expect(groups).toHaveLength(2);
});

test('a webhook is deleted with its deliveries, and nothing is sent for a queued one', async () => {
  const { id } = await create();
  const { id: delivery } = await webhook.test.run(platform.as(owner), { portfolio, id });
  await webhook.delete.run(platform.as(owner), { portfolio, id, expectedVersion: all });
  expect(await fetchToSend(platform.db, delivery)).toBeUndefined();
});
