import { operations } from '@portfolio/core';
import { mutation, query, router, subscription } from './procedures.ts';

const { portfolio, caseStudy, image, job, metric } = operations;

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
  metric: {
    define: mutation(metric.define),
    list: query(metric.list),
    read: query(metric.read),
    update: mutation(metric.update),
    delete: mutation(metric.delete),
    record: mutation(metric.record),
    deleteSamples: mutation(metric.deleteSamples),
    series: query(metric.series),
    compare: query(metric.compare),
  },
  image: { upload: mutation(image.upload), read: query(image.read) },
  job: {
    list: query(job.list),
    read: query(job.read),
    result: query(job.result),
    events: subscription(job.events),
    changes: subscription(job.changes),
  },
});

export type AppRouter = typeof appRouter;
