import { createClient } from '@portfolio/api/client';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestApi, testApi } from '../../tests/support/api.ts';
import { testFolder } from '../../tests/support/folder.ts';
import { sampleFolder } from '../../tests/support/stack.ts';
import { type Change, importFolder } from './import-folder.ts';

// The smallest PNG there is: one transparent pixel.
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

let server: TestApi;
let api: ReturnType<typeof createClient>;
let folder: string;
beforeAll(async () => {
  server = await testApi();
  api = createClient({ baseUrl: server.baseUrl, apiKey: await server.issueKey('owner') });
});
afterAll(() => server.stop());
beforeEach(async () => {
  folder = await testFolder();
});

async function write(files: Record<string, string | Buffer>) {
  await mkdir(join(folder, 'images'), { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
}

async function importIt(path = folder) {
  const changes: Change[] = [];
  await importFolder(api, path, (change) => changes.push(change));
  return changes.map(({ what, change }) => `${change} ${what}`);
}

const textOf = (body: string) => `---\ntitle: One\n---\n${body}`;
const head = (slug: string) => `---\nslug: ${slug}\nname: Team\n---\nWhat we do.\n`;

test('the sample becomes a published portfolio, and a second run changes nothing', async () => {
  const first = await importIt(sampleFolder);
  expect(first).toHaveLength(4);
  expect(first.every((change) => change.startsWith('created'))).toBe(true);
  expect((await importIt(sampleFolder)).every((change) => change.startsWith('unchanged'))).toBe(true);

  const stranger = createClient({ baseUrl: server.baseUrl });
  const { items } = await stranger.caseStudy.list.query({ portfolio: 'portfolio-engineering' });
  expect(items.map(({ status }) => status)).toEqual(['published', 'published', 'published']);
});

test('a changed file updates its study and leaves the others alone', async () => {
  await write({ 'portfolio.md': head('changing'), 'one.md': textOf('First.'), 'two.md': textOf('Stays.') });
  await importIt();
  await write({ 'one.md': textOf('Second.'), 'portfolio.md': head('changing').replace('Team', 'Crew') });
  expect(await importIt()).toEqual([
    'updated portfolio changing',
    'updated case study one',
    'unchanged case study two',
  ]);
  const { body } = await api.caseStudy.read.query({ portfolio: 'changing', slug: 'one' });
  expect(body).toBe('Second.');
});

test('images of the folder are stored and the text refers to them', async () => {
  const body = '![images/dot.png](images/dot.png "A dot")\n\n![again][dot]\n\n[dot]: images/dot.png\n';
  await write({
    'portfolio.md': head('pictures'),
    'one.md': `---\ntitle: One\n---\n${body}`,
    'images/dot.png': png,
  });
  await importIt();
  const study = await api.caseStudy.read.query({ portfolio: 'pictures', slug: 'one' });
  const [url] = /\/api\/v1\/portfolios\/pictures\/images\/[0-9a-f]{64}/.exec(study.body)!;
  expect(study.body).toBe(`![images/dot.png](${url} "A dot")\n\n![again][dot]\n\n[dot]: ${url}\n`);
  const key = await server.issueKey('owner');
  const image = await server.call('GET', url, { key, redirect: 'follow' });
  expect(Buffer.from(await image.arrayBuffer())).toEqual(png);
});

describe('what is wrong is named by file and line, and nothing is imported', () => {
  const cases: Record<string, [files: Record<string, string | Buffer>, complaint: string]> = {
    'a field that does not exist': [
      { 'one.md': '---\ntitle: One\nsumary: x\n---\n' },
      'one.md:3: Unrecognized key',
    ],
    'a field of the wrong type': [{ 'one.md': '---\ntitle: One\n\ntags: x\n---\n' }, 'one.md:4: tags: '],
    'a missing title': [{ 'one.md': '---\nsummary: x\n---\n' }, 'one.md:2: title: '],
    'YAML that does not parse': [{ 'one.md': '---\ntitle: "One\n---\n' }, 'one.md:'],
    'no front matter': [{ 'one.md': '# One\n' }, 'one.md:1: Expected front matter'],
    'a slug that another file has': [
      { 'one.md': '---\ntitle: One\n---\n', 'two.md': '---\ntitle: Two\nslug: one\n---\n' },
      'two.md:3: ',
    ],
    'an image outside of the folder': [
      { 'one.md': '---\ntitle: One\n---\n![x](../x.png)\n' },
      'one.md:4: Expected a PNG or JPEG file "../x.png" in this folder',
    ],
    'an image of another kind': [
      { 'one.md': '---\ntitle: One\n---\n![x](images/x.svg)\n' },
      'one.md:4: Expected a PNG or JPEG file "images/x.svg"',
    ],
    'an image whose address does not decode': [
      { 'one.md': '---\ntitle: One\n---\n![x](100%.png)\n' },
      'one.md:4: Expected a PNG or JPEG file "100%.png"',
    ],
    'an image with an escaped address': [
      { 'one.md': '---\ntitle: One\n---\n![x](images/a\\_b.png)\n', 'images/a_b.png': png },
      'one.md:4: Write the address "images/a_b.png" without escapes',
    ],
    'an image that is not there': [
      { 'one.md': '---\ntitle: One\n---\n\nSee ![x](images/no.png).\n' },
      'one.md:5: Expected a PNG or JPEG file "images/no.png"',
    ],
  };

  test.each(Object.keys(cases))('%s', async (name) => {
    const [files, complaint] = cases[name]!;
    await write({ 'portfolio.md': head('wrong'), ...files });
    await expect(importIt()).rejects.toThrow(complaint);
    await expect(api.portfolio.read.query({ portfolio: 'wrong' })).rejects.toThrow('There is no portfolio');
  });

  test('what only the API can tell', async () => {
    await write({
      'portfolio.md': head('told'),
      'one.md': '---\ntitle: One\n\nperiod: { from: 2026-13 }\n---\n',
    });
    await expect(importIt()).rejects.toThrow(/one\.md:4: period: from: Expected a month/);
  });

  test('all of it at once', async () => {
    await write({
      'portfolio.md': '---\nname: Team\n---\n',
      'one.md': '# One\n',
      'two.md': '---\ntitle: 7\n---\n',
    });
    const complaints = await importIt().catch((error: Error) => error.message.split('\n'));
    expect(complaints).toHaveLength(3);
  });
});

test('a folder without portfolio.md says what is expected', async () => {
  await expect(importIt()).rejects.toThrow('Expected a file portfolio.md');
  await expect(importIt(join(folder, 'nowhere'))).rejects.toThrow('This folder cannot be read');
});
