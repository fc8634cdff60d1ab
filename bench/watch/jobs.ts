/** Jobs for `bench/watch.ts`, which are accepted and run by statements alone, with their hints. */
import { scopeSchema } from '@portfolio/core/actor';
import { issueApiKey } from '@portfolio/core/api-key/issue';
import { queueJobs } from '@portfolio/core/job/accept';
import { ofEachKind } from '@portfolio/core/job/kinds';
import { transitions } from '@portfolio/core/job/transitions';
import { openDatabase } from '@portfolio/core/runtime/database';
import { personBySubject } from '@portfolio/core/person/identify';
import { createJobBus } from '@portfolio/core/runtime/job-bus';
import { createLog } from '@portfolio/core/runtime/log';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { nowMilliseconds } from './children.ts';

const jobsPerSecond = 5;
const portfolioId = 'pf_bench';
const request = {
  portfolioId,
  kind: 'export.pdf',
  subject: 'a study',
  payload: { caseStudyId: 'cs_none' },
  requestedBy: 'bench',
} as const;
const file = { key: 'k', fileName: 'f', contentType: 'c', sizeBytes: 1, sha256: 's' };
const result = { ...file, pages: 1, studyVersion: 1 };

/** Opens the database, with a portfolio of as many members as there are to be keys. */
export async function openSimulation(databaseUrl: string, keyCount: number) {
  const log = createLog('bench', 'warn');
  const database = openDatabase({ url: databaseUrl, poolSize: 4, applicationName: 'bench', log });
  const { db, sql } = database;
  const bus = createJobBus(sql, log);
  await sql`insert into portfolios (id, slug, name, tagline, description) values (${portfolioId}, 'bench', 'Bench', '', '')`;
  const keys: string[] = [];
  for (let at = 0; at < keyCount; at++) {
    const subject = `member-${at}`;
    await sql`insert into members (portfolio_id, subject, role) values (${portfolioId}, ${subject}, 'viewer')`;
    const personId = await personBySubject(db, subject);
    const about = { name: 'bench', personId, scopes: scopeSchema.options, expiresAt: null };
    keys.push((await issueApiKey(db, about)).secret);
  }
  const wanted = Object.values(ofEachKind((kind) => ({ kind, slots: 1, mostOfTenant: 1000 })));

  /** Accepts a job and claims it. */
  async function begin() {
    const [queued] = await queueJobs(db, [{ ...request, groupKey: `bench-${randomUUID()}` }]);
    const lease = { id: queued!.jobId, token: randomUUID() };
    const hint = () => bus.publish({ jobId: lease.id, portfolioId });
    hint();
    await transitions.claim(db, wanted, {
      mostInAll: 1000,
      token: lease.token,
      leaseSeconds: 600,
      worker: 'bench',
    });
    hint();
    return {
      id: lease.id,
      /** Resolves to the time of the commit. */
      async progress(progress: number) {
        await transitions.progress(db, lease, { progress, step: 'Working' });
        const at = nowMilliseconds();
        hint();
        return at;
      },
      async end() {
        await transitions.end(db, lease, { type: 'succeeded', result });
        hint();
      },
    };
  }

  return {
    keys,
    begin,
    /** Runs one job after the other until `stop`, which resolves to their number. */
    keepRunning() {
      const stopped = new AbortController();
      const running = runJobs(begin, stopped.signal);
      return {
        stop() {
          stopped.abort();
          return running;
        },
      };
    },
    async close() {
      bus.close();
      await database.close();
    },
  };
}

type Job = { progress(progress: number): Promise<number>; end(): Promise<void> };

async function runJobs(begin: () => Promise<Job>, signal: AbortSignal): Promise<number> {
  let done = 0;
  while (!signal.aborted) {
    const job = await begin();
    for (const progress of [0.2, 0.5, 0.8]) {
      await job.progress(progress);
      await wait(1000 / jobsPerSecond / 4);
    }
    await job.end();
    done += 1;
    await wait(1000 / jobsPerSecond / 4);
  }
  return done;
}
