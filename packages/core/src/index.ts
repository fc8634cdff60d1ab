import * as apiKey from './api-key/index.ts';
import * as audit from './audit/index.ts';
import * as caseStudy from './case-study/index.ts';
import * as artifact from './artifact/index.ts';
import * as evidence from './evidence/index.ts';
import * as image from './image/index.ts';
import * as job from './job/index.ts';
import * as member from './member/index.ts';
import * as metric from './metric/index.ts';
import * as portfolio from './portfolio/index.ts';
import * as webhook from './webhook/index.ts';

/** Every use case of the platform, by noun and verb. */
export const operations = {
  portfolio: {
    create: portfolio.createPortfolio,
    read: portfolio.readPortfolio,
    list: portfolio.listPortfolios,
    update: portfolio.updatePortfolio,
    summary: portfolio.summarizePortfolio,
    export: portfolio.exportPortfolio,
  },
  apiKey: { list: apiKey.listApiKeys, create: apiKey.createApiKey, revoke: apiKey.revokeApiKey },
  ownKey: { list: apiKey.listOwnKeys, create: apiKey.createOwnKey, revoke: apiKey.revokeOwnKey },
  audit: { list: audit.listAudit },
  webhook: {
    list: webhook.listWebhooks,
    create: webhook.createWebhook,
    read: webhook.readWebhook,
    update: webhook.updateWebhook,
    delete: webhook.deleteWebhook,
    rotateSecret: webhook.rotateWebhookSecret,
    test: webhook.testWebhook,
    deliveries: webhook.listDeliveries,
    delivery: webhook.readDelivery,
    redeliver: webhook.redeliver,
  },
  member: {
    list: member.listMembers,
    read: member.readMember,
    add: member.addMember,
    update: member.updateMember,
    remove: member.removeMember,
  },
  caseStudy: {
    create: caseStudy.createCaseStudy,
    read: caseStudy.readCaseStudy,
    list: caseStudy.listCaseStudies,
    update: caseStudy.updateCaseStudy,
    publish: caseStudy.publishCaseStudy,
    unpublish: caseStudy.unpublishCaseStudy,
    archive: caseStudy.archiveCaseStudy,
    delete: caseStudy.deleteCaseStudy,
    revisions: caseStudy.listRevisions,
    revision: caseStudy.readRevision,
    diff: caseStudy.diffRevisions,
    restore: caseStudy.restoreRevision,
    export: caseStudy.exportCaseStudy,
    pdf: caseStudy.readCaseStudyPdf,
    provenance: caseStudy.readProvenance,
  },
  artifact: {
    upload: artifact.uploadArtifact,
    create: artifact.createArtifact,
    list: artifact.listArtifacts,
    read: artifact.readArtifact,
    update: artifact.updateArtifact,
    delete: artifact.deleteArtifact,
    addVersion: artifact.addArtifactVersion,
    versions: artifact.listArtifactVersions,
    content: artifact.readArtifactContent,
  },
  evidence: {
    upload: evidence.uploadEvidence,
    create: evidence.createEvidence,
    list: evidence.listEvidence,
    read: evidence.readEvidence,
    update: evidence.updateEvidence,
    delete: evidence.deleteEvidence,
    addVersion: evidence.addEvidenceVersion,
    versions: evidence.listEvidenceVersions,
    content: evidence.readEvidenceContent,
    verify: evidence.verifyEvidence,
    sync: evidence.syncEvidence,
  },
  metric: {
    define: metric.defineMetric,
    list: metric.listMetrics,
    read: metric.readMetric,
    update: metric.updateMetric,
    delete: metric.deleteMetric,
    record: metric.recordSamples,
    deleteSamples: metric.deleteSamples,
    series: metric.readSeries,
    compare: metric.compareMetric,
    report: metric.reportMetrics,
  },
  image: { upload: image.uploadImage, read: image.readImage },
  job: {
    list: job.listJobs,
    read: job.readJob,
    result: job.readJobResult,
    events: job.watchJob,
    changes: job.watchJobs,
    cancel: job.cancelJob,
    retry: job.retryJob,
    cancelMany: job.cancelJobs,
    retryMany: job.retryJobs,
  },
};
