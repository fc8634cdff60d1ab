import { operations } from '@portfolio/core';
import type { Evidence } from '@portfolio/core/evidence/schemas';
import { seriesToCsv } from '@portfolio/core/metric/series';
import { createHash } from 'node:crypto';
import type { Bind } from './bind.ts';
import { etagOf } from './conditions.ts';
import { caseStudyToMarkdown } from './markdown.ts';

const {
  portfolio,
  caseStudy,
  artifact,
  evidence,
  image,
  job,
  invitation,
  me,
  member,
  metric,
  apiKey,
  ownKey,
  ownToken,
  session,
  webhook,
  audit,
  upload,
  operator,
} = operations;
const onePortfolio = '/portfolios/:portfolio';
const oneCaseStudy = `${onePortfolio}/case-studies/:slug`;
const oneEvidence = `${onePortfolio}/evidence/:slug`;
const oneArtifact = `${onePortfolio}/artifacts/:slug`;
const oneMetric = `${onePortfolio}/metrics/:key`;

/** Headers of a redirect to a link into the bucket that is valid for a few minutes; never to an address of a member. */
const redirect = (location: string) => ({ location, 'cache-control': 'no-store' });

/** Headers of answers that contain a secret. */
const noStore = () => ({ 'cache-control': 'no-store' });
const evidencePath = ({ portfolio: of, slug }: { portfolio: string; slug: string }) =>
  `/api/v1/portfolios/${of}/evidence/${slug}`;

/** The ETag contains what differs without a new version: the standing by time, and the addresses by who reads. */
function evidenceTag({ version, standing, sourceUrl, latest }: Evidence) {
  const addresses = JSON.stringify([sourceUrl, latest?.fetchedFrom]);
  const hash = createHash('sha256').update(addresses).digest('hex').slice(0, 8);
  return { etag: etagOf(version, `${standing}_${hash}`) };
}

const jobToFollow = ({ id }: { id: string }) => ({ location: `/api/v1/jobs/${id}`, 'retry-after': '1' });

/** Registers every operation as a REST route. */
export function registerRoutes(bind: Bind) {
  bind.operation(portfolio.list, { method: 'GET', path: '/portfolios' });
  bind.operation(portfolio.create, {
    method: 'POST',
    path: '/portfolios',
    status: 201,
    headers: ({ slug }) => ({ location: `/api/v1/portfolios/${slug}` }),
  });
  bind.operation(portfolio.read, { method: 'GET', path: onePortfolio });
  bind.operation(portfolio.update, { method: 'PATCH', path: onePortfolio });
  bind.operation(portfolio.summary, { method: 'GET', path: `${onePortfolio}/summary` });
  bind.operation(portfolio.export, {
    method: 'POST',
    path: `${onePortfolio}/exports`,
    status: 202,
    headers: jobToFollow,
  });

  registerBin(bind);
  bind.operation(me.read, { method: 'GET', path: '/me' });
  registerOperator(bind);
  registerMembers(bind);
  registerMe(bind);
  registerKeys(bind);
  registerWebhooks(bind);
  bind.operation(audit.list, { method: 'GET', path: `${onePortfolio}/audit`, lines: true });
  bind.operation(audit.head, { method: 'GET', path: `${onePortfolio}/audit/head` });
  bind.operation(audit.security, { method: 'GET', path: `${onePortfolio}/audit/security-events` });
  bind.operation(audit.own, { method: 'GET', path: '/audit', lines: true });

  bind.operation(caseStudy.list, { method: 'GET', path: `${onePortfolio}/case-studies` });
  bind.operation(caseStudy.create, {
    method: 'POST',
    path: `${onePortfolio}/case-studies`,
    status: 201,
    headers: (created) => ({
      location: `/api/v1/portfolios/${created.portfolio}/case-studies/${created.slug}`,
    }),
  });
  const pdf = bind.operation(caseStudy.pdf, {
    method: 'GET',
    path: `${oneCaseStudy}/pdf`,
    status: 302,
    otherwise: { status: 202, when: ({ file }) => file === null },
    headers: ({ file, job: waiting }) => (file ? redirect(file.url) : jobToFollow(waiting!)),
    noHead: true,
  });
  bind.operation(caseStudy.read, {
    method: 'GET',
    path: oneCaseStudy,
    formats: { 'text/markdown': caseStudyToMarkdown },
    instead: { 'application/pdf': pdf },
  });
  bind.operation(caseStudy.provenance, { method: 'GET', path: `${oneCaseStudy}/provenance` });
  bind.operation(caseStudy.update, { method: 'PATCH', path: oneCaseStudy });
  bind.operation(caseStudy.delete, { method: 'DELETE', path: oneCaseStudy, status: 204 });
  bind.operation(caseStudy.publish, { method: 'POST', path: `${oneCaseStudy}/publish` });
  bind.operation(caseStudy.unpublish, { method: 'POST', path: `${oneCaseStudy}/unpublish` });
  bind.operation(caseStudy.archive, { method: 'POST', path: `${oneCaseStudy}/archive` });
  bind.operation(caseStudy.revisions, { method: 'GET', path: `${oneCaseStudy}/revisions` });
  bind.operation(caseStudy.diff, { method: 'GET', path: `${oneCaseStudy}/revisions/diff` });
  bind.operation(caseStudy.revision, { method: 'GET', path: `${oneCaseStudy}/revisions/:number` });
  bind.operation(caseStudy.restore, { method: 'POST', path: `${oneCaseStudy}/revisions/:number/restore` });
  bind.operation(caseStudy.export, {
    method: 'POST',
    path: `${oneCaseStudy}/exports`,
    status: 202,
    headers: jobToFollow,
  });

  bind.operation(evidence.upload, { method: 'POST', path: `${onePortfolio}/uploads/evidence`, status: 201 });
  bind.operation(upload.read, { method: 'GET', path: `${onePortfolio}/uploads/:id` });
  bind.operation(evidence.list, { method: 'GET', path: `${onePortfolio}/evidence` });
  bind.operation(evidence.create, {
    method: 'POST',
    path: `${onePortfolio}/evidence`,
    status: 201,
    headers: (created) => ({ ...evidenceTag(created), location: evidencePath(created) }),
  });
  bind.operation(evidence.read, { method: 'GET', path: oneEvidence, headers: evidenceTag });
  bind.operation(evidence.update, { method: 'PATCH', path: oneEvidence, headers: evidenceTag });
  bind.operation(evidence.delete, { method: 'DELETE', path: oneEvidence, status: 204 });
  bind.operation(evidence.versions, { method: 'GET', path: `${oneEvidence}/versions` });
  bind.operation(evidence.addVersion, {
    method: 'POST',
    path: `${oneEvidence}/versions`,
    status: 201,
    headers: (changed) => ({
      ...evidenceTag(changed),
      location: `${evidencePath(changed)}/content?version=${changed.latest?.number}`,
    }),
  });
  bind.operation(evidence.deleteVersion, {
    method: 'DELETE',
    path: `${oneEvidence}/versions/:number`,
    status: 204,
  });
  bind.operation(evidence.content, {
    method: 'GET',
    path: `${oneEvidence}/content`,
    status: 302,
    headers: ({ url }) => redirect(url),
  });
  bind.operation(evidence.verify, { method: 'POST', path: `${oneEvidence}/verify`, headers: evidenceTag });
  bind.operation(evidence.sync, {
    method: 'POST',
    path: `${oneEvidence}/sync`,
    status: 202,
    headers: jobToFollow,
  });
  bind.operation(metric.list, { method: 'GET', path: `${onePortfolio}/metrics` });
  bind.operation(metric.define, {
    method: 'POST',
    path: `${onePortfolio}/metrics`,
    status: 201,
    headers: (defined) => ({
      location: `/api/v1/portfolios/${defined.portfolio}/metrics/${defined.key}`,
    }),
  });
  bind.operation(metric.read, { method: 'GET', path: oneMetric });
  bind.operation(metric.update, { method: 'PATCH', path: oneMetric });
  bind.operation(metric.delete, { method: 'DELETE', path: oneMetric, status: 204 });
  bind.operation(metric.record, { method: 'POST', path: `${oneMetric}/samples` });
  bind.operation(metric.deleteSamples, { method: 'POST', path: `${oneMetric}/samples/delete` });
  bind.operation(metric.series, {
    method: 'GET',
    path: `${oneMetric}/series`,
    formats: { 'text/csv': seriesToCsv },
  });
  bind.operation(metric.compare, { method: 'GET', path: `${oneMetric}/comparison` });
  bind.operation(metric.report, {
    method: 'POST',
    path: `${onePortfolio}/metric-reports`,
    status: 202,
    headers: jobToFollow,
  });

  bind.operation(artifact.upload, { method: 'POST', path: `${onePortfolio}/uploads/artifacts`, status: 201 });
  bind.operation(artifact.list, { method: 'GET', path: `${onePortfolio}/artifacts` });
  bind.operation(artifact.create, {
    method: 'POST',
    path: `${onePortfolio}/artifacts`,
    status: 201,
    headers: (created) => ({
      location: `/api/v1/portfolios/${created.portfolio}/artifacts/${created.slug}`,
    }),
  });
  bind.operation(artifact.read, { method: 'GET', path: oneArtifact });
  bind.operation(artifact.update, { method: 'PATCH', path: oneArtifact });
  bind.operation(artifact.delete, { method: 'DELETE', path: oneArtifact, status: 204 });
  bind.operation(artifact.versions, { method: 'GET', path: `${oneArtifact}/versions` });
  bind.operation(artifact.addVersion, { method: 'POST', path: `${oneArtifact}/versions`, status: 201 });
  bind.operation(artifact.deleteVersion, {
    method: 'DELETE',
    path: `${oneArtifact}/versions/:name`,
    status: 204,
  });
  bind.operation(artifact.content, {
    method: 'GET',
    path: `${oneArtifact}/content`,
    status: 302,
    // A reference leads anywhere: a redirect would make a link of this host lead there (an open redirect).
    otherwise: { status: 200, when: ({ file }) => file === null },
    headers: ({ url, file }): Record<string, string> => (file ? redirect(url) : {}),
  });

  bind.operation(image.upload, {
    method: 'POST',
    path: `${onePortfolio}/images`,
    status: 201,
    headers: ({ url }) => ({ location: url }),
    consumes: ['image/png', 'image/jpeg'],
  });
  bind.operation(image.list, { method: 'GET', path: `${onePortfolio}/images` });
  bind.operation(image.delete, {
    method: 'DELETE',
    path: `${onePortfolio}/images/:sha256`,
    status: 204,
  });
  bind.operation(image.read, {
    method: 'GET',
    path: `${onePortfolio}/images/:sha256`,
    status: 302,
    headers: ({ downloadUrl }) => redirect(downloadUrl),
  });

  bind.operation(job.list, { method: 'GET', path: '/jobs' });
  bind.stream(job.changes, { path: '/jobs/changes' });
  bind.operation(job.read, { method: 'GET', path: '/jobs/:id' });
  bind.stream(job.events, { path: '/jobs/:id/events', mayEnd: true });
  bind.operation(job.result, {
    method: 'GET',
    path: '/jobs/:id/result',
    status: 302,
    headers: ({ url }) => redirect(url),
  });
  bind.operation(job.deleteResult, { method: 'DELETE', path: '/jobs/:id/result', status: 204 });
  bind.operation(job.cancel, { method: 'POST', path: '/jobs/:id/cancel' });
  bind.operation(job.retry, { method: 'POST', path: '/jobs/:id/retry' });
  bind.operation(job.cancelMany, { method: 'POST', path: `${onePortfolio}/jobs/cancel` });
  bind.operation(job.retryMany, { method: 'POST', path: `${onePortfolio}/jobs/retry` });
}

/** What was deleted and can be undeleted. Portfolios there are no resources of `/portfolios`: nobody finds them. */
function registerBin(bind: Bind) {
  const onePortfolioThere = '/deleted-portfolios/:portfolio';
  const studies = `${onePortfolio}/deleted-case-studies`;
  bind.operation(portfolio.delete, { method: 'POST', path: `${onePortfolio}/delete` });
  bind.operation(portfolio.bin, { method: 'GET', path: '/deleted-portfolios' });
  bind.operation(portfolio.undelete, { method: 'POST', path: `${onePortfolioThere}/undelete` });
  bind.operation(portfolio.purge, { method: 'POST', path: `${onePortfolioThere}/purge`, status: 204 });
  bind.operation(caseStudy.bin, { method: 'GET', path: studies });
  bind.operation(caseStudy.undelete, { method: 'POST', path: `${studies}/:id/undelete` });
  bind.operation(caseStudy.purge, { method: 'DELETE', path: `${studies}/:id`, status: 204 });
}

function registerOperator(bind: Bind) {
  const jobsOfAll = '/operator/jobs';
  const pauses = '/operator/pauses';
  const limits = '/operator/limits';
  bind.operation(operator.jobs, { method: 'GET', path: jobsOfAll });
  bind.operation(operator.redrive, { method: 'POST', path: `${jobsOfAll}/redrive` });
  bind.operation(operator.pauses, { method: 'GET', path: pauses });
  bind.operation(operator.pause, { method: 'POST', path: pauses });
  bind.operation(operator.resume, { method: 'POST', path: `${pauses}/resume` });
  bind.operation(operator.limits, { method: 'GET', path: limits });
  bind.operation(operator.limit, { method: 'POST', path: limits });
  bind.operation(operator.erase, { method: 'POST', path: '/operator/people/:id/erase', status: 204 });
  bind.operation(operator.securityEvents, { method: 'GET', path: '/operator/security-events' });
  bind.operation(operator.health, { method: 'GET', path: '/operator/health' });
}

function registerMembers(bind: Bind) {
  const members = `${onePortfolio}/members`;
  const one = `${members}/:member`;
  bind.operation(member.list, { method: 'GET', path: members });
  bind.operation(member.read, { method: 'GET', path: one });
  bind.operation(member.update, { method: 'PATCH', path: one });
  bind.operation(member.remove, { method: 'DELETE', path: one, status: 204 });
  bind.operation(member.revokeTokens, { method: 'POST', path: `${one}/revoke-tokens` });

  const invited = `${onePortfolio}/invitations`;
  bind.operation(invitation.list, { method: 'GET', path: invited });
  bind.operation(invitation.create, { method: 'POST', path: invited, status: 201, headers: noStore });
  bind.operation(invitation.revoke, { method: 'DELETE', path: `${invited}/:id`, status: 204 });
  bind.operation(invitation.show, { method: 'POST', path: '/invitations/show' });
  bind.operation(invitation.accept, {
    method: 'POST',
    path: '/invitations/accept',
    status: 201,
    headers: ({ portfolio: slug, id }) => ({
      location: `/api/v1/portfolios/${slug}/members/${encodeURIComponent(id)}`,
    }),
  });
}

function registerMe(bind: Bind) {
  bind.operation(me.update, { method: 'PATCH', path: '/me' });
  bind.operation(me.erase, { method: 'POST', path: '/me/erase', status: 204 });
  bind.operation(me.export, {
    method: 'GET',
    path: '/me/export',
    headers: () => ({ ...noStore(), 'content-disposition': 'attachment; filename="my-data.json"' }),
  });
}

const keyMade = ({ portfolio: of, id }: { portfolio: string | null; id: string }) => ({
  ...noStore(),
  location: `/api/v1${of === null ? '' : `/portfolios/${of}`}/api-keys/${id}`,
});
const makesKey = { method: 'POST', status: 201, headers: keyMade } as const;

function registerKeys(bind: Bind) {
  const ofPortfolio = `${onePortfolio}/api-keys`;
  const own = '/api-keys';
  bind.operation(apiKey.list, { method: 'GET', path: ofPortfolio });
  bind.operation(apiKey.create, { ...makesKey, path: ofPortfolio });
  bind.operation(apiKey.read, { method: 'GET', path: `${ofPortfolio}/:id` });
  bind.operation(apiKey.rotate, { ...makesKey, path: `${ofPortfolio}/:id/rotate` });
  bind.operation(apiKey.revoke, { method: 'DELETE', path: `${ofPortfolio}/:id`, status: 204 });
  bind.operation(ownKey.list, { method: 'GET', path: own });
  bind.operation(ownKey.create, { ...makesKey, path: own });
  bind.operation(ownKey.read, { method: 'GET', path: `${own}/:id` });
  bind.operation(ownKey.rotate, { ...makesKey, path: `${own}/:id/rotate` });
  bind.operation(ownKey.revoke, { method: 'DELETE', path: `${own}/:id`, status: 204 });
  bind.operation(ownToken.revoke, { method: 'POST', path: '/tokens/revoke' });
  bind.operation(session.list, { method: 'GET', path: '/sessions' });
  bind.operation(session.revoke, { method: 'DELETE', path: '/sessions/:id', status: 204 });
  bind.operation(session.revokeAll, { method: 'POST', path: '/sessions/revoke' });
}

function registerWebhooks(bind: Bind) {
  const all = `${onePortfolio}/webhooks`;
  const one = `${all}/:id`;
  const deliveries = `${one}/deliveries`;
  type Delivery = { portfolio: string; webhook: string; id: string };
  const startedAt = ({ portfolio: of, webhook: to, id }: Delivery) => ({
    location: `/api/v1/portfolios/${of}/webhooks/${to}/deliveries/${id}`,
  });
  bind.operation(webhook.disabled, { method: 'GET', path: '/webhooks/disabled' });
  bind.operation(webhook.list, { method: 'GET', path: all });
  bind.operation(webhook.create, {
    method: 'POST',
    path: all,
    status: 201,
    headers: ({ portfolio: of, id }) => ({
      ...noStore(),
      location: `/api/v1/portfolios/${of}/webhooks/${id}`,
    }),
  });
  bind.operation(webhook.read, { method: 'GET', path: one });
  bind.operation(webhook.update, { method: 'PATCH', path: one });
  bind.operation(webhook.delete, { method: 'DELETE', path: one, status: 204 });
  bind.operation(webhook.rotateSecret, { method: 'POST', path: `${one}/rotate-secret`, headers: noStore });
  bind.operation(webhook.test, { method: 'POST', path: `${one}/test`, status: 201, headers: startedAt });
  bind.operation(webhook.deliveries, { method: 'GET', path: deliveries });
  bind.operation(webhook.delivery, { method: 'GET', path: `${deliveries}/:delivery` });
  bind.operation(webhook.redeliver, {
    method: 'POST',
    path: `${deliveries}/:delivery/redeliver`,
    status: 201,
    headers: startedAt,
  });
}
