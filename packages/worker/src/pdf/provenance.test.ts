import { describe, expect, test } from 'vitest';

import type { PdfClaim } from './document.ts';
import { changeText, measuredText, numberText, reasonsOf } from './provenance/words.ts';
import { cited, claim, sha256 } from './testing/claims.ts';
import { linksOf, readPdf } from './testing/read.ts';
import { renderBytes, study } from './testing/render.ts';

const sourceUrl = 'https://example.com/reports/incidents.csv?from=2026-01-01&format=long';
const claims: PdfClaim[] = [
  claim(),
  claim({
    key: 'calmer',
    statement: 'Incidents became rarer.',
    standing: 'stale',
    metric: null,
    evidence: [
      cited({
        slug: 'incidents',
        title: 'Incidents',
        standing: 'stale',
        sourceUrl,
        freshUntil: '2026-03-09T00:00:00.000Z',
        isChanged: true,
        latestVersion: 3,
        seen: {
          ...cited().seen!,
          number: 2,
          sha256: 'ab'.repeat(32),
          origin: 'source',
        },
      }),
    ],
  }),
  claim({
    key: 'lost',
    statement: 'Nothing is lost.',
    standing: 'broken',
    metric: null,
    evidence: [cited({ title: 'Soak', standing: 'broken', problem: 'source-vanished', sourceUrl })],
  }),
  claim({ key: 'happy', statement: 'All are happier.', standing: 'unbacked', metric: null, evidence: [] }),
];

const render = async (given: PdfClaim[]) =>
  readPdf(await renderBytes(study('# Text\n\nWords.', { claims: given })));

const hash = (one: number, other: number): string => `${one}x${other}`.padStart(64, '0');
const pack = (text: string): string => text.replace(/\s+/g, '');

describe('the provenance of a case study', { timeout: 30_000 }, () => {
  test('has every claim with its standing and the reasons, its measurement, and all details of its evidence', async () => {
    const { packed } = await render(claims);
    const appendix = packed.slice(packed.lastIndexOf('Provenance'));
    for (const expected of [
      'Asof2026-03-2010:15:00UTC',
      'Readsareansweredfourtimesasfast.backed',
      'MetricReadlatency(latency),inms;betterwhenlower',
      'Range2026-01-0100:00:00UTC–2026-03-0100:00:00UTC',
      'Changed2026-02-0100:00:00UTC',
      'Before1,200.5ms,averageof31samples',
      'After300.125ms,averageof1sample',
      'Change−900.375ms,−75%,better',
      'EvidenceOutputofthebenchmark(benchmark)',
      'StandingFresh:itdoesnotage',
      'Version1,thelatest',
      `SHA-256${sha256}`,
      'Filereads.txt,text/plain,18,234bytes',
      'SourceUploaded2026-03-0109:30:15UTC',
      'Checked2026-03-0212:00:00UTC',
      'stale“Incidents”wasnotcheckedagainbefore2026-03-0900:00:00UTC.',
      'Version2;thelatestis3,withotherbytes',
      `SHA-256${'ab'.repeat(32)}`,
      `Source${sourceUrl}`,
      'Fetched2026-03-0109:30:15UTC',
      'brokenOf“Soak”,itssourcehasvanished.',
      'unbackedItcitesnoevidenceandnometric.',
    ]) {
      expect(appendix).toContain(expected);
    }
  });

  test('is summarised before the text: the claims, their standing, and the changes', async () => {
    const { pages } = await render(claims);
    expect(pack(pages[0]!)).toContain('Claims1backed1stale1broken1unbacked');
    const text = pack(pages[2]!);
    expect(text).toContain(
      '1Readsareansweredfourtimesasfast.backed1,200.5→300.125ms,−75%,better·Provenance1',
    );
    expect(text.indexOf('Allarehappier.unbacked')).toBeLessThan(text.indexOf('Words.'));
  });

  test('links each claim to its provenance and back, and to the source of evidence', async () => {
    const pdf = await render(claims);
    const last = pdf.document.numPages;
    // The number of each claim and the words after it.
    const proofs = (await linksOf(pdf, 3)).map(({ page }) => page);
    expect(proofs).toHaveLength(2 * claims.length);
    for (const page of proofs) expect([last - 1, last]).toContain(page);
    const inAppendix = [...(await linksOf(pdf, last - 1)), ...(await linksOf(pdf, last))];
    const pages = inAppendix.filter(({ url }) => url === undefined).map(({ page }) => page);
    expect(pages).toEqual(claims.map(() => 3));
    expect(inAppendix.map(({ url }) => url)).toContain(sourceUrl);
  });

  test('is in the contents and the outline', async () => {
    const pdf = await render(claims);
    const outline = await pdf.document.getOutline();
    expect(outline.map(({ title }) => title)).toEqual(['Claims', 'Text', 'Provenance']);
    const contents = await linksOf(pdf, 2);
    expect(contents.map(({ text, page }) => [pack(text), page])).toEqual([
      ['Claims3', 3],
      ['Text3', 3],
      ['Provenance4', 4],
    ]);
  });

  test('is omitted for a study without claims', async () => {
    const { packed } = await render([]);
    expect(packed).not.toMatch(/Claims|Provenance/);
  });

  test('of thirty claims with twenty pieces of evidence each is complete', async () => {
    const many = Array.from({ length: 30 }, (_, one) =>
      claim({
        statement: `Statement ${one} 中文 with words enough to need a second line in the column of the page.`,
        evidence: Array.from({ length: 20 }, (_unused, other) =>
          cited({ seen: { ...cited().seen!, sha256: hash(one, other) } }),
        ),
      }),
    );
    const { packed } = await render(many);
    const hashes = Array.from(packed.matchAll(/SHA-256(0\S*?)File/g), ([, found]) => found);
    expect(hashes).toEqual(
      many.flatMap((_, one) => Array.from({ length: 20 }, (_unused, other) => hash(one, other))),
    );
  }, 60_000);
});

describe('words', () => {
  test.each([
    [29_357, '29,357'],
    [-0.0625, '−0.0625'],
    [0, '0'],
    [1.5e21, '1.5E21'],
    [12_345_678.9, '12,345,678.9'],
  ])('%d is printed as %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  const measured = claim().metric!;
  test.each([
    [{ before: { value: 2, count: 1 }, difference: 8, ratio: 5, improved: false }, '× 5, worse'],
    [{ before: { value: 0, count: 1 }, difference: 8, ratio: null, improved: true }, 'better'],
    [{ before: { value: 3, count: 1 }, difference: 0, ratio: 1, improved: false }, 'unchanged'],
    [{ before: { value: null, count: 0 }, difference: null, ratio: null, improved: null }, null],
    [{ before: null, difference: null, ratio: null, improved: null }, null],
  ])('a change of %j is %s', (fields, text) => {
    expect(changeText({ ...measured, ...fields })).toBe(text);
  });

  test('a measurement without a change is one value', () => {
    const whole = { ...measured, before: null, difference: null, ratio: null, improved: null };
    expect(measuredText(whole)).toBe('300.125 ms');
  });

  test('a broken claim lists everything that is broken', () => {
    const none = { value: null, count: 0 };
    const broken = claim({
      standing: 'broken',
      metric: { ...measured, before: none, after: none, difference: null, ratio: null, improved: null },
      evidence: [cited({ title: 'New', standing: 'missing', latestVersion: 0, seen: null, checkedAt: null })],
    });
    expect(reasonsOf(broken)).toEqual([
      '“New” has no bytes yet.',
      '“Read latency” has no samples before the change.',
      '“Read latency” has no samples after the change.',
    ]);
  });
});
