import { operations } from '@portfolio/core';
import { mutation, query, router, subscription } from './procedures.ts';

const { portfolio, caseStudy, image, job } = operations;

/** Every operation as a tRPC procedure. */
export const appRouter = router({
  portfolio: {
    create: mutation(portfolio.create),
    read: query(portfolio.read),
    list: query(portfolio.list),
    update: mutation(portfolio.update),
  },
  caseStudy: {
    create: mutation(caseStudy.create),
    read: query(caseStudy.read),
    list: query(caseStudy.list),
    update: mutation(caseStudy.update),
    publish: mutation(caseStudy.publish),
    export: mutation(caseStudy.export),
  },
  image: { upload: mutation(image.upload), read: query(image.read) },
  job: {
    list: query(job.list),
    read: query(job.read),
    result: query(job.result),
    events: subscription(job.events),
    changes: subscription(job.changes),
    cancel: mutation(job.cancel),
    retry: mutation(job.retry),
    cancelMany: mutation(job.cancelMany),
    retryMany: mutation(job.retryMany),
  },
});

export type AppRouter = typeof appRouter;
