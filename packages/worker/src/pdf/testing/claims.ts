import type { PdfClaim } from '../document.ts';

type Cited = PdfClaim['evidence'][number];

export const sha256 = 'd2a84f4b8b650937ec8f73cd8be2c74add5a911ba64df27458ed8229da804a26';

/** Uploaded evidence that is fresh, unless the fields differ. */
export function cited(fields: Partial<Cited> = {}): Cited {
  return {
    slug: 'benchmark',
    title: 'Output of the benchmark',
    standing: 'fresh',
    problem: null,
    sourceUrl: null,
    checkedAt: '2026-03-02T12:00:00.000Z',
    isChanged: false,
    freshUntil: null,
    latestVersion: 1,
    seen: {
      number: 1,
      sha256,
      sizeBytes: 18_234,
      contentType: 'text/plain',
      fileName: 'reads.txt',
      origin: 'upload',
      fetchedFrom: null,
      fetchedAt: '2026-03-01T09:30:15.000Z',
    },
    content: null,
    ...fields,
  };
}

/** A claim that is backed by what was measured and by evidence, unless the fields differ. */
export function claim(fields: Partial<PdfClaim> = {}): PdfClaim {
  return {
    key: 'faster',
    statement: 'Reads are answered four times as fast.',
    standing: 'backed',
    evidence: [cited()],
    metric: {
      key: 'latency',
      name: 'Read latency',
      unit: 'ms',
      betterWhen: 'down',
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-03-01T00:00:00.000Z',
      changedAt: '2026-02-01T00:00:00.000Z',
      before: { value: 1200.5, count: 31 },
      after: { value: 300.125, count: 1 },
      difference: -900.375,
      ratio: 0.25,
      improved: true,
    },
    ...fields,
  };
}
