import { Writable } from 'node:stream';

import { expect, test } from 'vitest';

import type { PdfDocument, PdfPortfolio } from './document.ts';
import { renderPortfolioPdf } from './index.ts';
import { cited, claim } from './testing/claims.ts';
import { linksOf, readPdf } from './testing/read.ts';
import { study } from './testing/render.ts';

const portfolio: PdfPortfolio = {
  name: 'Northwind Engineering',
  tagline: 'What we built, and what shows it.',
  description: '## Who we are\n\nPeople who **measure**.',
  at: '2026-03-20T10:15:00.000Z',
  studyCount: 3,
};

async function render(documents: PdfDocument[], fields: Partial<PdfPortfolio> = {}) {
  const chunks: Uint8Array[] = [];
  const progress: number[] = [];
  await renderPortfolioPdf({ ...portfolio, ...fields }, asyncly(documents), {
    out: new Writable({ write: (chunk: Uint8Array, _encoding, done) => done(void chunks.push(chunk)) }),
    loadImage: () => Promise.resolve(null),
    onProgress: ({ fraction }) => progress.push(fraction),
    signal: new AbortController().signal,
  });
  return { ...(await readPdf(new Uint8Array(Buffer.concat(chunks)))), progress };
}

async function* asyncly(documents: PdfDocument[]) {
  await Promise.resolve();
  yield* documents;
}

const pack = (text: string): string => text.replace(/\s+/g, '');
const long = 'A lease is a promise with an end. '.repeat(120);

const studies = [
  study(`# Start\n\nA note[^1] and [a link](#end).\n\n${long}\n\n# End\n\n[^1]: First note.`, {
    title: 'One',
    claims: [claim(), claim({ standing: 'stale', evidence: [cited({ standing: 'stale' })] })],
  }),
  study('## Start\n\nAnother[^1], and [a link](#end).\n\n## End\n\n[^1]: Second note.', {
    title: 'Two',
    language: 'de',
    claims: [claim({ statement: 'Zwei ist schneller.' })],
  }),
  study('Words.', { title: 'Three' }),
];

test('has a cover, contents, each study on a new page, and one appendix', async () => {
  const pdf = await render(studies);
  expect(pack(pdf.pages[0]!)).toBe(
    'PortfolioNorthwindEngineeringWhatwebuilt,andwhatshowsit.WhoweArePeoplewhomeasure.DateMarch20,2026Casestudies3Claims2backed1stale'.replace(
      'WhoweAre',
      'Whoweare',
    ),
  );
  const starts = pdf.pages.flatMap((text, index) => (/^Case study \d/.test(text.trim()) ? [index] : []));
  expect(starts.map((index) => pack(pdf.pages[index]!).slice(0, 16))).toEqual([
    'Casestudy1OneWha',
    'Casestudy2TwoWha',
    'Casestudy3ThreeW',
  ]);
  expect(pdf.packed).toMatch(/Provenance(?!.*Casestudy)/);
  expect(pdf.packed.slice(pdf.packed.lastIndexOf('Asof'))).toContain('2.1Zweiistschneller.backed');
});

test('the appendix has the title of a study on the page where its claims begin, at any position', async () => {
  // Each statement is longer than the previous one, so that studies begin at all positions of a page.
  const many = Array.from({ length: 40 }, (_, index) =>
    study('Words.', {
      title: `Study ${index}.`,
      claims: [claim({ statement: `Statement ${index}. ${'It is so. '.repeat(index * 3)}` })],
    }),
  );
  const { pages } = await render(many);
  const begin = pages.findIndex((text) => text.includes('Each claim with the bytes'));
  const parts = pages.slice(begin).map(pack);
  for (const index of many.keys()) {
    const page = parts.find((text) => text.includes(`Study${index}.Asof`));
    expect(page).toContain(`Statement${index}.`);
  }
});

test('contents and outline link to the right pages', async () => {
  const pdf = await render(studies);
  const entries = await linksOf(pdf, 2);
  expect(entries.map(({ text }) => pack(text).replace(/\d+$/, ''))).toEqual(
    'One Claims Start End Notes Two Claims Start End Notes Three Provenance One Two'.split(' '),
  );
  for (const { text, page = 0 } of entries) {
    const [, title = '', number = ''] = /^(\D+)(\d+)$/.exec(pack(text)) ?? [];
    expect(Number(number)).toBe(page);
    expect(pack(pdf.pages[page - 1]!)).toContain(title);
  }
  const outline = await pdf.document.getOutline();
  expect(
    outline.map(({ title, items }) => [title, items.map((item: { title: string }) => item.title)]),
  ).toEqual([
    ['One', ['Claims', 'Start', 'End', 'Notes']],
    ['Two', ['Claims', 'Start', 'End', 'Notes']],
    ['Three', []],
    ['Provenance', ['One', 'Two']],
  ]);
});

test('links and notes of a study stay in it, even if another has the same names', async () => {
  const pdf = await render(studies);
  const pageOfStudy = pdf.pages.findIndex((text) => text.includes('Case study 2')) + 1;
  const links = await linksOf(pdf, pageOfStudy);
  const inside = links.filter(({ text }) => text === 'a link' || text === '1');
  expect(inside.length).toBeGreaterThan(1);
  for (const { page } of inside) expect(page).toBe(pageOfStudy);
});

test('each study declares its language, and each page has the title of its study', async () => {
  const pdf = await render(studies);
  const at = pdf.pages.findIndex((text) => text.includes('Case study 2'));
  const tree = JSON.stringify(await (await pdf.document.getPage(at + 1)).getStructTree());
  expect(tree).toContain('"lang":"de"');
  expect(pdf.artifacts[at]).toContain('Two');
  expect(pdf.artifacts.at(-1)).toContain('Provenance');
  expect(pdf.artifacts.at(-1)).toContain(`Page ${pdf.pages.length} of ${pdf.pages.length}`);
});

test('the contents of very many studies list only the studies, on several pages, and progress only increases', async () => {
  const many = Array.from({ length: 130 }, (_, index) =>
    study(`# Heading\n\nWords of ${index}.`, { title: `Study ${index}`, claims: [claim()] }),
  );
  const pdf = await render(many, { studyCount: 130 });
  const entries = (await Promise.all([2, 3, 4, 5, 6].map((page) => linksOf(pdf, page)))).flat();
  const named = entries.filter(({ text }) => /^Study \d+\s*\d+$/.test(text));
  expect(named).toHaveLength(130);
  for (const [index, { page = 0 }] of named.entries()) {
    expect(pdf.pages[page - 1]).toContain(`Case study ${index + 1}`);
  }
  expect(pdf.progress).toEqual(pdf.progress.toSorted((one, other) => one - other));
  expect(pdf.progress.at(-1)).toBe(1);
}, 60_000);
