import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isExhaustive } from '../../tests/support/exhaustive.ts';
import { sampleFolder } from '../../tests/support/stack.ts';
import { describeDifference } from './differences.ts';
import { type ImportTest, addFiles, png, portfolioText, startImportTest } from './testing.ts';

let it: ImportTest;
beforeAll(async () => {
  it = await startImportTest();
});
afterAll(() => it.server.stop());

const metric = '---\nname: Latency\nunit: ms\nbetterWhen: down\n---\nOf each request.\n';
const samples = 'at,value\n2026-11-01T00:00:00Z,30\n2026-11-02T00:00:00Z,20\n2026-11-03T00:00:00Z,10\n';
const study = `---
title: Faster reads
status: published
claims:
  - key: twice-as-fast
    statement: Reads take half the time.
    evidence: [measured]
    metric:
      key: latency
      from: 2026-11-01T00:00:00Z
      to: 2026-11-04T00:00:00Z
      changedAt: 2026-11-02T00:00:00Z
artifacts: [cleanup]
---
What we did.
It took a day.
`;

/** A folder with one of each noun. */
const everything = (slug: string) => ({
  'portfolio.md': portfolioText(slug),
  'README.md': 'For those who maintain this folder.\n',
  'metrics/latency.md': metric,
  'metrics/latency.csv': samples,
  'metrics/README.md': 'Not a metric.\n',
  'evidence/measured.md': '---\ntitle: Measured\nfile: files/measured.csv\n---\nManually.\n',
  'evidence/files/measured.csv': 'a,b\n1,2\n',
  'artifacts/cleanup.md':
    '---\nkind: script\ntitle: Clean up\nlicence: MIT\nversions:\n  - name: "1.0"\n    notes: First.\n    file: cleanup.sh\n---\nRemoves what is old.\n',
  'artifacts/cleanup.sh': 'rm -r old\n',
  'faster-reads.md': study,
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function readAll(portfolio: string) {
  const [profile, measured, series, evidence, artifact, faster] = await Promise.all([
    it.api.portfolio.read.query({ portfolio }),
    it.api.metric.read.query({ portfolio, key: 'latency' }),
    it.api.metric.series.query({
      portfolio,
      key: 'latency',
      from: '2026-11-01T00:00:00Z',
      to: '2026-12-01T00:00:00Z',
      step: '1d',
    }),
    it.api.evidence.read.query({ portfolio, slug: 'measured' }),
    it.api.artifact.read.query({ portfolio, slug: 'cleanup' }),
    it.api.caseStudy.read.query({ portfolio, slug: 'faster-reads' }),
  ]);
  return { profile, measured, series, evidence, artifact, study: faster };
}

const textOf = (body: string) => `---\ntitle: One\n---\n${body}`;

describe('a folder with all nouns', () => {
  test('becomes a portfolio with the same content, and whose claim is backed', async () => {
    const folder = await it.newFolder(everything('whole'));
    expect(await it.importLines(folder)).toEqual([
      'created portfolio whole',
      'created metric latency',
      'created samples of metric latency: 3 new, 0 replaced, 0 unchanged',
      'created evidence measured',
      'created artifact cleanup',
      'created case study faster-reads',
    ]);
    const portfolio = 'whole';
    expect(await it.api.metric.read.query({ portfolio, key: 'latency' })).toMatchObject({
      name: 'Latency',
      unit: 'ms',
      betterWhen: 'down',
      description: 'Of each request.',
    });
    expect(await it.api.evidence.read.query({ portfolio, slug: 'measured' })).toMatchObject({
      title: 'Measured',
      description: 'Manually.',
      standing: 'fresh',
      latest: {
        number: 1,
        fileName: 'measured.csv',
        contentType: 'text/csv',
        sha256: sha256('a,b\n1,2\n'),
      },
    });
    expect(await it.api.artifact.read.query({ portfolio, slug: 'cleanup' })).toMatchObject({
      kind: 'script',
      licence: 'MIT',
      description: 'Removes what is old.',
      latestVersions: [
        { name: '1.0', notes: 'First.', file: { fileName: 'cleanup.sh', sha256: sha256('rm -r old\n') } },
      ],
    });
    const slug = 'faster-reads';
    expect(await it.anonymous.caseStudy.read.query({ portfolio, slug })).toMatchObject({
      status: 'published',
      artifacts: ['cleanup'],
    });
    const { claims } = await it.anonymous.caseStudy.provenance.query({ portfolio, slug });
    expect(claims).toMatchObject([{ standing: 'backed' }]);
  });

  test('changes nothing when it is imported again, with and without a dry run', async () => {
    const folder = await it.newFolder(everything('again'));
    await it.importLines(folder);
    const state = await readAll('again');
    const unchanged = [
      'unchanged portfolio again',
      'unchanged metric latency',
      'unchanged samples of metric latency: 0 new, 0 replaced, 3 unchanged',
      'unchanged evidence measured',
      'unchanged artifact cleanup',
      'unchanged case study faster-reads',
    ];
    expect(await it.importLines(folder)).toEqual(unchanged);
    const dry = await it.importLines(folder, { dryRun: true });
    expect(dry).toEqual(unchanged.with(2, 'unchanged samples of metric latency: 3 in the file'));
    expect(await readAll('again')).toEqual(state);
  });

  test('is not created by a dry run, which reports everything as created', async () => {
    const folder = await it.newFolder(everything('dry'));
    const lines = await it.importLines(folder, { dryRun: true });
    expect(lines.map((line) => line.split(' ')[0])).toEqual(Array(6).fill('created'));
    await expect(it.api.portfolio.read.query({ portfolio: 'dry' })).rejects.toThrow('There is no portfolio');
  });

  test('is compared by a dry run without a change; the import then changes exactly what the dry run reported', async () => {
    const folder = await it.newFolder(everything('diff'));
    await it.importLines(folder);
    const state = await readAll('diff');
    await addFiles(folder, {
      'metrics/latency.md': metric.replace('ms', 's'),
      'metrics/latency.csv': `${samples.replace(',20', ',25')}2026-11-04T00:00:00Z,5\n`,
      'evidence/files/measured.csv': 'a,b\n1,3\n',
      'artifacts/cleanup.md':
        '---\nkind: script\ntitle: Clean up\nlicence: MIT\nversions:\n  - { name: "1.0", notes: First., file: cleanup.sh }\n  - { name: "2.0", file: cleanup-2.sh }\n---\nRemoves what is old.\n',
      'artifacts/cleanup-2.sh': 'rm -rf old\n',
      'faster-reads.md': study.replace('It took a day.', 'It took a week.').replace('half', 'a third of'),
    });
    const changes = (await it.importChanges(folder, { dryRun: true })).map(
      ({ what, change, differences }) => [`${change} ${what}`, ...differences.flatMap(describeDifference)],
    );
    expect(changes).toEqual([
      ['unchanged portfolio diff'],
      ['updated metric latency', 'unit: "ms" → "s"'],
      [
        'updated samples of metric latency: 4 in the file',
        expect.stringMatching(/^2026-11-0\dT.*: 20 → 25$/),
        expect.stringMatching(/^2026-11-0\dT.*: nothing → 5$/),
      ],
      ['updated evidence measured', `sha256: "${sha256('a,b\n1,2\n')}" → "${sha256('a,b\n1,3\n')}"`],
      ['updated artifact cleanup', 'versions.2.0: nothing → "cleanup-2.sh"'],
      [
        'updated case study faster-reads',
        'claims.0.statement: "Reads take half the time." → "Reads take a third of the time."',
        'claims.0.evidence.0.version: 1 → nothing',
        'body:',
        '@@ -1,2 +1,2 @@',
        ' What we did.',
        '-It took a day.',
        '+It took a week.',
      ],
    ]);
    expect(await readAll('diff')).toEqual(state);

    const done = await it.importLines(folder);
    expect(done.filter((line) => line.startsWith('updated'))).toHaveLength(5);
    expect(done).toContain('updated samples of metric latency: 1 new, 1 replaced, 2 unchanged');
    const after = await readAll('diff');
    expect(after.evidence.latest).toMatchObject({ number: 2, sha256: sha256('a,b\n1,3\n') });
    expect(after.artifact.latestVersions.map(({ name }) => name)).toEqual(['2.0', '1.0']);
    expect(after.study.body).toBe('What we did.\nIt took a week.\n');
  });

  test('refuses an artifact version whose file has changed, before anything is sent', async () => {
    const folder = await it.newFolder(everything('version'));
    await it.importLines(folder);
    await addFiles(folder, {
      'artifacts/cleanup.sh': 'rm old\n',
      'portfolio.md': portfolioText('version', 'Crew'),
    });
    await expect(it.importLines(folder)).rejects.toThrow(
      'artifacts/cleanup.md:6: Version "1.0" already exists with different content: give this one another name.',
    );
    expect(await it.api.portfolio.read.query({ portfolio: 'version' })).toMatchObject({ name: 'Team' });
  });
});

test('evidence with a source is created, and one job to fetch it', async () => {
  const folder = await it.newFolder({
    'portfolio.md': portfolioText('sourced'),
    'evidence/page.md':
      '---\ntitle: Page\nsourceUrl: https://example.com/page\nfreshForSeconds: 86400\n---\n',
  });
  await it.importLines(folder);
  expect(await it.importLines(folder)).toContain('unchanged evidence page');
  const { items } = await it.api.job.list.query({ portfolio: 'sourced' });
  expect(items.map(({ kind }) => kind)).toEqual(['evidence.sync']);
});

test('a study may cite items that are in the portfolio and not in the folder', async () => {
  const folder = await it.newFolder({
    'portfolio.md': portfolioText('elsewhere'),
    'metrics/latency.md': metric,
    'evidence/a.md': '---\ntitle: A\nsourceUrl: https://example.com/a\n---\n',
  });
  await it.importLines(folder);
  const other = await it.newFolder({
    'portfolio.md': portfolioText('elsewhere'),
    'one.md':
      '---\ntitle: One\nclaims:\n  - { key: a, statement: A., evidence: [{ slug: a, version: 0 }] }\n---\n',
  });
  expect(await it.importLines(other)).toEqual(['unchanged portfolio elsewhere', 'created case study one']);
});

test('a changed file updates its study and leaves the others alone', async () => {
  const folder = await it.newFolder({
    'portfolio.md': portfolioText('changing'),
    'one.md': textOf('First.'),
    'two.md': textOf('Stays.'),
  });
  await it.importLines(folder);
  await addFiles(folder, { 'one.md': textOf('Second.'), 'portfolio.md': portfolioText('changing', 'Crew') });
  expect(await it.importLines(folder)).toEqual([
    'updated portfolio changing',
    'updated case study one',
    'unchanged case study two',
  ]);
  const { body } = await it.api.caseStudy.read.query({ portfolio: 'changing', slug: 'one' });
  expect(body).toBe('Second.');
});

test('images of the folder are stored and the text refers to them', async () => {
  const body = '![images/dot.png](images/dot.png "A dot")\n\n![again][dot]\n\n[dot]: images/dot.png\n';
  const folder = await it.newFolder({
    'portfolio.md': portfolioText('pictures'),
    'one.md': `---\ntitle: One\n---\n${body}`,
    'images/dot.png': png,
  });
  await it.importLines(folder);
  const { body: text } = await it.api.caseStudy.read.query({ portfolio: 'pictures', slug: 'one' });
  const [url] = /\/api\/v1\/portfolios\/pictures\/images\/[0-9a-f]{64}/.exec(text)!;
  expect(text).toBe(`![images/dot.png](${url} "A dot")\n\n![again][dot]\n\n[dot]: ${url}\n`);
  const key = await it.server.issueKey('owner');
  const image = await it.server.call('GET', url, { key, redirect: 'follow' });
  expect(Buffer.from(await image.arrayBuffer())).toEqual(png);
});

/** A portfolio with a metric of `count` samples, one per minute. */
const measured = (slug: string, count: number) => {
  const start = Date.parse('2026-01-01T00:00:00Z');
  const row = (minute: number) => `${new Date(start + minute * 60_000).toISOString()},${minute % 97}\n`;
  return {
    'portfolio.md': portfolioText(slug),
    'metrics/load.md': '---\nname: Load\nunit: "%"\nbetterWhen: down\n---\n',
    'metrics/load.csv': `at,value\n${Array.from({ length: count }, (_, minute) => row(minute)).join('')}`,
  };
};

const many = isExhaustive ? 100_000 : 10_000;
test(`${many} samples are recorded`, { timeout: 90_000 }, async () => {
  expect(await it.importLines(await it.newFolder(measured('large', many)))).toContain(
    `created samples of metric load: ${many.toLocaleString('en')} new, 0 replaced, 0 unchanged`,
  );
});

test('samples of several batches are recognised as unchanged, and compared by a dry run', async () => {
  const files = measured('batches', 11_000);
  const folder = await it.newFolder(files);
  await it.importLines(folder);
  expect(await it.importLines(folder)).toContain(
    'unchanged samples of metric load: 0 new, 0 replaced, 11,000 unchanged',
  );
  const rows = files['metrics/load.csv'].split('\n');
  const changed = rows.with(7000, rows[7000]!.replace(/,\d+/, ',1000')).join('\n');
  await addFiles(folder, { 'metrics/load.csv': changed });
  const [, , dry] = await it.importChanges(folder, { dryRun: true });
  expect(dry).toMatchObject({ change: 'updated', differences: [{ after: 1000 }] });
});

test('the sample becomes a published portfolio whose claims are backed, and a second run changes nothing', async () => {
  const first = await it.importLines(sampleFolder);
  expect(first.every((line) => line.startsWith('created'))).toBe(true);
  expect((await it.importLines(sampleFolder)).every((line) => line.startsWith('unchanged'))).toBe(true);
  const portfolio = 'portfolio-engineering';
  const { items } = await it.anonymous.caseStudy.list.query({ portfolio });
  expect(items.map(({ status }) => status)).toEqual(['published', 'published', 'published']);
  const traced = await Promise.all(
    items.map(async ({ slug }) => it.anonymous.caseStudy.provenance.query({ portfolio, slug })),
  );
  const standings = traced.flatMap(({ claims }) => claims.map(({ key, standing }) => `${key}: ${standing}`));
  expect(standings.toSorted()).toEqual([
    'four-times-as-many: backed',
    'never-older: backed',
    'nothing-is-lost: backed',
    'one-holder: backed',
    'pdf-in-little-memory: backed',
    'seconds: unbacked',
  ]);
});
