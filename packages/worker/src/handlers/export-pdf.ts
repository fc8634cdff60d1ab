import { fetchExportSource, publishedExportSources } from '@portfolio/core/case-study/export-source';
import type { Db } from '@portfolio/core/context';
import { imageKey } from '@portfolio/core/image/internal';
import { imageHash } from '@portfolio/core/image/schemas';
import type { JobPayload } from '@portfolio/core/job/kinds';
import { fetchPortfolioExport } from '@portfolio/core/portfolio/export-source';
import { pdf } from '@portfolio/core/telemetry/contract';
import { inSpan } from '@portfolio/core/telemetry/trace';
import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { type Handler, PermanentError } from '../handler.ts';
import { measure } from '../measure.ts';
import type { PdfOptions } from '../pdf/index.ts';
import { type PdfSource, RenderThreads, type ThreadLimits } from '../pdf/render-threads.ts';

/** The part of the job's progress during which pages are laid out. */
const layout = { from: 0.05, to: 0.9 };
const contentType = 'application/pdf';

type JobTools = Parameters<Handler<'export.pdf'>>[1];

/** The source of a PDF, the base of its file name and, after rendering, an identifier of the content it shows. */
type Export = {
  source: PdfSource;
  slug: string;
  shows: () => { state: string; studyVersion?: number };
};

/** Renders a case study as it is now, or everything that a portfolio has published. Each attempt stores its own file. */
export function createExportPdf(limits: ThreadLimits): Handler<'export.pdf'> {
  const threads = new RenderThreads(limits);
  return async (payload, tools) => {
    const { db, bucket, job, signal, progress } = tools;
    progress(0.01, 'Reading the case studies');
    const { source, slug, shows } = await phase('read', () => exportOf(db, payload));
    const key = `exports/${job.portfolioId}/${job.id}/${job.attempt}.pdf`;
    const fileName = `${slug}.pdf`;
    const file = measure();
    // If rendering or uploading fails, the other is aborted, so that no partial file is stored.
    const failed = new AbortController();
    const aborted = AbortSignal.any([signal, failed.signal]);
    try {
      const storing = bucket.put(key, file.stream, { contentType, fileName }, aborted);
      const rendering = phase('layout', () =>
        threads.render(source, pdfOptions(tools, file.stream, aborted)),
      );
      const stored = rendering.then(() => {
        progress(layout.to, 'Storing the file');
        return phase('store', () => storing);
      });
      const [{ pages, heapBytes }] = await Promise.all([rendering, stored, storing]);
      pdf.pages.record(pages);
      pdf.memory.record(heapBytes);
      return { key, fileName, contentType, pages, ...shows(), ...file.result() };
    } catch (error) {
      failed.abort();
      file.stream.destroy();
      throw error;
    }
  };
}

function pdfOptions({ bucket, job, progress }: JobTools, out: Writable, signal: AbortSignal): PdfOptions {
  return {
    out,
    signal,
    loadImage: async (url) => {
      const hash = imageHash(url);
      return hash ? bucket.get(imageKey(job.portfolioId, hash), signal) : null;
    },
    onProgress: ({ page, fraction }) =>
      progress(layout.from + fraction * (layout.to - layout.from), `Laying out page ${page}`),
  };
}

/** Measures a phase of an export, unless it fails. The file is stored while its pages are laid out: the last one is the rest. */
function phase<Result>(name: 'read' | 'layout' | 'store', run: () => Promise<Result>): Promise<Result> {
  const beganAt = performance.now();
  return inSpan(`pdf ${name}`, {}, async () => {
    const result = await run();
    pdf.phases.record((performance.now() - beganAt) / 1000, { phase: name });
    return result;
  });
}

function exportOf(db: Db, payload: JobPayload<'export.pdf'>): Promise<Export> {
  return 'caseStudyId' in payload
    ? exportOfStudy(db, payload.caseStudyId)
    : exportOfPortfolio(db, payload.portfolioId);
}

async function exportOfStudy(db: Db, caseStudyId: string): Promise<Export> {
  const study = await fetchExportSource(db, caseStudyId);
  if (!study) throw new PermanentError('not_found', 'The case study no longer exists.');
  const { document, slug, state, version: studyVersion } = study;
  return { source: { document }, slug, shows: () => ({ state, studyVersion }) };
}

async function exportOfPortfolio(db: Db, portfolioId: string): Promise<Export> {
  const found = await fetchPortfolioExport(db, portfolioId);
  if (!found) throw new PermanentError('not_found', 'The portfolio no longer exists.');
  const { cover, slug, version } = found;
  if (cover.studyCount === 0) {
    throw new PermanentError('nothing_published', 'The portfolio no longer has any published case studies.');
  }
  const shown = createHash('sha256').update(`${version}`);
  async function* studies() {
    for await (const { id, state, document } of publishedExportSources(db, portfolioId)) {
      shown.update(` ${id} ${state}`);
      yield document;
    }
  }
  const source = { portfolio: cover, studies: studies() };
  return { source, slug, shows: () => ({ state: shown.digest('hex') }) };
}

/**
 * Enough memory for a body of 1 MB in any script. No page takes as long as the timeout. Text of 2 million characters takes
 * 3 to 10 seconds of a processor, and 55 as one list of single letters.
 */
export const exportPdf = createExportPdf({
  memoryMegabytes: 512,
  timeoutSeconds: 60,
  processorSeconds: { document: 180, portfolio: 600 },
});
