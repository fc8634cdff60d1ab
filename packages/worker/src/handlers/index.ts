import type { JobKind } from '@portfolio/core/job/schemas';
import type { Handler } from '../handler.ts';

export type Handlers = { [Kind in JobKind]: () => Promise<Handler<Kind>> };

/** The handler of each kind of job, loaded when the first such job comes. */
export const handlers: Handlers = {
  'export.pdf': async () => (await import('./export-pdf.ts')).exportPdf,
};
