import { Writable } from 'node:stream';

import type { PdfDocument } from '../document.ts';
import { renderPdf } from '../index.ts';
import type { PdfOptions } from '../index.ts';

/** A case study with a body; the other fields are those of every test. */
export function study(markdown: string, fields: Partial<PdfDocument> = {}): PdfDocument {
  return {
    title: 'Queues & <leases>',
    summary: 'What a year of production taught us.',
    portfolioName: 'Northwind Engineering',
    client: 'Harbour Authority',
    period: '2025-01 – 2026-03',
    tags: ['reliability', 'queues'],
    language: 'en-GB',
    publishedAt: '2026-03-14T09:00:00Z',
    claims: [],
    provenAt: '2026-03-20T10:15:00.000Z',
    markdown,
    ...fields,
  };
}

/** Renders into memory. By default, images are not available and nothing is aborted. */
export async function renderBytes(
  document: PdfDocument,
  options: Partial<PdfOptions> = {},
): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  await renderPdf(document, {
    out,
    loadImage: () => Promise.resolve(null),
    onProgress: () => {},
    signal: new AbortController().signal,
    ...options,
  });
  return new Uint8Array(Buffer.concat(chunks));
}
