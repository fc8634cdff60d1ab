// Our pipeline in the process that accepts: all of it that the rows use, except the worker (our-worker.ts).
import { operations } from '@portfolio/core';
import type { Ctx, Db } from '@portfolio/core/context';
import { newId } from '@portfolio/core/ids';
import { queueJobs } from '@portfolio/core/job/accept';
import { jobsChanged } from '@portfolio/core/job/jobs-changed';
import { people } from '@portfolio/core/person/person.sql';
import type { JobKind } from '@portfolio/core/job/kinds';
import { transitions } from '@portfolio/core/job/transitions';
import { TransactionRollbackError } from 'drizzle-orm';
import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { openServices, owner } from './our-services.ts';
import { type Seed, seedJobs } from './seed.ts';
import type { Servers } from './servers.ts';
import { type System, slots } from './system.ts';

const portfolioCount = 10;

export type Request = { portfolioId: string; kind: JobKind; payload: unknown };

export type Ours = Awaited<ReturnType<typeof openOurs>>;

/** Our pipeline, with ten portfolios. Its jobs have no group in common, unless `seedMany` is told to. */
export async function openOurs(servers: Servers) {
  const { urls, users, cloud } = servers;
  const { ctx, workerDb, idle, close } = await openServices(servers);
  const superuser = postgres(urls.ours, { max: 1, onnotice: () => {} });
  const portfolios = await ensurePortfolios(ctx);
  const portfolioIds = portfolios.map(({ id }) => id);
  let accepted = 0;
  const worker = (own: Partial<Record<JobKind, number>>) => ({
    file: 'our-worker.ts',
    settings: { url: users.worker, cloud, slots: own },
  });

  const system: System = {
    name: `ours, ${slots} slots`,
    accept() {
      const portfolioId = portfolioIds[(accepted += 1) % portfolioIds.length]!;
      return acceptJob(ctx, { portfolioId, ...anExport() });
    },
    seed: (jobs) => seedJobs(superuser, { jobs, portfolioIds, groups: jobs }),
    async unfinished() {
      const [row] = await superuser<{ jobs: number }[]>`
        select count(*)::int as jobs from jobs where state <> 'succeeded'`;
      return row!.jobs;
    },
    async reset() {
      await idle();
      await servers.purgeQueues();
      await superuser`truncate jobs cascade`;
      await superuser`vacuum analyze jobs`;
    },
    worker: worker({ 'export.pdf': slots }),
    async close() {
      await close();
      await superuser.end();
    },
  };

  return {
    ...system,
    ctx,
    portfolios,
    superuser,
    /** The worker with the slots of each kind that it is deployed with. */
    deployedWorker: worker({}),
    acceptJob: (request: Request) => acceptJob(ctx, request),
    seedMany: (seed: Seed) => seedJobs(superuser, seed),
    claimAndUndo: () => claimAndUndo(workerDb),
  };
}

/** The part of a request that makes it one for an export. */
export const anExport = () => ({ kind: 'export.pdf' as const, payload: { caseStudyId: newId('caseStudy') } });

/** Accepts a job as operations do, without what is theirs: the audit row and the answer under an idempotency key. */
async function acceptJob(ctx: Ctx, { portfolioId, kind, payload }: Request) {
  const request = { portfolioId, kind, groupKey: randomUUID(), subject: 'a benchmark' };
  const [job] = await queueJobs(ctx.db, [{ ...request, payload: payload as never, requestedBy: owner.id }]);
  jobsChanged(ctx, [job!]);
  return job!.jobId;
}

/** Does what finds the next jobs, and undoes it; resolves to its milliseconds and the number of jobs. */
async function claimAndUndo(db: Db) {
  let [milliseconds, jobs] = [0, 0];
  const undone = db.transaction(async (tx) => {
    const started = performance.now();
    const wanted = [{ kind: 'export.pdf' as const, slots, mostOfTenant: slots }];
    const lease = { mostInAll: slots, token: randomUUID(), leaseSeconds: 30, worker: 'bench' };
    jobs = (await transitions.claim(tx, wanted, lease)).claimed.length;
    milliseconds = performance.now() - started;
    tx.rollback();
  });
  await undone.catch((error: unknown) => {
    if (!(error instanceof TransactionRollbackError)) throw error;
  });
  return { milliseconds, jobs };
}

/** The portfolios of an earlier row are used again. */
async function ensurePortfolios(ctx: Ctx) {
  const { items } = await operations.portfolio.list.run(ctx, {});
  if (items.length > 0) return items;
  await ctx.db.insert(people).values({ id: owner.id, subject: owner.id }).onConflictDoNothing();
  const slugs = Array.from({ length: portfolioCount }, (_, at) => `bench-${at}`);
  return Promise.all(slugs.map((slug) => operations.portfolio.create.run(ctx, { slug, name: slug })));
}
