import { fetchExportSource } from '@portfolio/core/case-study/export-source';
import { imageHash } from '@portfolio/core/image/schemas';
import { imageKey } from '@portfolio/core/image/internal';
import { type Handler, PermanentError } from '../handler.ts';
import { measure } from '../measure.ts';
import { renderPdf } from '../pdf/index.ts';

/** Where layout begins and ends within the progress of the whole job. */
const layout = { from: 0.05, to: 0.9 };
const contentType = 'application/pdf';

/** Renders a case study as it is now and stores the file under a key of its own for each attempt. */
export const exportPdf: Handler<'export.pdf'> = async (
  { caseStudyId },
  { db, bucket, job, signal, progress },
) => {
  progress(0.01, 'Reading the case study');
  const source = await fetchExportSource(db, caseStudyId);
  if (!source) throw new PermanentError('not_found', 'The case study no longer exists.');

  const key = `exports/${job.portfolioId}/${job.id}/${job.attempt}.pdf`;
  const fileName = `${source.slug}.pdf`;
  const file = measure();
  // Whichever of the two fails ends the other: half a file is of no use to anybody.
  const failed = new AbortController();
  const ends = AbortSignal.any([signal, failed.signal]);
  try {
    const [{ pages }] = await Promise.all([
      renderPdf(source.document, {
        out: file.stream,
        signal: ends,
        loadImage: async (url) => {
          const hash = imageHash(url);
          return hash ? bucket.get(imageKey(job.portfolioId, hash), ends) : null;
        },
        onProgress: ({ page, fraction }) =>
          progress(layout.from + fraction * (layout.to - layout.from), `Laying out page ${page}`),
      }).then((rendered) => {
        progress(layout.to, 'Storing the file');
        return rendered;
      }),
      bucket.put(key, file.stream, { contentType, fileName }, ends),
    ]);
    return { key, fileName, contentType, pages, studyVersion: source.version, ...file.result() };
  } catch (error) {
    failed.abort();
    file.stream.destroy();
    throw error;
  }
};
