import { TransactionRollbackError, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { operations } from '../index.ts';
import { people } from '../person/person.sql.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { auditLog } from './audit.sql.ts';
import { eraseAddresses } from './erase.ts';
import { sealAudit } from './seal.ts';
import { type Held, verifyAudit } from './verify.ts';

let platform: TestServices;
let count = 0;
let portfolio: string;
let chain: string;
let ids: string[];
const owner = user('owner');
const never = new AbortController().signal;

beforeAll(async () => {
  platform = await testServices();
});
afterAll(() => platform.stop());

const seal = (report: (sealed: { head: string; entries: number }) => void = () => {}) =>
  sealAudit(platform.workerDb, never, report);

/** Writes an entry: creates a study of the portfolio. */
async function write(slug: string) {
  const ctx = { ...platform.as(owner), origin: { address: '192.0.2.7', requestId: `request of ${slug}` } };
  await operations.caseStudy.create.run(ctx, { portfolio, slug, title: slug });
}

/** A portfolio with two seals: of three entries, and of two. */
beforeEach(async () => {
  portfolio = `team-${++count}`;
  await operations.portfolio.create.run(platform.as(owner), { slug: portfolio, name: portfolio });
  await write('a');
  await write('b');
  await seal();
  await write('c');
  await write('d');
  await seal();
  const [found] = await platform.db
    .select({ id: portfolios.id })
    .from(portfolios)
    .where(eq(portfolios.slug, portfolio));
  chain = found!.id;
  const rows = await platform.db
    .select({ id: auditLog.id })
    .from(auditLog)
    .where(eq(auditLog.portfolioId, chain))
    .orderBy(auditLog.at, auditLog.id);
  ids = rows.map(({ id }) => id);
});

async function verify(held?: Held) {
  const heads = new Map(held && [[chain, held]]);
  const all = [];
  for await (const verified of verifyAudit(platform.db, { slug: portfolio, held: heads })) all.push(verified);
  expect(all).toHaveLength(1);
  return all[0]!;
}

const problem = async () => (await verify()).problem;

/** Runs statements as the owner of the tables, who can change everything. */
async function tamper(...statements: string[]) {
  for (const statement of statements) await platform.ownerSql.unsafe(statement);
}

const ofChain = () => `portfolio_id = '${chain}'`;
const quoted = (id: string | undefined) => `'${id}'`;

test('a whole chain is verified, with its number of seals and entries', async () => {
  await write('e');
  const head = (await operations.audit.head.run(platform.as(owner), { portfolio })).head;
  expect(await verify()).toEqual({
    chain,
    portfolio,
    seals: 2,
    entries: 5,
    unsealed: 1,
    head,
    problem: null,
  });
});

describe('a change of a sealed entry is found:', () => {
  test.each([
    ['at', `at = at + interval '1 microsecond'`],
    ['actor', `actor = 'usr_01k6dy9v5re3q8mhxwz2c4b7an'`],
    ['credential', `credential = 'key_01k6dy9v5re3q8mhxwz2c4b7an'`],
    ['request_id', `request_id = null`],
    ['action', `action = 'caseStudy.delete'`],
    ['target', `target = 'other'`],
    ['fields', `fields = '{}'`],
    ['details', `details = '{"count": 1}'`],
    ['portfolio_id', `portfolio_id = null`],
  ])('its %s', async (_, change) => {
    await tamper(`update audit_log set ${change} where id = ${quoted(ids[1])}`);
    expect(await problem()).toBe(`entry ${ids[1]} was changed after seal 1`);
    // Other chains are verified without this entry.
    await tamper(`delete from audit_log where id = ${quoted(ids[1])}`);
  });

  test('the number of its seal', async () => {
    await tamper(`update audit_log set sealed_in = null where id = ${quoted(ids[1])}`);
    expect(await problem()).toBe(`entry ${ids[1]} is in seal 1, but says that it is unsealed`);
    await seal();
    expect(await problem()).toBe(`entry ${ids[1]} is in seal 1, but says 3`);
  });

  test('two entries that swapped their times', async () => {
    await tamper(`
      update audit_log a set at = b.at from audit_log b
      where (a.id, b.id) in ((${quoted(ids[1])}, ${quoted(ids[2])}), (${quoted(ids[2])}, ${quoted(ids[1])}))`);
    expect(await problem()).toBe(`entry ${ids[1]} was changed after seal 1`);
  });
});

test('the first deleted entry is named', async () => {
  await tamper(`delete from audit_log where id in (${quoted(ids[2])}, ${quoted(ids[4])})`);
  expect(await problem()).toBe(`entry ${ids[2]} of seal 1 is missing`);
});

describe('an added entry is found', () => {
  const id = 'aud_01k6dy9v5re3q8mhxwz2c4b7an';
  const add = (at: string, sealedIn: string) =>
    tamper(`insert into audit_log (id, portfolio_id, at, actor, action, fields, sealed_in)
      values ('${id}', '${chain}', ${at}, 'owner', 'caseStudy.delete', '{}', ${sealedIn})`);
  const remove = () => tamper(`delete from audit_log where id = '${id}'`);

  test('that says that it is sealed', async () => {
    await add('now()', '2');
    expect(await problem()).toBe(
      `entry ${id} was added: it says that it is in seal 2, which does not name it`,
    );
    await remove();
  });

  test('that claims to be older than sealed ones, before and after it is sealed', async () => {
    await add(`now() - interval '2 hours'`, 'null');
    expect(await problem()).toMatch(`entry ${id} was added: it claims to be of`);
    await seal();
    expect(await problem()).toMatch(`entry ${id} was added: it claims to be of`);
    await remove();
  });

  test('that claims to be of the future', async () => {
    await add(`now() + interval '2 hours'`, 'null');
    await seal();
    expect(await problem()).toMatch(`entry ${id} was added: it claims to be of`);
    await remove();
  });
});

describe('a change of a seal is found:', () => {
  test.each([
    ['its time', `sealed_at = sealed_at + interval '1 second'`],
    [
      'the order of its entries',
      `ids = array[ids[2], ids[1], ids[3]], digests = array[digests[2], digests[1], digests[3]]`,
    ],
    ['an entry that it no longer names', `ids = ids[2:], digests = digests[2:]`],
    ['the digest of an entry', `digests[1] = digests[2]`],
    ['its hash', `hash = previous`],
    ['the hash of the one before', `previous = hash`],
  ])('%s', async (_, change) => {
    await tamper(`update audit_seals set ${change} where ${ofChain()} and number = 1`);
    expect(await problem()).toBe('seal 1 was changed');
  });

  test('a hash that fits its changed content', async () => {
    const held = await operations.audit.head.run(platform.as(owner), { portfolio });
    await tamper(
      `delete from audit_log where id = ${quoted(ids[1])}`,
      `delete from audit_seals where ${ofChain()}`,
    );
    await tamper(`update audit_log set sealed_in = null where ${ofChain()}`);
    await seal();
    // The chain was rewritten from there to its end, which only a head from outside shows.
    expect(await problem()).toBeNull();
    const { number, hash } = { number: held.number, hash: held.hash! };
    expect((await verify({ number, hash })).problem).toBe('seal 2, which the given head names, is missing');
    await write('e');
    await seal();
    expect((await verify({ number, hash })).problem).toBe('seal 2 is not the one that the given head names');
  });

  test('two seals that swapped their numbers', async () => {
    await tamper(
      `update audit_seals set number = number + 10 where ${ofChain()}`,
      `update audit_seals set number = 13 - number where ${ofChain()}`,
    );
    expect(await problem()).toBe('seal 1 was changed');
  });
});

describe('a deleted seal is found', () => {
  test.each([1, 2])('%i of 2', async (number) => {
    await tamper(`delete from audit_seals where ${ofChain()} and number = ${number}`);
    expect(await problem()).toMatch(`seal ${number} is missing`);
  });

  test('also if all are', async () => {
    await tamper(`delete from audit_seals where ${ofChain()}`);
    expect(await problem()).toBe('seal 1 is missing, which entries name');
  });
});

test('a chain that is gone is missed by who holds its head', async () => {
  const { number, hash } = await operations.audit.head.run(platform.as(owner), { portfolio });
  await tamper(
    `update portfolios set purge_at = now() where id = '${chain}'`,
    `delete from portfolios where id = '${chain}'`,
  );
  const problems = [];
  for await (const verified of verifyAudit(platform.db, {
    held: new Map([[chain, { number, hash: hash! }]]),
  }))
    if (verified.problem !== null) problems.push([verified.chain, verified.problem]);
  expect(problems).toContainEqual([chain, 'the chain is missing; it had 2 seals']);
});

test('erased addresses and names break nothing', async () => {
  const list = () => operations.audit.list.run(platform.as(owner), { portfolio, target: 'a' });
  await platform.ownerSql`update people set name = 'Alex' where id = 'owner'`;
  expect((await list()).items).toMatchObject([{ address: '192.0.2.7', actorName: 'Alex', sealedIn: 1 }]);
  await eraseAddresses(platform.db, 'owner');
  await platform.db.update(people).set({ name: null }).where(eq(people.id, 'owner'));
  expect((await list()).items).toMatchObject([{ address: null, actorName: null, sealedIn: 1 }]);
  expect(await problem()).toBeNull();
});

test('an entry whose transaction commits late is sealed once, later, and nobody waits for a seal', async () => {
  const sealed: number[] = [];
  const note = ({ head, entries }: { head: string; entries: number }) => {
    if (head.startsWith(chain)) sealed.push(entries);
  };
  const { promise: committed, resolve: commit } = Promise.withResolvers<void>();
  const { promise: isOpen, resolve: started } = Promise.withResolvers<void>();
  const late = platform.db.transaction(async (tx) => {
    await tx.execute(sql`insert into audit_log (id, portfolio_id, actor, action, fields)
      values ('aud_01k6dy9v5re3q8mhxwz2c4b7ap', ${chain}, 'owner', 'late', '{}')`);
    started();
    await committed;
  });
  await isOpen;
  await write('early');
  await seal(note);
  // The locks of a run are held here until the end of the transaction around it.
  await write('more');
  let sealedMeanwhile: number | undefined;
  const undone = platform.workerDb.transaction(async (tx) => {
    sealedMeanwhile = await sealAudit(tx, never, () => {});
    await write('meanwhile');
    commit();
    await late;
    tx.rollback();
  });
  await expect(undone).rejects.toBeInstanceOf(TransactionRollbackError);
  expect(sealedMeanwhile).toBe(1);
  await seal(note);
  await seal(note);
  expect(sealed).toEqual([1, 3]);
  expect(await verify()).toMatchObject({ seals: 4, entries: 9, unsealed: 0, problem: null });
});

test('runs that overlap, and many writers, seal each entry once', async () => {
  const slugs = Array.from({ length: 12 }, (_, at) => `many-${at}`);
  await Promise.all([...slugs.map(write), seal(), seal(), seal()]);
  await Promise.all([seal(), seal()]);
  expect(await verify()).toMatchObject({ entries: 17, unsealed: 0, problem: null });
});

test('what happens outside of portfolios has a chain of its own', async () => {
  await operations.ownKey.create.run(platform.as(owner), { name: 'Key', scopes: ['job:read'] });
  const heads: string[] = [];
  await seal(({ head }) => void heads.push(head));
  expect(heads).toEqual([expect.stringMatching(/^platform:1:[0-9a-f]{64}$/)]);
});
