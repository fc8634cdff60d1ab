import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { secretOf } from '../../../../tests/support/invite.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { type Actor, scopeSchema } from '../actor.ts';
import { authenticateApiKey } from '../api-key/authenticate.ts';
import { newId } from '../ids.ts';
import { operations } from '../index.ts';
import { identifyPerson } from '../person/identify.ts';
import { authenticateSession } from '../session/authenticate.ts';
import { beginSession } from '../session/begin.ts';

const { me, invitation, member, ownKey } = operations;
const owner = user('owner');
/** What says who the person is, or where: nothing of it may remain anywhere. */
const traces = {
  subject: 'auth0|a7c3e1-ada',
  name: 'Ada Example-Lovelace',
  address: '198.51.100.77',
  issuer: 'https://issuer.of-ada.example',
};
const scopes = scopeSchema.options;

let platform: TestServices;
let id = '';
let ada: Actor;
let portfolio = '';
let portfolioId = '';
let count = 0;
beforeAll(async () => {
  platform = await testServices();
  // Ids as in production.
  await platform.ownerSql`drop trigger name_person on people`;
});
afterAll(() => platform.stop());
beforeEach(async () => {
  portfolio = `team-${++count}`;
  ({ id: portfolioId } = await operations.portfolio.create.run(platform.as(owner), {
    slug: portfolio,
    name: 'Team',
  }));
  id = await identifyPerson(
    platform.db,
    { issuer: traces.issuer, subject: traces.subject, isDefault: false },
    new Date(),
  );
  ada = user(id);
});

const as = (actor: Actor, idempotencyKey?: string) => ({
  ...platform.as(actor),
  idempotencyKey,
  origin: { address: actor === owner ? '203.0.113.5' : traces.address, requestId: 'request' },
});
const erase = (actor = ada) => me.erase.run(as(actor), { confirm: id });
const invite = async (role: 'viewer' | 'owner', label?: string) => {
  const made = await invitation.create.run(platform.as(owner), { portfolio, role, ...(label && { label }) });
  return invitation.accept.run(as(ada, `accept-${made.id}`), { secret: secretOf(made) });
};

/** The tables and columns that contain a text, also within arrays and JSON. */
async function whereIs(text: string): Promise<string[]> {
  const columns = await platform.ownerSql<{ table: string; column: string }[]>`
    select c.table_name as table, c.column_name as column from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
      and c.data_type in ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'inet', 'USER-DEFINED', 'tsvector')`;
  expect(columns).toContainEqual({ table: 'people', column: 'name' });
  const found = await Promise.all(
    columns.map(async ({ table, column }) => {
      const [row] = await platform.ownerSql`
        select exists (
          select from ${platform.ownerSql(table)} t
          where strpos(t.${platform.ownerSql(column)}::text, ${text}) > 0) as "isThere"`;
      return row!.isThere ? [`${table}.${column}`] : [];
    }),
  );
  return found.flat();
}

/** Lets the person do whatever leaves traces, and release 0.1.0 write what it does beside this one. */
async function leaveTraces() {
  await me.update.run(as(ada, 'my-name'), { name: traces.name });
  await invite('owner', `For ${traces.name}`);
  const key = await ownKey.create.run(as(ada), { name: `Laptop of ${traces.name}`, scopes });
  await authenticateApiKey(platform.db, key.secret, traces.address);
  const ofPortfolio = await operations.apiKey.create.run(as(ada), { portfolio, name: 'CI', scopes });
  await authenticateApiKey(platform.db, ofPortfolio.secret, traces.address);
  await eventually(async () => {
    const [used] =
      await platform.sql`select count(*)::int as n from api_keys where last_used_address = ${traces.address}`;
    expect(used!.n).toBeGreaterThanOrEqual(2);
  });
  const session = await beginSession(platform.db, {
    personId: id,
    signedInAt: new Date(),
    origin: { address: traces.address, requestId: null },
    userAgent: `Browser of ${traces.name}`,
  });
  const open = await invitation.create.run(as(ada), {
    portfolio,
    role: 'viewer',
    label: `By ${traces.name}`,
  });
  const secret = secretOf(open);
  await invitation.show.run(as(owner, `show-${portfolio}`), { secret });
  const study = { portfolio, slug: 'study', title: 'Study' };
  await operations.caseStudy.create.run(as(ada, 'study'), study);
  const job = await operations.caseStudy.export.run(as(ada), { portfolio, slug: 'study' });
  // Answers to others show who she is as well.
  const changed = { portfolio, member: id, role: 'owner' as const, expectedVersion: '*' as const };
  await member.update.run(as(owner, `promote-${portfolio}`), changed);
  await platform.ownerSql`
    insert into uploads (id, portfolio_id, file_name, content_type, size_bytes, sha256, created_by, expires_at)
    values (${newId('upload')}, ${portfolioId}, 'a', 'text/plain', 1, 'x', ${traces.subject}, now())`;
  await platform.ownerSql`
    insert into idempotency_keys (principal, operation, key, request_hash)
    values (${`user:${traces.subject}`}, 'caseStudy.create', ${portfolio}, 'x')`;
  await platform.ownerSql`update members set subject = ${traces.subject} where person_id = ${id}`;
  await platform.ownerSql`update api_keys set subject = ${traces.subject} where person_id = ${id}`;
  await platform.ownerSql`
    insert into audit_log (id, actor, action, target, fields) values (${newId('audit')}, ${traces.subject}, 'member.add', ${traces.subject}, '{}')`;
  return { key, ofPortfolio, session, open, job };
}

test('nothing says who an erased person was, in no column of no table', async () => {
  const { key, ofPortfolio, session, open, job } = await leaveTraces();
  for (const trace of Object.values(traces)) expect(await whereIs(trace)).not.toEqual([]);
  await erase();
  for (const trace of Object.values(traces)) expect(await whereIs(trace)).toEqual([]);

  for (const { secret } of [key, ofPortfolio])
    await expect(authenticateApiKey(platform.db, secret)).rejects.toMatchObject({ code: 'unauthenticated' });
  await expect(authenticateSession(platform.db, session.secret)).rejects.toMatchObject({
    code: 'unauthenticated',
  });
  const shown = invitation.show.run(platform.as(user('grace')), { secret: secretOf(open) });
  await expect(shown).rejects.toMatchObject({ code: 'not_found' });
  const { items } = await member.list.run(platform.as(owner), { portfolio });
  expect(items.map((each) => each.id)).toEqual(['owner']);
  // What they did stays, by nobody.
  expect(await operations.job.read.run(platform.as(owner), { id: job.id })).toMatchObject({
    requestedBy: id,
  });
  const revisions = await operations.caseStudy.revisions.run(platform.as(owner), {
    portfolio,
    slug: 'study',
  });
  expect(revisions.items).toMatchObject([{ author: id }]);
  const [last] =
    await platform.sql`select actor from audit_log where action = 'me.erase' order by at desc limit 1`;
  expect(last).toEqual({ actor: id });
});

test('every column that says whose a row is, or from where somebody came, is known to the erasure', async () => {
  const columns = await platform.ownerSql<{ name: string }[]>`
    select table_name || '.' || column_name as name from information_schema.columns
    where table_schema = 'public' and column_name ~ '(^person_id|address|user_agent|subject)$'`;
  const known = [
    'api_keys.last_used_address',
    'api_keys.person_id',
    'api_keys.subject',
    'audit_log.address',
    'former_members.person_id',
    'members.person_id',
    'members.subject',
    'people.subject',
    'security_events.address',
    'sessions.person_id',
    'sessions.address',
    'sessions.user_agent',
    'token_ends.person_id',
  ];
  expect(columns.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
});

const operator: Actor = { kind: 'operator-key', id: 'key', scopes: ['operator:write'], expiresAt: null };
const eraseAs = (actor: Actor, person = id) =>
  operations.operator.erase.run(platform.as(actor), { id: person });

test('operators erase a person, and nobody else does; one who is not known, or was erased, is not found', async () => {
  await leaveTraces();
  await expect(eraseAs(owner)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(eraseAs({ ...operator, scopes: ['operator:read'] })).rejects.toMatchObject({
    code: 'forbidden',
  });
  expect(await whereIs(traces.name)).not.toEqual([]);
  expect(await eraseAs(operator)).toBeNull();
  for (const trace of Object.values(traces)) expect(await whereIs(trace)).toEqual([]);
  for (const gone of [id, newId('person')])
    await expect(eraseAs(operator, gone)).rejects.toMatchObject({ code: 'not_found' });
});

test('who signs in after having been erased is somebody new, without rights', async () => {
  await invite('viewer');
  await erase();
  const identity = { issuer: traces.issuer, subject: traces.subject, isDefault: false };
  const signIn = (secondsFromNow: number) =>
    identifyPerson(platform.db, identity, new Date(Date.now() + secondsFromNow * 1000));
  // An older token stores nobody anew.
  await expect(signIn(-60)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(await whereIs(traces.subject)).toEqual([]);
  const again = await signIn(60);
  expect(again).not.toBe(id);
  const read = operations.portfolio.read.run(platform.as(user(again)), { portfolio });
  await expect(read).rejects.toMatchObject({ code: 'not_found' });
});

test('a change of the name that waited for the erasure stores none', async () => {
  await erase();
  const update = me.update.run(as(ada, 'late-name'), { name: traces.name });
  await expect(update).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(await whereIs(traces.name)).toEqual([]);
});

describe('an erasure', () => {
  test('is refused while a portfolio has no other owner who has signed in, and names it', async () => {
    await invite('owner');
    const remove = (actor: Actor) =>
      member.remove.run(platform.as(actor), { portfolio, member: 'owner', expectedVersion: '*' });
    await remove(ada);
    const refused = { code: 'conflict', message: expect.stringContaining(`"${portfolio}"`) };
    await expect(erase()).rejects.toMatchObject(refused);
    await platform.addMember(portfolioId, 'mistyped', 'owner');
    await platform.sql`update people set signed_in_at = null where id = 'mistyped'`;
    await expect(erase()).rejects.toMatchObject(refused);
    expect(await whereIs(traces.subject)).toContain('people.subject');
    await platform.sql`update people set signed_in_at = now() where id = 'mistyped'`;
    expect(await erase()).toBeNull();
  });

  test('is refused because of a portfolio in the bin, and no longer once that is to be deleted for good', async () => {
    await invite('owner');
    await member.remove.run(platform.as(ada), { portfolio, member: 'owner', expectedVersion: '*' });
    const confirmed = { portfolio, confirm: portfolio, expectedVersion: '*' as const };
    await operations.portfolio.delete.run(platform.as(ada), confirmed);
    await expect(erase()).rejects.toMatchObject({ code: 'conflict' });
    await operations.portfolio.purge.run(platform.as(ada), { portfolio, confirm: portfolio });
    expect(await erase()).toBeNull();
  });

  test('is not undone by what the person requested just before', async () => {
    await erase();
    const unauthenticated = { code: 'unauthenticated' };
    await expect(me.update.run(platform.as(ada), { name: 'Ada' })).rejects.toMatchObject(unauthenticated);
    const create = operations.portfolio.create.run(platform.as(ada), { slug: 'of-nobody', name: 'Nobody' });
    await expect(create).rejects.toMatchObject(unauthenticated);
  });

  test('leaves an owner where the last two are erased at the same moment', async () => {
    await invite('owner');
    await platform.addMember(portfolioId, 'grace', 'owner');
    await member.remove.run(platform.as(owner), { portfolio, member: 'owner', expectedVersion: '*' });
    const other = me.erase.run(platform.as(user('grace')), { confirm: 'grace' });
    const outcomes = await Promise.allSettled([erase(), other]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const left = await platform.sql`
      select from members where portfolio_id = ${portfolioId} and role = 'owner'`;
    expect(left).toHaveLength(1);
  });

  test('is of nobody else, and demands a credential that may end keys', async () => {
    const confirmed = me.erase.run(platform.as(ada), { confirm: 'owner' });
    await expect(confirmed).rejects.toMatchObject({
      code: 'invalid_input',
      fields: [{ pointer: '/confirm' }],
    });
    const narrow = user(
      id,
      scopes.filter((scope) => scope !== 'api-key:write'),
    );
    await expect(erase(narrow)).rejects.toMatchObject({ code: 'forbidden' });
    const key: Actor = { kind: 'portfolio-key', id, portfolioId, scopes, expiresAt: null };
    await expect(erase(key)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(me.update.run(platform.as(key), { name: 'Eve' })).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect(await whereIs(traces.subject)).toContain('people.subject');
  });
});
