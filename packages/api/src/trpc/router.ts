import { operations } from '@portfolio/core';
import { mutation, query, router, subscription } from './procedures.ts';

const { portfolio, caseStudy, evidence, image, job, member, metric, apiKey, ownKey, audit, webhook } =
  operations;

/** Every operation as a tRPC procedure. */
export const appRouter = router({
  portfolio: {
    create: mutation(portfolio.create),
    read: query(portfolio.read),
    list: query(portfolio.list),
    update: mutation(portfolio.update),
    summary: query(portfolio.summary),
  },
  apiKey: { list: query(apiKey.list), create: mutation(apiKey.create), revoke: mutation(apiKey.revoke) },
  ownKey: { list: query(ownKey.list), create: mutation(ownKey.create), revoke: mutation(ownKey.revoke) },
  audit: { list: query(audit.list) },
  webhook: {
    list: query(webhook.list),
    create: mutation(webhook.create),
    read: query(webhook.read),
    update: mutation(webhook.update),
    delete: mutation(webhook.delete),
    rotateSecret: mutation(webhook.rotateSecret),
    test: mutation(webhook.test),
    deliveries: query(webhook.deliveries),
    delivery: query(webhook.delivery),
    redeliver: mutation(webhook.redeliver),
  },
  member: {
    list: query(member.list),
    read: query(member.read),
    add: mutation(member.add),
    update: mutation(member.update),
    remove: mutation(member.remove),
  },
  caseStudy: {
    create: mutation(caseStudy.create),
    read: query(caseStudy.read),
    list: query(caseStudy.list),
    update: mutation(caseStudy.update),
    publish: mutation(caseStudy.publish),
    unpublish: mutation(caseStudy.unpublish),
    archive: mutation(caseStudy.archive),
    delete: mutation(caseStudy.delete),
    revisions: query(caseStudy.revisions),
    revision: query(caseStudy.revision),
    diff: query(caseStudy.diff),
    restore: mutation(caseStudy.restore),
    export: mutation(caseStudy.export),
    pdf: query(caseStudy.pdf),
    provenance: query(caseStudy.provenance),
  },
  evidence: {
    upload: mutation(evidence.upload),
    create: mutation(evidence.create),
    list: query(evidence.list),
    read: query(evidence.read),
    update: mutation(evidence.update),
    delete: mutation(evidence.delete),
    addVersion: mutation(evidence.addVersion),
    versions: query(evidence.versions),
    content: query(evidence.content),
    verify: mutation(evidence.verify),
    sync: mutation(evidence.sync),
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
    cancel: mutation(job.cancel),
    retry: mutation(job.retry),
    cancelMany: mutation(job.cancelMany),
    retryMany: mutation(job.retryMany),
  },
});

export type AppRouter = typeof appRouter;
