import { describe, expect, test } from 'vitest';

import { linksOf, missingWord, pageOf, readPdf, wordsOf } from './testing/read.ts';
import { renderBytes, study } from './testing/render.ts';

const lorem = 'A lease is a promise with an end, and whoever holds it says so again and again. ';

const rich = `
Opening words with **bold**, *italic*, ***both***, \`inline code\`, ~~struck~~ and a
[link text](https://example.com/a?b=1&c=2) as well as https://example.com/bare and a reference to [the
manual][manual]. Two lines here\\
after a hard break, and a footnote mark[^first] with a second[^second].

# Top heading

## Second *emphasised* heading

> Quoted words that matter
>
> > nested quotation
> - item quoted

1. First ordered
2. Second ordered
   - bullet below
     - deeper bullet
       1. deepest ordered

       paragraph in the item
3. Third ordered

- [x] finished task
- [ ] open task

| Name | Count | Remark |
|:-----|------:|:------:|
| alpha | 12 | a cell whose words wrap since there are a great many of them in this one cell |
| beta | 7 | \`code\` and **strong** |

\`\`\`ts
const answer = compute(41) + 1;
	if (answer) return;
\`\`\`

    indented code here

<aside>raw block</aside>

Inline <kbd>raw</kbd> tags.

Setext heading
--------------

***

Ελληνικά με τόνους και πολυτονικό ἐν ἀρχῇ. Русский текст и ґанок. 中文内容没有丢失。日本語の文章です。한국어 문장입니다.
Tiếng Việt, zażółć gęślą jaźń, İstanbul.

[manual]: https://example.com/manual "The manual"
[^first]: Note with *emphasis* inside.
[^second]: Another note

    with a second paragraph
`;

describe('text', { timeout: 30_000 }, () => {
  test('every word of the source is in the PDF, in order', async () => {
    const pdf = await readPdf(await renderBytes(study(rich)));
    const source = rich.replace(/\[manual\].*$/gm, '').replace(/^ *\d\. |\[x\]/gm, '');
    expect(missingWord(pdf, wordsOf(source))).toBeUndefined();
  });

  test('raw HTML is shown as source', async () => {
    const pdf = await readPdf(
      await renderBytes(study('<script>alert("x")</script>\n\nand <b onclick="y()">inline</b>')),
    );
    expect(pdf.packed).toContain('<script>alert("x")</script>and<bonclick="y()">inline</b>');
  });

  test('characters that no font has are shown as boxes and can be extracted', async () => {
    const pdf = await readPdf(await renderBytes(study('rocket 🚀 family 👨‍👩‍👧 cuneiform 𒀀 thai สวัสดี end')));
    expect(pdf.packed).toContain('rocket🚀family👨‍👩‍👧cuneiform𒀀thaiสวัสดีend');
  });

  test('a link with an unsafe scheme is printed as text', async () => {
    const markdown = '[one](https://example.com/ü) [two](javascript:alert) [three](mailto:me@example.com)';
    const pdf = await readPdf(await renderBytes(study(markdown)));
    const urls = (await linksOf(pdf, 2)).map(({ url }) => url);
    expect(urls).toEqual(['https://example.com/%C3%BC', 'mailto:me@example.com']);
    expect(pdf.packed).toContain('two(javascript:alert)');
  });

  test('definitions of links and footnotes apply to the whole document', async () => {
    const far = lorem.repeat(30).concat('\n\n').repeat(12);
    const markdown = `See [the end][end] and a note[^far].\n\n${far}[end]: https://example.com/end\n\n[^far]: Far words.`;
    const pdf = await readPdf(await renderBytes(study(markdown)));
    expect((await linksOf(pdf, 3)).map(({ url }) => url)).toContain('https://example.com/end');
    expect(pdf.packed).toContain('Seetheendandanote1.');
    expect(pdf.packed).toMatch(/Notes1Farwords\.$/);
  });

  test('a footnote and its reference link to each other, and an unused footnote is printed too', async () => {
    const markdown = `Claim[^a].\n\n${lorem.repeat(90)}\n\n[^b]: Never referred to.\n[^a]: Evidence.`;
    const pdf = await readPdf(await renderBytes(study(markdown)));
    const last = pdf.document.numPages;
    expect(pdf.packed).toMatch(/1Evidence\.2Neverreferredto\.$/);
    expect((await linksOf(pdf, 3)).map(({ page }) => page)).toContain(last);
    expect((await linksOf(pdf, last)).map(({ page }) => page)).toEqual([3]);
  });
});

describe('navigation', { timeout: 30_000 }, () => {
  const chapters = Array.from({ length: 60 }, (_, index) => {
    const long =
      index === 7 ? ' with a title that is long enough to need more than a single line of the contents' : '';
    return `## Chapter ${index}${long}\n\n${lorem.repeat(1 + (index % 17))}\n\n### Detail ${index}\n\n${lorem}`;
  }).join('\n\n');

  test('the contents span pages, and each entry has the page number and link of its heading', async () => {
    const pdf = await readPdf(await renderBytes(study(chapters)));
    const links = (await Promise.all([2, 3, 4, 5].map((page) => linksOf(pdf, page)))).flat();
    expect(links).toHaveLength(120);
    for (const { text, page = 0 } of links) {
      const [, title = '', number = ''] = /^(.*?)\s*(\d+)$/.exec(text) ?? [];
      expect(Number(number)).toBe(page);
      expect(pdf.pages[page - 1]?.replace(/\s+/g, '')).toContain(title.replace(/\s+/g, ''));
    }
  });

  test('the outline has every heading under its parent, with a link to its page', async () => {
    const pdf = await readPdf(
      await renderBytes(study('# A\n\n### B\n\n## C\n\n#### D\n\n# E <em>\n\n' + lorem)),
    );
    const titles = (items: Outline): unknown =>
      items.map(({ title, items: inner }) => [title, titles(inner)]);
    const outline = await pdf.document.getOutline();
    expect(titles(outline)).toEqual([
      [
        'A',
        [
          ['B', []],
          ['C', [['D', []]]],
        ],
      ],
      ['E <em>', []],
    ]);
    expect(await pageOf(pdf.document, outline[0]?.dest)).toBe(3);
  });

  test('a link to a heading leads to its page', async () => {
    const markdown = `[go](#the-end--done)\n\n${lorem.repeat(120)}\n\n## The End – done!\n\nwords`;
    const pdf = await readPdf(await renderBytes(study(markdown)));
    expect((await linksOf(pdf, 3)).map(({ page }) => page)).toEqual([pdf.document.numPages]);
  });

  test('pages have a running head and a footer with the number of pages', async () => {
    const pdf = await readPdf(await renderBytes(study(chapters)));
    const count = pdf.document.numPages;
    expect(pdf.artifacts[0]).toBe('');
    for (const [index, text] of pdf.artifacts.entries()) {
      if (index === 0) continue;
      expect(text).toContain('Northwind Engineering');
      expect(text).toContain('Queues & <leases>');
      expect(text).toContain(`Page ${index + 1} of ${count}`);
    }
  });

  test('the title page has all facts of the study', async () => {
    const pdf = await readPdf(await renderBytes(study('')));
    const page = pdf.pages[0]?.replace(/\s+/g, ' ');
    for (const text of [
      'Queues & <leases>',
      'What a year of production taught us.',
      'Northwind Engineering',
      'Client Harbour Authority',
      'Period 2025-01 – 2026-03',
      'Published 14 March 2026',
      'reliability',
      'queues',
    ]) {
      expect(page).toContain(text);
    }
  });

  test('a study without client, period, date and tags has no labels for them', async () => {
    const fields = { client: null, period: null, publishedAt: null, tags: [] };
    const pdf = await readPdf(await renderBytes(study('', fields)));
    expect(pdf.pages[0]).not.toMatch(/Client|Period|Published/);
  });

  test('metadata, language and structure are in the file', async () => {
    const pdf = await readPdf(await renderBytes(study('# One')));
    const { info } = await pdf.document.getMetadata();
    expect(info).toMatchObject({
      Title: 'Queues & <leases>',
      Author: 'Northwind Engineering',
      Subject: 'What a year of production taught us.',
      Keywords: 'reliability, queues',
      Language: 'en-GB',
      CreationDate: 'D:20260314090000Z',
    });
    const tree = await (await pdf.document.getPage(3)).getStructTree();
    expect(JSON.stringify(tree)).toContain('"role":"H1"');
  });
});

type Outline = readonly { title: string; items: Outline; dest?: unknown }[];

function row(mark: string): string {
  return `|${Array.from({ length: 40 }, (_, index) => `${mark}${index}x`).join('|')}|`;
}

describe('long documents', { timeout: 60_000 }, () => {
  test('a table of 2,000 rows has its header on each page and each row once', async () => {
    const rows = Array.from({ length: 2_000 }, (_, index) => `| r${index}x | ${index * 7} ms |`).join('\n');
    const pdf = await readPdf(
      await renderBytes(study(`| Identifier | Duration |\n|---|--:|\n${rows}\n\nafter it`)),
    );
    for (const [index, page] of pdf.pages.entries()) {
      const heads = (page + (pdf.artifacts[index] ?? '')).match(/Identifier/g) ?? [];
      expect(heads).toHaveLength(/r\d+x/.test(page) ? 1 : 0);
    }
    expect(pdf.packed.match(/r\d+x/g)).toEqual(Array.from({ length: 2_000 }, (_, index) => `r${index}x`));
    expect(pdf.packed).toMatch(/afterit$/);
  });

  test('a cell longer than a page continues on the next pages', async () => {
    const words = Array.from({ length: 3_000 }, (_, index) => `w${index}`);
    const pdf = await readPdf(
      await renderBytes(study(`| a | b |\n|---|---|\n| ${words.join(' ')} | short |\n| last | row |`)),
    );
    expect(pdf.document.numPages).toBeGreaterThan(4);
    expect(missingWord(pdf, [...words, 'last', 'row'])).toBeUndefined();
  });

  test('a table of 40 columns is complete', async () => {
    const pdf = await readPdf(
      await renderBytes(study(`${row('h')}\n|${'---|'.repeat(40)}\n${row('a')}\n${row('b')}`)),
    );
    expect(missingWord(pdf, [row('h'), row('a'), row('b')].flatMap(wordsOf))).toBeUndefined();
  });

  test('a long list has continuous numbers', async () => {
    const items = Array.from({ length: 1_200 }, (_, index) => `1. item${index}`).join('\n');
    const pdf = await readPdf(await renderBytes(study(items)));
    expect(
      missingWord(
        pdf,
        Array.from({ length: 1_200 }, (_, index) => `${index + 1}.item${index}`),
      ),
    ).toBeUndefined();
  });

  test('a long fence with blank lines stays code, line by line', async () => {
    const lines = Array.from({ length: 1_500 }, (_, index) => `# line ${index}\n\n- not a list`).join('\n');
    const pdf = await readPdf(
      await renderBytes(study(`Before.\n\n\`\`\`\n${lines}\n\`\`\`\n\n# Real heading`)),
    );
    expect((await pdf.document.getOutline()).map(({ title }) => title)).toEqual(['Real heading']);
    expect(
      missingWord(pdf, [...lines.split('\n').map((line) => line.replaceAll(' ', '')), 'Realheading']),
    ).toBeUndefined();
  });

  test.each([
    ['a paragraph of 100,000 characters', `${'lorem ipsum **dolor** sit amet '.repeat(3_225)}end`],
    ['a word of 5,000 letters', 'abcdefghij'.repeat(500)],
    [
      'lists 50 deep',
      Array.from({ length: 50 }, (_, depth) => `${'  '.repeat(depth)}- level${depth}`).join('\n'),
    ],
    [
      'lists 300 deep',
      Array.from({ length: 300 }, (_, depth) => `${'  '.repeat(depth)}- level${depth}`).join('\n'),
    ],
    ['quotations 50 deep', `${'> '.repeat(50)}deep words`],
    ['quotations 5,000 deep', `${'> '.repeat(5_000)}deep words`],
    ['only headings', Array.from({ length: 200 }, (_, index) => `# heading${index}`).join('\n\n')],
    ['items without content', '-\n-\n- [ ] x\n- # heading in item\n- \n\nend'],
    ['only definitions', '[a]: https://example.com\n\n- [b]: https://example.com'],
  ])('%s lose nothing', async (_, markdown) => {
    const pdf = await readPdf(await renderBytes(study(markdown)));
    const words = wordsOf(markdown.replace(/\[.\]:.*/g, ''));
    expect(missingWord(pdf, words)).toBeUndefined();
  });

  test.each([
    ['nothing', ''],
    ['white space', '\n \n\t\n'],
  ])('a body of %s makes a title page only', async (_, markdown) => {
    const pdf = await readPdf(await renderBytes(study(markdown)));
    expect(pdf.document.numPages).toBe(1);
  });

  test('the same study results in the same bytes', async () => {
    expect(await renderBytes(study(rich))).toEqual(await renderBytes(study(rich)));
  });
});
