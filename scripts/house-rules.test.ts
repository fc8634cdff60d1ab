import { describe, expect, it } from 'vitest';
import {
  findBrokenReferences,
  findRegistryAddresses,
  findMachinePaths,
  findPrivateWords,
  findUnpreparedQueries,
  findUpwardImports,
} from './house-rules.ts';

const filesOf = (files: Record<string, string>) => new Map(Object.entries(files));

const withReadme = (readme: string, more: Record<string, string> = {}) =>
  filesOf({
    'package.json': '{ "scripts": { "check": "x", "import": "x" } }',
    'docs/api.md': '',
    'docs/pictures/a b.png': '',
    'README.md': readme,
    ...more,
  });

describe('references in documents', () => {
  it.each([
    '[api](docs/api.md)',
    '[api](./docs/api.md#jobs "Jobs")',
    '[docs](docs) and [docs](docs/)',
    '![picture](docs/pictures/a%20b.png)',
    '[![picture](docs/pictures/a%20b.png)](docs/api.md)',
    '[api]: docs/api.md',
    '<img src="docs/api.md">',
    '[site](https://example.com/x) [mail](mailto:a@example.com) [below](#below)',
    'code: `[a](missing.md)`',
    '```md\n[a](missing.md)\n```',
    'Run `npm run check`, or `npm run import -- folder`.',
  ])('that are valid pass: %s', (readme) => {
    expect(findBrokenReferences(withReadme(readme))).toEqual([]);
  });

  it.each([
    ['[api](docs/app.md)', 'links to docs/app.md, but there is no docs/app.md.'],
    ['![picture](pictures/a.png)', 'links to pictures/a.png, but there is no pictures/a.png.'],
    ['[![x](docs/api.md)](gone.md)', 'links to gone.md, but there is no gone.md.'],
    ['[api]: docs/gone.md', 'links to docs/gone.md, but there is no docs/gone.md.'],
    ['<a href="gone.html">', 'links to gone.html, but there is no gone.html.'],
    ['Run `npm run chekc`.', 'names `npm run chekc`, which package.json does not have.'],
  ])('that are broken are reported with their line: %s', (readme, problem) => {
    expect(findBrokenReferences(withReadme(`# Title\n\n\`\`\`sh\nls\n\`\`\`\n${readme}`))).toEqual([
      `README.md:6: ${problem}`,
    ]);
  });

  it('are resolved relative to the folder of the document', () => {
    const adr = '[api](../api.md) [wrong](api.md) [from the root](/docs/api.md)';
    expect(findBrokenReferences(withReadme('', { 'docs/adr/0001.md': adr }))).toEqual([
      'docs/adr/0001.md:1: links to api.md, but there is no docs/adr/api.md.',
    ]);
  });
});

const folder = (...parts: string[]) => ['', ...parts].join('/');

describe('paths of one machine', () => {
  it.each([
    folder('home', 'ada', 'portfolio'),
    folder('Users', 'ada', 'x'),
    folder('root', '.npm'),
    folder('work', 'main'),
    ['C:', 'Users', 'ada'].join('\\'),
    folder('srv', 'checkout', 'x.ts'),
  ])('are found: %s', (path) => {
    const found = findMachinePaths(
      filesOf({ 'a.ts': `\nconst file = '${path}';` }),
      folder('srv', 'checkout'),
    );
    expect(found).toEqual([expect.stringMatching(/^a\.ts:2: contains /)]);
  });

  it.each(['https://example.com/home/ada', './home/x', '/homepage', '/tmp/x', '~/Users/x'])(
    'are not found in %s',
    (text) => {
      expect(findMachinePaths(filesOf({ 'a.ts': text }), folder('srv', 'checkout'))).toEqual([]);
    },
  );
});

describe('unprepared queries', () => {
  const unprepared = 'const rows = await db\n  .select()\n  .from(jobs);';

  it('are found in the files of hot paths, with their line', () => {
    for (const file of ['job/read.ts', 'job/internal.ts', 'case-study/queries.ts', 'tenancy.ts']) {
      const path = `packages/core/src/${file}`;
      const found = findUnpreparedQueries(filesOf({ [path]: `\n${unprepared}` }));
      expect(found).toEqual([expect.stringContaining(`${path}:2: runs an unprepared query`)]);
    }
  });

  it.each(['await ctx.db.select()', 'await tx.execute(sql``)', 'await db.query.jobs.findFirst()'])(
    'are found in any form: %s',
    (text) => {
      expect(findUnpreparedQueries(filesOf({ 'packages/core/src/job/read.ts': text }))).toHaveLength(1);
    },
  );

  it('are not reported if prepared, nor outside of the hot paths', () => {
    const prepared = `const byId = prepared((db) => db.select().prepare('job_by_id'));\nawait byId(db).execute({ id });`;
    const files = filesOf({
      'packages/core/src/job/read.ts': prepared,
      'packages/core/src/job/list.ts': unprepared,
      'packages/core/src/job/read.test.ts': unprepared,
    });
    expect(findUnpreparedQueries(files)).toEqual([]);
  });
});

const lockfileWith = (resolved: string) =>
  filesOf({
    'package-lock.json': JSON.stringify({ packages: { 'node_modules/zod': { version: '4.0.0', resolved } } }),
  });

describe('the lockfile', () => {
  it('may not contain the address of a registry', () => {
    const found = findRegistryAddresses(lockfileWith('https://registry.example.com/zod.tgz'));
    expect(found).toEqual([expect.stringContaining('node_modules/zod names its registry')]);
  });

  it('may link to workspaces', () => {
    expect(findRegistryAddresses(lockfileWith('packages/core'))).toEqual([]);
  });
});

const importOf = (path: string, from: string) =>
  findUpwardImports(filesOf({ [`packages/core/src/${path}`]: `import { a } from '${from}';\n` }));

describe('layers of core', () => {
  it.each([
    ['case-study/read.ts', './internal.ts'],
    ['case-study/read.ts', '../claim/provenance.ts'],
    ['evidence/delete.ts', '../case-study/case-study.sql.ts'],
    ['job/accept.ts', '../context.ts'],
    ['visibility.ts', './claim/claim.sql.ts'],
    ['runtime/settings.ts', '../job/kinds.ts'],
    ['index.ts', './portfolio/index.ts'],
    ['evidence/evidence.test.ts', '../case-study/read.ts'],
  ])('%s may import %s', (path, from) => {
    expect(importOf(path, from)).toEqual([]);
  });

  it.each([
    ['claim/notify.ts', '../case-study/read.ts', 'case-study', 'claim'],
    ['artifact/list.ts', '../metric/read.ts', 'metric', 'artifact'],
    ['tenancy.ts', './job/read.ts', 'job', "core's root"],
  ])('%s may not import %s', (path, from, imported, noun) => {
    expect(importOf(path, from)).toEqual([
      `packages/core/src/${path}:1: imports ${imported}, which is not below ${noun}. See the layers in scripts/house-rules.ts.`,
    ]);
  });

  it('have a place for each noun', () => {
    expect(importOf('invoice/read.ts', './internal.ts')).toEqual([
      'packages/core/src/invoice/read.ts: scripts/house-rules.ts has no layer for "invoice".',
    ]);
  });
});

describe('words', () => {
  it('that are private are found in names, prose and documents, with the standard term', () => {
    const files = filesOf({
      'a.ts': 'const strangers = 1;\n// The database is away.\n',
      'docs/b.md': 'What cannot be mended.',
    });
    expect(findPrivateWords(files)).toEqual([
      'a.ts:1: says "strangers". The standard term: anonymous reader, or non-member.',
      'a.ts:2: says "is away". The standard term: unavailable.',
      'docs/b.md:1: says "mended". The standard term: fix.',
    ]);
  });

  it('that only contain one of them pass', () => {
    expect(
      findPrivateWords(filesOf({ 'a.ts': 'recommended; commend(); a strange value; walk away' })),
    ).toEqual([]);
  });
});
