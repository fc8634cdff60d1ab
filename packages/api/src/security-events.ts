import { allOperations } from '@portfolio/core';
import { type Actor, actorName } from '@portfolio/core/actor';
import type { SecurityLog } from '@portfolio/core/audit/security-log';
import { AppError, Refusal } from '@portfolio/core/errors';
import { slugSchema } from '@portfolio/core/text';
import type { FastifyInstance } from 'fastify';
import { LimitExceeded } from './authenticator.ts';
import { credentialOf } from './credential.ts';
import { ForeignOrigin } from './own-origin.ts';

/** A call that failed. `actor` is undefined where the credential was refused, or not looked at. */
type Call = {
  actor: Actor | undefined;
  address: string;
  hasCredential: boolean;
  operation: string | undefined;
  /** The input, of which only the slug of the portfolio is read. */
  input: unknown;
};

export type ReportRefusal = (error: unknown, call: Call) => void;

/** Returns the function that records a failed call, if it is a refusal of note. */
export function createReportRefusal(log: SecurityLog | undefined): ReportRefusal {
  if (!log) return () => {};
  return (error, { actor, address, hasCredential, operation, input }) => {
    if (!hasCredential || !(error instanceof AppError)) return;
    const refused = error instanceof Refusal ? error.refused : {};
    const about = { address, operation: operation ?? null };
    if (error instanceof ForeignOrigin) return log.record('origin.refused', about);
    if (isRefusedCredential(error)) return log.record('credential.refused', { ...about, ...refused });
    if (!(error instanceof Refusal) || actor === undefined || actor.kind === 'anonymous') return;
    log.record(error.code === 'not_found' ? 'portfolio.refused' : 'scope.refused', {
      ...about,
      portfolioId: refused.portfolioId ?? (actor.kind === 'portfolio-key' ? actor.portfolioId : null),
      slug: slugIn(input),
      actor: actorName(actor),
      credential: actor.credential?.id,
    });
  };
}

/** The slug in an input that nobody has checked: it may be long, or a text that Postgres does not take. */
function slugIn(input: unknown): string | null {
  const { portfolio } = (input ?? {}) as { portfolio?: unknown };
  return slugSchema.safeParse(portfolio).data ?? null;
}

const isRefusedCredential = (error: AppError) =>
  error.code === 'unauthenticated' ||
  (error instanceof LimitExceeded && error.taken.policy === 'failed-authentication');

/** Reports the refusals of requests over HTTP, except those of single calls of tRPC. */
export function reportRefusedRequests(app: FastifyInstance, report: ReportRefusal) {
  app.addHook('onError', (request, _reply, error, done) => {
    const { actor, ip: address, params, headers, routeOptions } = request;
    report(error, {
      actor,
      address,
      hasCredential: credentialOf(headers) !== undefined,
      operation: routeOptions.config.operation?.name ?? procedureOf(params),
      input: params,
    });
    done();
  });
}

const operations = new Set(allOperations.map(({ name }) => name));

/** The procedure of a request to tRPC; undefined for batches, and for what is none. */
function procedureOf(params: unknown): string | undefined {
  const { path } = (params ?? {}) as { path?: unknown };
  return typeof path === 'string' && operations.has(path) ? path : undefined;
}
