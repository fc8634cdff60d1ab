import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { anonymous } from '../actor.ts';
import { evidence } from '../evidence/evidence.sql.ts';
import { operations } from '../index.ts';
import {
  type StudyFixture,
  addArtifact,
  addEvidence,
  addEvidenceVersion,
  addMetric,
  owner,
  studyFixture,
} from '../case-study/testing.ts';

let fixture: StudyFixture;
beforeAll(async () => {
  fixture = await studyFixture();
  const { platform, portfolioId } = fixture;
  await addEvidence(platform, portfolioId, 'trace', 3);
  await addEvidence(platform, portfolioId, 'report', 1);
  await addEvidence(platform, portfolioId, 'awaited', 0);
  await addMetric(platform, portfolioId, 'latency');
  await addArtifact(platform, portfolioId, 'pipeline');
  await addArtifact(platform, portfolioId, 'runbook');
  const { id } = await operations.portfolio.create.run(fixture.as(owner), { slug: 'other', name: 'Other' });
  await addEvidence(platform, id, 'foreign', 1);
  await addMetric(platform, id, 'foreign');
  await addArtifact(platform, id, 'foreign');
});
afterAll(() => fixture.stop());

const metric = {
  key: 'latency',
  from: '2026-01-01T00:00:00.000Z',
  to: '2026-03-01T00:00:00.000Z',
  changedAt: '2026-02-01T12:30:00.250Z',
};
const claim = (key: string, rest: object = {}) => ({ key, statement: `It is ${key}.`, ...rest });

test('claims and artifacts are read in their order, with the cited versions', async () => {
  const created = await fixture.create('backed', {
    claims: [
      claim('faster', { metric, evidence: [{ slug: 'trace', version: 2 }, { slug: 'report' }] }),
      claim('cheaper'),
    ],
    artifacts: ['runbook', 'pipeline'],
  });
  expect(created.claims).toEqual([
    {
      key: 'faster',
      statement: 'It is faster.',
      metric,
      evidence: [
        { slug: 'trace', version: 2 },
        { slug: 'report', version: 1 },
      ],
    },
    { key: 'cheaper', statement: 'It is cheaper.', metric: null, evidence: [] },
  ]);
  expect(created.artifacts).toEqual(['runbook', 'pipeline']);
  expect(await fixture.read('backed')).toEqual(created);
  await fixture.publish('backed');
  expect(await fixture.read('backed', anonymous)).toMatchObject({ claims: created.claims });
});

test('an update keeps lists that it does not give, and replaces those that it gives', async () => {
  const claims = [claim('a', { evidence: [{ slug: 'trace' }], metric }), claim('b')];
  const before = await fixture.create('patched', { claims, artifacts: ['pipeline'] });
  expect(await fixture.update('patched', { summary: 'New' })).toMatchObject({
    claims: before.claims,
    artifacts: ['pipeline'],
  });
  expect(await fixture.update('patched', { claims: [claim('b'), claim('a')] })).toMatchObject({
    claims: [
      { key: 'b', evidence: [] },
      { key: 'a', evidence: [], metric: null },
    ],
    artifacts: ['pipeline'],
  });
  expect(await fixture.update('patched', { claims: [], artifacts: [] })).toMatchObject({
    claims: [],
    artifacts: [],
  });
});

test('times are stored in UTC, whatever their offset', async () => {
  const range = { key: 'latency', from: '1900-01-01T00:00:00Z', to: '2999-12-31T23:59:59.999+00:00' };
  const { claims } = await fixture.create('zones', {
    claims: [claim('a', { metric: { ...range, changedAt: '2026-02-01T14:30:00+02:00' } })],
  });
  expect(claims[0]!.metric).toEqual({
    key: 'latency',
    from: '1900-01-01T00:00:00.000Z',
    to: '2999-12-31T23:59:59.999Z',
    changedAt: '2026-02-01T12:30:00.000Z',
  });
});

describe('evidence that is cited without a version', () => {
  test('stays at the version that the same claim cited, until its statement changes', async () => {
    const id = await addEvidence(fixture.platform, fixture.portfolioId, 'growing', 1);
    const cite = [claim('pinned', { evidence: [{ slug: 'growing' }] })];
    const { claims } = await fixture.create('pins', { claims: cite });
    expect(claims[0]!.evidence).toEqual([{ slug: 'growing', version: 1 }]);
    await addEvidenceVersion(fixture.platform, id, 2);
    await fixture.platform.db.update(evidence).set({ latest: 2 }).where(eq(evidence.id, id));

    const also = [...cite, claim('later', { evidence: [{ slug: 'growing' }] })];
    const updated = await fixture.update('pins', { claims: also });
    expect(updated.claims.map((each) => each.evidence[0]!.version)).toEqual([1, 2]);
    const reworded = [{ ...cite[0], statement: 'It is something else.' }];
    expect((await fixture.update('pins', { claims: reworded })).claims[0]!.evidence[0]!.version).toBe(2);
  });

  test('is at version 0 while it has no version', async () => {
    const { claims } = await fixture.create('awaits', {
      claims: [claim('a', { evidence: [{ slug: 'awaited' }] })],
    });
    expect(claims[0]!.evidence).toEqual([{ slug: 'awaited', version: 0 }]);
    expect(await fixture.update('awaits', { claims })).toMatchObject({ revision: 1 });
  });
});

describe('a study is refused', () => {
  test('with the position of each reference that its portfolio does not have', async () => {
    const claims = [
      claim('a', {
        evidence: [{ slug: 'trace' }, { slug: 'nowhere' }, { slug: 'report', version: 2 }],
        metric: { ...metric, key: 'unknown' },
      }),
      claim('b', { evidence: [{ slug: 'foreign' }], metric: { ...metric, key: 'foreign' } }),
    ];
    const artifacts = ['pipeline', 'foreign', 'nothing'];
    const pointers = [
      '/claims/0/evidence/1/slug',
      '/claims/0/evidence/2/version',
      '/claims/0/metric/key',
      '/claims/1/evidence/0/slug',
      '/claims/1/metric/key',
      '/artifacts/1',
      '/artifacts/2',
    ];
    const refusal = { code: 'invalid_input', fields: pointers.map((pointer) => ({ pointer })) };
    await expect(fixture.create('unknown', { claims, artifacts })).rejects.toMatchObject(refusal);
    await expect(fixture.read('unknown')).rejects.toMatchObject({ code: 'not_found' });
    const before = await fixture.create('known', { claims: [claim('a')] });
    await expect(fixture.update('known', { claims, artifacts })).rejects.toMatchObject(refusal);
    expect(await fixture.read('known')).toEqual(before);
  });

  test('with the position of each duplicate', async () => {
    const claims = [
      claim('a', { evidence: [{ slug: 'trace' }, { slug: 'report' }, { slug: 'trace' }] }),
      claim('b'),
      claim('a'),
    ];
    await expect(
      fixture.create('twice', { claims, artifacts: ['runbook', 'runbook'] }),
    ).rejects.toMatchObject({
      fields: [
        { pointer: '/claims/0/evidence/2/slug' },
        { pointer: '/claims/2/key' },
        { pointer: '/artifacts/1' },
      ],
    });
  });

  test.each<[string, object, string]>([
    ['an end before its begin', { to: '2025-12-31T00:00:00Z' }, '/to'],
    ['a change before it', { changedAt: '2025-12-31T00:00:00Z' }, '/changedAt'],
    ['an end at its begin', { to: metric.from }, '/to'],
    ['a change after it', { changedAt: metric.to }, '/changedAt'],
    ['the year 0', { from: '0000-12-31T00:00:00Z' }, '/from'],
    ['a year that is 3000 in UTC', { to: '2999-12-31T23:59:59-01:00' }, '/to'],
    ['a day that does not exist', { to: '2026-02-30T00:00:00Z' }, '/to'],
    ['no time', { to: 'soon' }, '/to'],
  ])('for a metric range with %s', async (_, wrong, field) => {
    await expect(
      fixture.create('range', { claims: [claim('a', { metric: { ...metric, ...wrong } })] }),
    ).rejects.toMatchObject({
      code: 'invalid_input',
      fields: expect.arrayContaining([{ pointer: `/claims/0/metric${field}`, detail: expect.anything() }]),
    });
  });

  test.each<[string, object, string]>([
    ['101 claims', { claims: Array.from({ length: 101 }, (_, at) => claim(`c-${at}`)) }, '/claims'],
    ['21 pieces of evidence', { evidence: 21 }, '/claims/0/evidence'],
    ['an empty statement', { claims: [{ key: 'a', statement: ' ' }] }, '/claims/0/statement'],
    ['an unknown field', { claims: [claim('a', { standing: 'backed' })] }, '/claims/0/standing'],
    ['51 artifacts', { artifacts: Array.from({ length: 51 }, (_, at) => `a-${at}`) }, '/artifacts'],
  ])('for %s', async (_, content, pointer) => {
    const cited = Array.from({ length: 21 }, (__, at) => ({ slug: `e-${at}` }));
    const given = 'evidence' in content ? { claims: [claim('a', { evidence: cited })] } : content;
    await expect(fixture.create('too-much', given)).rejects.toMatchObject({
      code: 'invalid_input',
      fields: [{ pointer }],
    });
  });
});

test('the maximum number of claims and citations is stored', async () => {
  const { platform, portfolioId } = fixture;
  const slugs = Array.from({ length: 20 }, (_, at) => `many-${at}`);
  for (const slug of slugs) await addEvidence(platform, portfolioId, slug, 1);
  const cited = slugs.map((slug) => ({ slug }));
  const claims = Array.from({ length: 100 }, (_, at) => claim(`c-${at}`, { metric, evidence: cited }));
  await fixture.create('full', { claims });
  const read = await fixture.read('full');
  expect(read.claims).toHaveLength(100);
  expect(read.claims.every((each) => each.evidence.length === 20)).toBe(true);
});

test.each([
  ['evidence', 'evidence', 'slug', { claims: [claim('a', { evidence: [{ slug: 'contested' }] })] }],
  ['metric', 'metrics', 'key', { claims: [claim('a', { metric: { ...metric, key: 'contested' } })] }],
  ['artifact', 'artifacts', 'slug', { artifacts: ['contested'] }],
])(
  'a study that references a resource under deletion (%s) waits, and is refused',
  async (noun, table, name, naming) => {
    const { sql } = fixture.platform;
    const add = { evidence: addEvidence, metrics: addMetric, artifacts: addArtifact }[table]!;
    await add(fixture.platform, fixture.portfolioId, 'contested', 0);
    let created: Promise<unknown> | undefined;
    await sql.begin(async (tx) => {
      await tx`delete from ${tx(table)} where ${tx(name)} = 'contested'`;
      created = fixture.create(`citing-${noun}`, naming).catch((error: unknown) => error);
      await vi.waitFor(async () => {
        const waiting = await sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
        expect(waiting).toHaveLength(1);
      }, 10_000);
    });
    expect(await created).toMatchObject({
      code: 'invalid_input',
      fields: [{ detail: `There is no ${noun} "contested".` }],
    });
  },
);
