import { describe, expect, test, beforeAll, afterAll } from 'vitest';
import { type ImportTest, png, portfolioText, startImportTest } from './testing.ts';

let it: ImportTest;
beforeAll(async () => {
  it = await startImportTest();
});
afterAll(() => it.server.stop());

const study = (fields: string) => `---\ntitle: One\n${fields}---\n`;
const metric = '---\nname: Load\nunit: "%"\nbetterWhen: down\n---\n';
const csv = (rows: string) => ({ 'metrics/load.md': metric, 'metrics/load.csv': rows });
const artifact = (version: string) => `---\nkind: script\ntitle: A\nversions:\n  - ${version}\n---\n`;

type Case = [files: Record<string, string | Buffer>, problem: string | RegExp];

const cases: Record<string, Case> = {
  'a field that does not exist': [
    { 'one.md': study('sumary: x\n') },
    'one.md:3: sumary: There is no such field.',
  ],
  'a field of the wrong type': [
    { 'one.md': study('\ntags: x\n') },
    'one.md:4: tags: Expected a list, not text.',
  ],
  'a missing title': [
    { 'one.md': '---\nsummary: x\n---\n' },
    'one.md:2: title: Expected this field, but it is missing.',
  ],
  'a number instead of text': [
    { 'artifacts/a.md': artifact('{ name: 1.0, referenceUrl: "https://example.com/" }') },
    'artifacts/a.md:5: versions.0.name: Expected text, not a number: put it into quotes.',
  ],
  'a text that is too long': [
    { 'one.md': study(`client: ${'x'.repeat(201)}\n`) },
    'one.md:3: client: Expected at most 200 characters.',
  ],
  'a value that is not allowed': [
    { 'one.md': study('status: public\n') },
    'one.md:3: status: Expected "draft" or "published".',
  ],
  'a month that does not exist': [
    { 'one.md': study('\nperiod: { from: 2026-13 }\n') },
    'one.md:4: period.from: Expected a month such as "2026-11".',
  ],
  'YAML that does not parse': [{ 'one.md': '---\ntitle: "One\n---\n' }, 'one.md:'],
  'no front matter': [{ 'one.md': '# One\n' }, 'one.md:1: Expected front matter'],
  'a file name that is not a slug': [{ 'One.md': study('') }, 'One.md:2: slug: Expected lower-case letters'],
  'a slug that another file uses': [
    { 'one.md': study(''), 'two.md': study('slug: one\n') },
    /two\.md:3: The slug "one" is already used by .*one\.md\./,
  ],
  'a description that is too long': [
    { 'metrics/load.md': `${metric}${'x'.repeat(2001)}` },
    'metrics/load.md:6: text: Expected at most 2,000 characters.',
  ],
  'an image outside of the folder': [
    { 'one.md': '---\ntitle: One\n---\n![x](../x.png)\n' },
    'one.md:4: Expected a PNG or JPEG file "../x.png" in this folder',
  ],
  'an image of another kind': [
    { 'one.md': '---\ntitle: One\n---\n![x](images/x.svg)\n' },
    'one.md:4: Expected a PNG or JPEG file "images/x.svg"',
  ],
  'an image whose bytes are no image': [
    { 'one.md': '---\ntitle: One\n---\n![x](x.png)\n', 'x.png': 'text' },
    'one.md:4: x.png: Expected the bytes of a PNG or JPEG image.',
  ],
  'an image whose path cannot be decoded': [
    { 'one.md': '---\ntitle: One\n---\n![x](100%.png)\n' },
    'one.md:4: Expected a PNG or JPEG file "100%.png"',
  ],
  'an image with an escaped path': [
    { 'one.md': '---\ntitle: One\n---\n![x](images/a\\_b.png)\n', 'images/a_b.png': png },
    'one.md:4: Write the path "images/a_b.png" without escapes',
  ],
  'an image that does not exist': [
    { 'one.md': '---\ntitle: One\n---\n\nSee ![x](images/no.png).\n' },
    'one.md:5: Expected a PNG or JPEG file "images/no.png"',
  ],
  'evidence without file and source': [
    { 'evidence/e.md': '---\ntitle: E\n---\n' },
    'evidence/e.md:2: Expected either "file" or "sourceUrl".',
  ],
  'an evidence file that does not exist': [
    { 'evidence/e.md': '---\ntitle: E\nfile: e.csv\n---\n' },
    'evidence/e.md:3: file: Expected a file "e.csv" in this folder.',
  ],
  'an evidence file outside of the folder': [
    { 'evidence/e.md': '---\ntitle: E\nfile: ../../e.csv\n---\n' },
    'evidence/e.md:3: file: Expected a file "../../e.csv" in this folder.',
  ],
  'an empty evidence file': [
    { 'evidence/e.md': '---\ntitle: E\nfile: e.csv\n---\n', 'evidence/e.csv': '' },
    'evidence/e.md:3: file: Expected a file "e.csv" that is not empty.',
  ],
  'an artifact file that does not exist': [
    { 'artifacts/a.md': artifact('{ name: "1", file: a.sh }') },
    'artifacts/a.md:5: versions.0.file: Expected a file "a.sh" in this folder.',
  ],
  'an artifact version with file and reference': [
    { 'artifacts/a.md': artifact('{ name: "1", file: a.sh, referenceUrl: "https://example.com/" }') },
    'artifacts/a.md:5: versions.0: Expected either "file" or "referenceUrl".',
  ],
  'a reference to unknown evidence': [
    { 'one.md': study('claims:\n  - key: a\n    statement: A.\n    evidence: [no]\n') },
    'one.md:6: claims.0.evidence.0: There is no evidence "no", neither in this folder nor in the portfolio.',
  ],
  'a reference to an unknown metric': [
    {
      'one.md': study(
        'claims:\n  - key: a\n    statement: A.\n    metric:\n      key: no\n      from: 2026-11-01T00:00:00Z\n      to: 2026-11-02T00:00:00Z\n',
      ),
    },
    'one.md:7: claims.0.metric.key: There is no metric "no"',
  ],
  'a reference to an unknown artifact': [
    { 'one.md': study('artifacts:\n  - no\n') },
    'one.md:4: artifacts.0: There is no artifact "no"',
  ],
  'samples without a metric': [
    { 'metrics/load.csv': 'at,value\n' },
    'metrics/load.csv:1: Expected a file load.md in the same folder',
  ],
  'samples without a header': [
    csv('2026-11-01T00:00:00Z,1\n'),
    'metrics/load.csv:1: Expected the header "at,value".',
  ],
  'an empty file of samples': [csv(''), 'metrics/load.csv:1: Expected the header "at,value"'],
  'a sample with an invalid time': [
    csv('at,value\n2026-11-01T00:00:00Z,1\nyesterday,2\n'),
    'metrics/load.csv:3: at: Expected a time such as',
  ],
  'a sample with an invalid value': [
    csv('at,value\n\n2026-11-01T00:00:00Z,much\n'),
    'metrics/load.csv:3: value: Expected a number such as "12.5", not "much".',
  ],
  'a sample with too many cells': [
    csv('at,value\n2026-11-01T00:00:00Z,1,2\n'),
    'metrics/load.csv:2: Expected a time and a value, but found 3 cells.',
  ],
  'samples that are out of order': [
    csv('at,value\n2026-11-02T00:00:00Z,1\n2026-11-01T00:00:00Z,1\n'),
    'metrics/load.csv:3: at: Expected a time after 2026-11-02T00:00:00.000Z, the latest time in the rows above.',
  ],
  'samples at the same time': [
    csv('at,value\n2026-11-02T00:00:00Z,1\n2026-11-02T01:00:00+01:00,1\n'),
    'metrics/load.csv:3: at: Expected a time after 2026-11-02T00:00:00.000Z',
  ],
  'an unclosed quote': [csv('at,value\n"2026-11-02T00:00:00Z,1\n'), /metrics\/load\.csv:\d: Malformed CSV/],
};

describe('each problem is reported with file and line, and nothing is imported', () => {
  test.each(Object.keys(cases))('%s', async (name) => {
    const [files, problem] = cases[name]!;
    const folder = await it.newFolder({ 'portfolio.md': portfolioText('wrong'), ...files });
    await expect(it.importLines(folder)).rejects.toThrow(problem);
    await expect(it.api.portfolio.read.query({ portfolio: 'wrong' })).rejects.toThrow(
      'There is no portfolio',
    );
  });

  test('all problems together', async () => {
    const folder = await it.newFolder({
      'portfolio.md': '---\nname: Team\n---\n',
      'one.md': '# One\n',
      'two.md': '---\ntitle: 7\nsumary: x\n---\n',
      'evidence/e.md': '---\ntitle: E\nfile: e.csv\n---\n',
      ...csv('at,value\nnow,1\nthen,2\n'),
    });
    const problems = await it.importLines(folder).catch((error: Error) => error.message.split('\n'));
    expect(problems).toHaveLength(7);
  });

  test('the first twenty problems of a long table', async () => {
    const folder = await it.newFolder({
      'portfolio.md': portfolioText('wrong'),
      ...csv(`at,value\n${'x,1\n'.repeat(1000)}`),
    });
    const problems = await it.importLines(folder).catch((error: Error) => error.message.split('\n'));
    expect(problems).toHaveLength(20);
  });
});

test('a problem that only the API can detect is reported with file and line, too', async () => {
  const folder = await it.newFolder({
    'portfolio.md': portfolioText('checked'),
    'evidence/e.md': '---\ntitle: E\nfile: e.txt\n---\n',
    'evidence/e.txt': 'e',
    'one.md': study(
      'claims:\n  - key: a\n    statement: A.\n    evidence:\n      - slug: e\n        version: 9\n',
    ),
  });
  await expect(it.importLines(folder)).rejects.toThrow(
    'one.md:8: claims.0.evidence.0.version: There is no version 9 of evidence "e".',
  );
});

test('a folder without portfolio.md is refused with what is expected', async () => {
  const folder = await it.newFolder({ 'one.md': study('') });
  await expect(it.importLines(folder)).rejects.toThrow('Expected a file portfolio.md');
  await expect(it.importLines(await it.newFolder({}))).rejects.toThrow('This folder is empty');
  await expect(it.importLines(`${folder}/nowhere`)).rejects.toThrow('This folder cannot be read');
});
