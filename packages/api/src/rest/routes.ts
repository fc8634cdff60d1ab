import { operations } from '@portfolio/core';
import type { createBind } from './bind.ts';

const { portfolio, caseStudy, image, job } = operations;
const ofPortfolio = '/portfolios/:portfolio';
const study = `${ofPortfolio}/case-studies/:slug`;

/** To a link that works for a few minutes only. */
const redirect = (location: string) => ({ location, 'cache-control': 'no-store' });

/** Every operation as a REST route. */
export function registerRoutes(bind: ReturnType<typeof createBind>) {
  bind.operation(portfolio.list, { method: 'GET', path: '/portfolios' });
  bind.operation(portfolio.create, {
    method: 'POST',
    path: '/portfolios',
    status: 201,
    headers: ({ slug }) => ({ location: `/api/v1/portfolios/${slug}` }),
  });
  bind.operation(portfolio.read, { method: 'GET', path: ofPortfolio });
  bind.operation(portfolio.update, { method: 'PATCH', path: ofPortfolio });

  bind.operation(caseStudy.list, { method: 'GET', path: `${ofPortfolio}/case-studies` });
  bind.operation(caseStudy.create, {
    method: 'POST',
    path: `${ofPortfolio}/case-studies`,
    status: 201,
    headers: (created) => ({
      location: `/api/v1/portfolios/${created.portfolio}/case-studies/${created.slug}`,
    }),
  });
  bind.operation(caseStudy.read, { method: 'GET', path: study });
  bind.operation(caseStudy.update, { method: 'PATCH', path: study });
  bind.operation(caseStudy.publish, { method: 'POST', path: `${study}/publish` });
  bind.operation(caseStudy.export, {
    method: 'POST',
    path: `${study}/exports`,
    status: 202,
    headers: ({ id }) => ({ location: `/api/v1/jobs/${id}`, 'retry-after': '1' }),
  });

  bind.operation(image.upload, {
    method: 'POST',
    path: `${ofPortfolio}/images`,
    status: 201,
    headers: ({ url }) => ({ location: url }),
    consumes: ['image/png', 'image/jpeg'],
  });
  bind.operation(image.read, {
    method: 'GET',
    path: `${ofPortfolio}/images/:sha256`,
    status: 302,
    headers: ({ downloadUrl }) => redirect(downloadUrl),
  });

  bind.operation(job.list, { method: 'GET', path: '/jobs' });
  bind.stream(job.changes, '/jobs/changes');
  bind.operation(job.read, { method: 'GET', path: '/jobs/:id' });
  bind.stream(job.events, '/jobs/:id/events');
  bind.operation(job.result, {
    method: 'GET',
    path: '/jobs/:id/result',
    status: 302,
    headers: ({ url }) => redirect(url),
  });
  bind.operation(job.cancel, { method: 'POST', path: '/jobs/:id/cancel' });
  bind.operation(job.retry, { method: 'POST', path: '/jobs/:id/retry' });
  bind.operation(job.cancelMany, { method: 'POST', path: `${ofPortfolio}/jobs/cancel` });
  bind.operation(job.retryMany, { method: 'POST', path: `${ofPortfolio}/jobs/retry` });
}
