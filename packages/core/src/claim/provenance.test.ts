import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { bytesOf, sha256Of, upload } from '../../../../tests/support/upload.ts';
import { type Actor, anonymous } from '../actor.ts';
import { evidence } from '../evidence/evidence.sql.ts';
import { operations } from '../index.ts';

const owner = user('owner');
const portfolio = 'team';
const key = 'latency';
const range = {
  key,
  from: '2026-01-01T00:00:00.000Z',
  changedAt: '2026-02-01T00:00:00.000Z',
  to: '2026-03-01T00:00:00.000Z',
};

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  const ctx = platform.as(owner);
  await operations.portfolio.create.run(ctx, { slug: portfolio, name: 'Team', tagline: 'We measure.' });
  await operations.metric.define.run(ctx, {
    portfolio,
    key,
    name: 'Latency',
    unit: 'ms',
    betterWhen: 'down',
  });
  const samples = [
    ['2026-01-10', 100],
    ['2026-01-20', 300],
    ['2026-02-10', 50],
    ['2026-04-01', 999],
  ] as const;
  await operations.metric.record.run(ctx, {
    portfolio,
    key,
    samples: samples.map(([day, value]) => ({ at: `${day}T00:00:00.000Z`, value })),
  });
});
afterAll(() => platform.stop());

let count = 0;
let slug: string;
beforeEach(() => {
  slug = `study-${++count}`;
});

async function addEvidence(text: string, fields: object = {}) {
  const ref = { portfolio, slug: `proof-${++count}` };
  await operations.evidence.create.run(platform.as(owner), { ...ref, title: 'Proof', ...fields });
  await addVersion(ref.slug, text);
  return ref.slug;
}

async function addVersion(name: string, text: string) {
  const uploadId = await upload(platform.as(owner), portfolio, bytesOf(text), 'proof.txt');
  await operations.evidence.addVersion.run(platform.as(owner), { portfolio, slug: name, uploadId });
}

const claim = (rest: object) => ({ key: 'faster', statement: 'It is faster.', ...rest });
const write = (...claims: object[]) =>
  operations.caseStudy.create.run(platform.as(owner), { portfolio, slug, title: 'Faster', claims } as never);
const publish = () =>
  operations.caseStudy.publish.run(platform.as(owner), { portfolio, slug, expectedVersion: '*' });
const prove = (actor: Actor = owner) =>
  operations.caseStudy.provenance.run(platform.as(actor), { portfolio, slug });
const standing = async () => (await prove()).claims[0]!.standing;
const age = (name: string, days: number) =>
  platform.db
    .update(evidence)
    .set({ checkedAt: sql`now() - make_interval(days => ${days})` })
    .where(eq(evidence.slug, name));

test('a claim is traced to the bytes that its author had seen and to its measurement', async () => {
  const cited = await addEvidence('Measured.', { freshForSeconds: 86_400 });
  await write(claim({ evidence: [{ slug: cited }], metric: range }));
  const { claims, standings, studyVersion } = await prove();
  expect(standings).toEqual({ backed: 1, stale: 0, broken: 0, unbacked: 0 });
  expect(studyVersion).toEqual(expect.any(Number));
  expect(claims).toEqual([
    {
      key: 'faster',
      statement: 'It is faster.',
      standing: 'backed',
      evidence: [
        {
          slug: cited,
          title: 'Proof',
          standing: 'fresh',
          problem: null,
          sourceUrl: null,
          checkedAt: expect.stringMatching(/Z$/),
          freshUntil: expect.stringMatching(/Z$/),
          isChanged: false,
          latestVersion: 1,
          seen: {
            number: 1,
            sha256: sha256Of(bytesOf('Measured.')),
            sizeBytes: 9,
            contentType: expect.any(String),
            fileName: 'proof.txt',
            origin: 'upload',
            fetchedFrom: null,
            fetchedAt: expect.stringMatching(/Z$/),
          },
          content: `/api/v1/portfolios/team/evidence/${cited}/content?version=1`,
        },
      ],
      metric: {
        key,
        name: 'Latency',
        unit: 'ms',
        betterWhen: 'down',
        from: range.from,
        to: range.to,
        changedAt: range.changedAt,
        before: { value: 200, count: 2 },
        after: { value: 50, count: 1 },
        difference: -150,
        ratio: 0.25,
        improved: true,
      },
    },
  ]);
});

describe('a claim', () => {
  test('without evidence and metric is unbacked', async () => {
    await write(claim({}));
    expect(await standing()).toBe('unbacked');
  });

  test('with a metric only is backed while both sides of the change have samples', async () => {
    await write(claim({ metric: range }));
    expect(await standing()).toBe('backed');
  });

  test.each([
    [
      'no samples at all',
      { ...range, from: '2025-01-01T00:00:00Z', changedAt: null, to: '2025-02-01T00:00:00Z' },
    ],
    ['none before the change', { ...range, from: '2026-01-25T00:00:00Z' }],
    ['none after the change', { ...range, to: '2026-02-05T00:00:00Z' }],
    ['one at its end only, which is exclusive', { ...range, to: '2026-02-10T00:00:00Z' }],
    [
      'one at its end only, without a change',
      { ...range, from: '2026-03-01T00:00:00Z', changedAt: null, to: '2026-04-01T00:00:00Z' },
    ],
    [
      'one at the change only, which counts as after it',
      { ...range, from: '2026-01-25T00:00:00Z', changedAt: '2026-02-10T00:00:00Z' },
    ],
  ])('whose metric has %s is broken, as its comparison shows', async (_, metric) => {
    await write(claim({ metric }));
    const [proved] = (await prove()).claims;
    expect(proved!.standing).toBe('broken');
    const counts = [proved!.metric!.before, proved!.metric!.after].map((side) => side?.count);
    expect(counts).toContain(0);
  });

  test('on evidence without bytes is broken, and stale once it has bytes that the author has not seen', async () => {
    const ref = { portfolio, slug: `proof-${++count}` };
    await operations.evidence.create.run(platform.as(owner), { ...ref, title: 'To come' });
    await write(claim({ evidence: [{ slug: ref.slug }] }));
    expect(await standing()).toBe('broken');
    expect((await prove()).claims[0]!.evidence[0]).toMatchObject({ seen: null, content: null });
    await addVersion(ref.slug, 'Now it is here.');
    expect(await standing()).toBe('stale');
  });

  test('turns stale when its evidence was not checked for longer than its freshness', async () => {
    const cited = await addEvidence('Once.', { freshForSeconds: 86_400 });
    await write(claim({ evidence: [{ slug: cited }] }));
    await age(cited, 2);
    expect(await standing()).toBe('stale');
  });

  test('turns stale when its evidence changes, until its author cites the new version', async () => {
    const cited = await addEvidence('As it was.');
    await write(claim({ evidence: [{ slug: cited }] }));
    await addVersion(cited, 'As it is.');
    expect((await prove()).claims[0]).toMatchObject({
      standing: 'stale',
      evidence: [{ isChanged: true, latestVersion: 2, seen: { number: 1 } }],
    });
    const claims = [claim({ evidence: [{ slug: cited, version: 2 }] })];
    const update = { portfolio, slug, claims, expectedVersion: '*' as const };
    await operations.caseStudy.update.run(platform.as(owner), update);
    expect(await standing()).toBe('backed');
  });

  test('stays backed when its evidence changes back to the bytes that the author had seen', async () => {
    const cited = await addEvidence('A.');
    await write(claim({ evidence: [{ slug: cited }] }));
    await addVersion(cited, 'B.');
    await addVersion(cited, 'A.');
    expect(await standing()).toBe('backed');
  });

  test('is broken by evidence with a problem, whatever else backs it', async () => {
    const [good, lost] = [await addEvidence('Good.'), await addEvidence('Lost.')];
    await write(claim({ evidence: [{ slug: good }, { slug: lost }], metric: range }));
    await platform.db.update(evidence).set({ problem: 'bytes-lost' }).where(eq(evidence.slug, lost));
    expect(await standing()).toBe('broken');
  });
});

test('many claims are returned in the order of their author', async () => {
  const keys = Array.from({ length: 100 }, (_, at) => `claim-${99 - at}`);
  await write(...keys.map((name) => ({ key: name, statement: name, metric: range })));
  const { claims, standings } = await prove();
  expect(claims.map((one) => one.key)).toEqual(keys);
  expect(standings.backed).toBe(100);
});

test('anonymous readers can trace published studies only', async () => {
  await write(claim({ metric: range }));
  await expect(prove(anonymous)).rejects.toMatchObject({ code: 'not_found' });
  await publish();
  expect(await prove(anonymous)).toEqual(await prove());
});

const summarize = (name: string, actor: Actor = anonymous) =>
  operations.portfolio.summary.run(platform.as(actor), { portfolio: name });

describe('the summary of a portfolio', () => {
  test('counts published content, and shows measured changes', async () => {
    const cited = await addEvidence('For all.');
    await write(claim({ evidence: [{ slug: cited }], metric: range }), {
      key: 'bare',
      statement: 'Just said.',
    });
    const before = await summarize(portfolio);
    await publish();
    const after = await summarize(portfolio);
    const grown = (name: keyof typeof after.counts) => after.counts[name] - before.counts[name];
    expect([grown('caseStudies'), grown('claims'), grown('evidence'), grown('metrics')]).toEqual([
      1, 2, 1, 0,
    ]);
    expect(after.standings.unbacked - before.standings.unbacked).toBe(1);
    expect(after.newest[0]).toMatchObject({ slug, status: 'published' });
    expect(after.headlines[0]).toMatchObject({
      caseStudy: slug,
      claim: 'faster',
      standing: 'backed',
      metric: { before: { value: 200 }, after: { value: 50 }, improved: true },
    });
    expect(after).toMatchObject({ portfolio, name: 'Team', tagline: 'We measure.' });
  });

  test('shows members nothing but what is published, so that no scope for drafts and numbers is needed', async () => {
    await write(claim({ metric: range }));
    await publish();
    await operations.caseStudy.create.run(platform.as(owner), {
      portfolio,
      slug: `${slug}-draft`,
      title: 'Draft',
    });
    const shown = await summarize(portfolio);
    expect(await summarize(portfolio, owner)).toEqual(shown);
    expect(await summarize(portfolio, user('owner', ['portfolio:read']))).toEqual(shown);
  });

  test('of an empty portfolio is visible to its members only', async () => {
    await operations.portfolio.create.run(platform.as(owner), { slug: 'bare', name: 'Bare' });
    await expect(summarize('bare')).rejects.toMatchObject({ code: 'not_found' });
    expect(await summarize('bare', owner)).toMatchObject({
      counts: { caseStudies: 0, artifacts: 0, metrics: 0, evidence: 0, claims: 0 },
      standings: { backed: 0, stale: 0, broken: 0, unbacked: 0 },
      newest: [],
      headlines: [],
    });
  });
});
