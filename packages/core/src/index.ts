import * as caseStudy from './case-study/index.ts';
import * as image from './image/index.ts';
import * as job from './job/index.ts';
import * as portfolio from './portfolio/index.ts';

/** Every use case of the platform, by noun and verb. */
export const operations = {
  portfolio: {
    create: portfolio.createPortfolio,
    read: portfolio.readPortfolio,
    list: portfolio.listPortfolios,
    update: portfolio.updatePortfolio,
  },
  caseStudy: {
    create: caseStudy.createCaseStudy,
    read: caseStudy.readCaseStudy,
    list: caseStudy.listCaseStudies,
    update: caseStudy.updateCaseStudy,
    publish: caseStudy.publishCaseStudy,
    export: caseStudy.exportCaseStudy,
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
