import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { silentLog, type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { operations } from '../index.ts';
import { createSecurityLog, removeOldSecurityEvents } from './security-log.ts';

const portfolio = 'team';
const owner = user('owner');

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  for (const slug of [portfolio, 'other'])
    await operations.portfolio.create.run(platform.as(owner), { slug, name: slug });
});
afterAll(() => platform.stop());
beforeEach(() => platform.ownerSql`delete from security_events`);

const list = async (filter: object = {}) =>
  (await operations.audit.security.run(platform.as(owner), { portfolio, ...filter })).items;
const rows = async () => {
  const [row] =
    await platform.ownerSql`select count(*)::int as rows, sum(count)::int as events from security_events`;
  return row;
};

test('equal events of an hour are one row with their number, also of several processes', async () => {
  const logs = [1, 2].map(() => createSecurityLog(platform.db, silentLog));
  const event = { slug: portfolio, actor: 'guest', address: '192.0.2.7', operation: 'audit.list' };
  for (let at = 0; at < 1000; at++) for (const log of logs) log.record('scope.refused', event);
  await Promise.all(logs.map((log) => log.write()));
  logs[0]!.record('scope.refused', event);
  await logs[0]!.close();
  expect(await list()).toMatchObject([
    {
      kind: 'scope.refused',
      actor: 'guest',
      credential: null,
      address: '192.0.2.7',
      operation: 'audit.list',
      count: 2001,
    },
  ]);
});

test('events of more sources than an hour may have rows are counted without their source', async () => {
  const log = createSecurityLog(platform.db, silentLog, { maxRows: 3 });
  for (let at = 0; at < 100; at++) log.record('credential.refused', { address: `192.0.2.${at}` });
  await log.close();
  expect(await rows()).toEqual({ rows: 4, events: 100 });
});

test('a new hour has rows for new sources', async () => {
  let time = Date.parse('2026-01-01T10:59:00Z');
  const log = createSecurityLog(platform.db, silentLog, { maxRows: 1, now: () => time });
  log.record('credential.refused', { address: '192.0.2.1' });
  time += 120_000;
  log.record('credential.refused', { address: '192.0.2.2' });
  await log.close();
  const found = await platform.ownerSql`select address from security_events order by address`;
  expect(found.map(({ address }) => address as string)).toEqual(['192.0.2.1', '192.0.2.2']);
});

test('what could not be written is written later', async () => {
  const log = createSecurityLog(platform.db, silentLog);
  log.record('credential.refused', { address: '192.0.2.1' });
  await platform.ownerSql`alter table security_events rename to renamed`;
  await log.write();
  await platform.ownerSql`alter table renamed rename to security_events`;
  log.record('credential.refused', { address: '192.0.2.1' });
  await log.close();
  expect(await rows()).toEqual({ rows: 1, events: 2 });
});

test('what is written after a person was erased has no address of theirs', async () => {
  const log = createSecurityLog(platform.db, silentLog);
  for (const address of ['192.0.2.7', '192.0.2.8'])
    log.record('scope.refused', { slug: portfolio, actor: 'gone', address });
  await platform.ownerSql`insert into people (id, erased_at) values ('gone', now())`;
  await log.close();
  expect(await list()).toMatchObject([{ actor: 'gone', address: null, count: 2 }]);
});

test('owners see the events of their portfolio only, newest first, and others none', async () => {
  const log = createSecurityLog(platform.db, silentLog);
  const [{ id }] = (await platform.ownerSql`select id from portfolios where slug = ${portfolio}`) as [
    { id: string },
  ];
  log.record('credential.refused', { portfolioId: id, credential: 'key_1' });
  log.record('scope.refused', { slug: 'other', actor: 'guest' });
  log.record('portfolio.refused', { slug: 'unknown', actor: 'guest' });
  await log.write();
  log.record('portfolio.refused', { slug: portfolio, actor: 'guest' });
  await log.close();
  expect((await list()).map(({ kind }) => kind)).toEqual(['portfolio.refused', 'credential.refused']);
  expect(await list({ kind: 'credential.refused' })).toHaveLength(1);
  expect(await list({ limit: 1 })).toHaveLength(1);
  const asEditor = operations.audit.security.run(platform.as(user('editor')), { portfolio });
  await expect(asEditor).rejects.toMatchObject({ code: 'not_found' });
});

test('operators see the events of all portfolios and of none, without names', async () => {
  const log = createSecurityLog(platform.db, silentLog);
  log.record('credential.refused', { address: '192.0.2.1' });
  log.record('scope.refused', { slug: 'other', actor: 'owner' });
  await log.close();
  const ctx = platform.as({
    kind: 'operator-key',
    id: 'key_of_operator',
    scopes: ['operator:read'],
    expiresAt: null,
  });
  const { items } = await operations.operator.securityEvents.run(ctx, {});
  expect(items).toMatchObject([
    { kind: 'scope.refused', portfolio: 'other', actor: 'owner' },
    { kind: 'credential.refused', portfolio: null, actor: null, address: '192.0.2.1' },
  ]);
  expect(items[0]).not.toHaveProperty('actorName');
  const ofOther = await operations.operator.securityEvents.run(ctx, { portfolio: 'other' });
  expect(ofOther.items).toEqual(items.slice(0, 1));
});

test('events are deleted after 90 days', async () => {
  const log = createSecurityLog(platform.db, silentLog);
  log.record('credential.refused', { address: '192.0.2.1' });
  log.record('credential.refused', { address: '192.0.2.2' });
  await log.close();
  await platform.ownerSql`update security_events set hour = hour - interval '91 days' where address = '192.0.2.1'`;
  expect(await removeOldSecurityEvents(platform.workerDb, new AbortController().signal)).toBe(1);
  expect(await rows()).toEqual({ rows: 1, events: 1 });
});
