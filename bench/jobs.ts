/**
 * The cost of a job for the database, compared with a plain insert: accepting it and running it, without other jobs and with
 * ten thousand others waiting in the same portfolio: `node bench/jobs.ts`. Takes half a minute.
 */
import { queueJob } from '@portfolio/core/job/accept';
import { dispatch } from '@portfolio/core/job/dispatch';
import { transitions } from '@portfolio/core/job/transitions';
import { openDatabase } from '@portfolio/core/runtime/database';
import { createLog } from '@portfolio/core/runtime/log';
import { migrate } from '@portfolio/core/runtime/migrate';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../dev/postgres.ts';
import { printRates } from './side-by-side.ts';

const count = 1000;
const rounds = 3;
const waitingJobs = 10_000;

const folder = await mkdtemp(join(tmpdir(), 'portfolio-bench-'));
const server = await startPostgres({ dataDir: join(folder, 'postgres') });
await migrate({ url: server.url });
const { db, sql, close } = openDatabase({
  url: server.url,
  poolSize: 4,
  applicationName: 'bench',
  log: createLog('bench', 'warn'),
});
await sql`insert into portfolios (id, slug, name, tagline, description) values ('pf_bench', 'bench', 'Bench', '', '')`;
await sql`create table plain (id bigint generated always as identity primary key, payload jsonb not null)`;

const request = {
  portfolioId: 'pf_bench',
  kind: 'export.pdf',
  subject: 'a study',
  payload: { caseStudyId: 'cs_none' },
  requestedBy: 'bench',
} as const;
const result = {
  key: 'k',
  fileName: 'f',
  contentType: 'c',
  sizeBytes: 1,
  sha256: 's',
  pages: 1,
  studyVersion: 1,
};
let groups = 0;

/** Accepts a job in a transaction, as an operation does. */
const accept = () =>
  db.transaction(async (tx) => {
    const job = await queueJob(tx, { ...request, groupKey: `bench-${(groups += 1)}` });
    await dispatch(tx, request.portfolioId);
    return job;
  });
async function complete(id: string) {
  const lease = { id, token: randomUUID() };
  if (!(await transitions.claim(db, lease, 30))) throw new Error(`${id} could not be claimed.`);
  await transitions.end(db, lease, { type: 'succeeded', result });
  await dispatch(db, request.portfolioId);
}

/** Calls `run` `count` times, four at a time; resolves to calls per second. */
async function rate(run: () => Promise<unknown>): Promise<number> {
  let left = count;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while (left-- > 0) await run();
    }),
  );
  return count / ((performance.now() - started) / 1000);
}

/** Takes the next message from the outbox; resolves to the id of its job. */
async function takeMessage(): Promise<string> {
  const [row] = await sql`delete from outbox where id = (
    select id from outbox order by id limit 1 for update skip locked) returning job_id`;
  if (!row) throw new Error('The outbox is empty.');
  return row.job_id as string;
}

const figures = new Map<string, number[]>();
async function measure(name: string, run: () => Promise<unknown>) {
  const measured = await rate(run);
  figures.set(name, [...(figures.get(name) ?? []), measured]);
}

try {
  for (let round = 0; round <= rounds; round++) {
    // The first round warms up.
    if (round === 1) figures.clear();
    await measure(
      'plain insert',
      () => sql`insert into plain (payload) values (${JSON.stringify(request.payload)})`,
    );
    await measure('accept and complete, no other jobs', async () => {
      const { id } = await accept();
      await complete(id);
    });
    await sql`truncate jobs cascade`;
    await sql`
      insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq)
      select 'job_' || n, ${request.portfolioId}, 'export.pdf', 'PDF', 'queued', 'waiting-' || n, '{}', 'bench', 5, 1
      from generate_series(1, ${waitingJobs}) n`;
    await sql`analyze jobs`;
    await dispatch(db);
    await measure('accept, ten thousand waiting', accept);
    await measure('complete, ten thousand waiting', async () => complete(await takeMessage()));
    await sql`truncate jobs cascade`;
  }
  printRates(figures, { unit: 'per second', ratio: 'of an insert' });
} finally {
  await close();
  await server.stop();
  await rm(folder, { recursive: true });
}
