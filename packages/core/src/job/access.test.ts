import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { type JobFixture, jobFixture, owner } from '../../../../tests/support/jobs.ts';
import { user } from '../../../../tests/support/services.ts';
import { type Actor, type Scope, scopeSchema } from '../actor.ts';
import { operations } from '../index.ts';
import { transitions } from './transitions.ts';

const allScopes = scopeSchema.options;
const without = (...scopes: Scope[]) => allScopes.filter((scope) => !scopes.includes(scope));
const editor = user('editor');
const viewer = user('viewer');
/** An owner whose credential is for everything but webhooks. */
const forJobs = user('owner', without('webhook:read', 'webhook:write'));
const reader = user('owner', without('webhook:write'));

let fixture: JobFixture;
let keyForJobs: Actor;
beforeAll(async () => {
  fixture = await jobFixture();
  const { portfolioId } = fixture;
  for (const role of ['editor', 'viewer'] as const) await fixture.addMember(portfolioId, role, role);
  keyForJobs = {
    kind: 'portfolio-key',
    id: 'key_1',
    portfolioId,
    scopes: without('webhook:read', 'webhook:write'),
    expiresAt: null,
  };
});
afterAll(() => fixture.stop());

const hook = { url: 'https://example.com/hook', events: ['job.failed' as const] };

/** The job of a new delivery. */
async function deliver(portfolio = 'team', actor = owner): Promise<string> {
  const ctx = fixture.as(actor);
  const { items } = await operations.webhook.list.run(ctx, { portfolio });
  const { id } = items[0] ?? (await operations.webhook.create.run(ctx, { portfolio, ...hook }));
  return (await operations.webhook.test.run(ctx, { portfolio, id })).job!;
}

/** The ids of the jobs that an actor lists. */
const list = async (actor: Actor, filter: Parameters<typeof operations.job.list.run>[1] = {}) =>
  (await operations.job.list.run(fixture.as(actor), filter)).items.map(({ id }) => id);

/** What an actor sees of the changes of all jobs, after those of a cursor. */
async function watch(actor: Actor, lastEventId?: string) {
  const seen: { id: string; cursor: string }[] = [];
  const receiver = {
    item: ({ data, cursor }: { data: { id: string }; cursor: string }) => {
      seen.push({ id: data.id, cursor });
    },
    isFull: () => false,
    end() {},
  };
  const stream = await operations.job.changes.open(fixture.as(actor), { lastEventId }, receiver);
  return { seen, ids: () => seen.map(({ id }) => id), close: () => stream.close() };
}

const cancelAll = (actor: Actor) => operations.job.cancelMany.run(fixture.as(actor), { portfolio: 'team' });

const withoutWebhooks = () => [editor, forJobs, keyForJobs];

describe('the job of a delivery', () => {
  test('does not exist for a role or a credential without the scopes of webhooks', async () => {
    const id = await deliver();
    const { read, events, result, cancel, retry } = operations.job;
    for (const actor of [...withoutWebhooks(), viewer]) {
      for (const { name, run } of [read, events, result, cancel, retry]) {
        const refused = run(fixture.as(actor), { id }).then(
          () => `${name} was admitted`,
          (error: { code: string; message: string }) => [error.code, error.message],
        );
        expect(await refused).toEqual(['not_found', `There is no job "${id}".`]);
      }
    }
    expect(await fixture.read(id)).toMatchObject({ kind: 'webhook.deliver', state: 'queued' });
  });

  test('is cancelled with the scope for writing webhooks only, even by who may read it', async () => {
    const id = await deliver();
    const { read, cancel } = operations.job;
    expect(await read.run(fixture.as(reader), { id })).toMatchObject({ id });
    await expect(cancel.run(fixture.as(reader), { id })).rejects.toMatchObject({
      code: 'forbidden',
      message:
        'job.cancel of "webhook.deliver" in portfolio "team" requires the scope webhook:write, which this role or credential lacks.',
    });
    expect(await cancel.run(fixture.as(owner), { id })).toMatchObject({ state: 'cancelled' });
  });

  test('is in no list of others, whatever the filter', async () => {
    const { id: other } = await fixture.accept();
    const id = await deliver();
    for (const actor of withoutWebhooks()) {
      for (const filter of [{}, { requestedBy: 'owner' }, { state: ['queued' as const] }]) {
        const listed = await list(actor, filter);
        expect(listed).toContain(other);
        expect(listed).not.toContain(id);
      }
      expect(await list(actor, { kind: 'webhook.deliver' })).toEqual([]);
    }
    for (const actor of [owner, reader]) {
      expect(await list(actor)).toEqual(expect.arrayContaining([id, other]));
      expect(await list(actor, { kind: 'webhook.deliver' })).toContain(id);
    }
  });

  test('is listed from the portfolios that the caller owns, beside those where it is a viewer', async () => {
    const elsewhere = user('elsewhere');
    await operations.portfolio.create.run(fixture.as(elsewhere), { slug: 'elsewhere', name: 'Elsewhere' });
    await fixture.addMember(fixture.portfolioId, 'elsewhere', 'viewer');
    const [own, { id: visible }] = [await deliver('elsewhere', elsewhere), await fixture.accept()];
    const hidden = await deliver();
    const listed = await list(elsewhere);
    expect(listed).toEqual(expect.arrayContaining([own, visible]));
    expect(listed).not.toContain(hidden);
  });
});

describe('a change of a delivery', () => {
  test('is among the first jobs, and after a cursor, of those only who may read webhooks', async () => {
    const { id: first } = await fixture.accept();
    const before = await watch(owner);
    const { cursor } = before.seen.at(-1)!;
    before.close();
    const [id, { id: other }] = [await deliver(), await fixture.accept()];
    for (const actor of withoutWebhooks()) {
      const [anew, resumed, old] = [
        await watch(actor),
        await watch(actor, cursor),
        await watch(actor, '1:1:'),
      ];
      for (const { ids } of [anew, resumed, old]) {
        expect(ids()).toContain(other);
        expect(ids()).not.toContain(id);
      }
      expect(anew.ids()).toContain(first);
      for (const { close } of [anew, resumed, old]) close();
    }
    const [anew, resumed] = [await watch(owner), await watch(owner, cursor)];
    for (const { ids, close } of [anew, resumed]) {
      expect(ids()).toEqual(expect.arrayContaining([id, other]));
      close();
    }
  });

  test('reaches those only, also of two credentials of one subject, who may read webhooks', async () => {
    const [id, lease] = [await deliver(), await fixture.claimed()];
    const clients = await Promise.all([...withoutWebhooks(), owner, reader].map((actor) => watch(actor)));
    for (const { seen } of clients) seen.length = 0;
    const delivery = await fixture.claim(id);
    fixture.hint(id);
    for (const { ids } of clients.slice(-2)) await eventually(() => expect(ids()).toEqual([id]));
    await transitions.progress(fixture.db, delivery, { progress: 0.5, step: 'Sending' });
    await transitions.progress(fixture.db, lease, { progress: 0.5, step: 'Working' });
    fixture.hint(id);
    for (const { ids } of clients) await eventually(() => expect(ids()).toContain(lease.id));
    for (const { ids } of clients.slice(0, -2)) expect(ids()).toEqual([lease.id]);
    const cursors = new Set(clients.map(({ seen }) => seen.at(-1)!.cursor));
    expect(cursors.size).toBe(1);
    for (const { close } of clients) close();
  });

  test('follows the role: an owner who is made an editor sees no more of them', async () => {
    await fixture.addMember(fixture.portfolioId, 'demoted', 'owner');
    const client = await watch(user('demoted'));
    const [id, lease] = [await deliver(), await fixture.claimed()];
    fixture.hint(id);
    await eventually(() => expect(client.ids()).toEqual(expect.arrayContaining([id, lease.id])));
    await fixture.sql`update members set role = 'editor' where person_id = 'demoted'`;
    client.seen.length = 0;
    await fixture.claim(id);
    await transitions.progress(fixture.db, lease, { progress: 0.5, step: 'Working' });
    fixture.hint(id);
    await eventually(() => expect(client.ids()).toEqual([lease.id]));
    client.close();
  });
});

describe('a call for many jobs', () => {
  test('of the kind of deliveries is refused to who may not write webhooks', async () => {
    const filter = { portfolio: 'team', kind: 'webhook.deliver' as const };
    for (const actor of [...withoutWebhooks(), reader]) {
      for (const { run, name } of [operations.job.cancelMany, operations.job.retryMany]) {
        await expect(run(fixture.as(actor), filter)).rejects.toMatchObject({
          code: 'forbidden',
          message: `${name} of "webhook.deliver" in portfolio "team" requires the scope webhook:write, which this role or credential lacks.`,
        });
      }
    }
  });

  test('of any kind leaves deliveries alone, unless the caller may write webhooks', async () => {
    await cancelAll(owner);
    for (const actor of withoutWebhooks()) {
      const [id, { id: other }] = [await deliver(), await fixture.accept()];
      expect(await cancelAll(actor)).toEqual({ changed: 1, hasMore: false });
      expect(await fixture.read(other)).toMatchObject({ state: 'cancelled' });
      expect(await fixture.read(id)).toMatchObject({ state: 'queued', cancelRequestedAt: null });
    }
    expect(await cancelAll(owner)).toEqual({ changed: 3, hasMore: false });
  });
});
