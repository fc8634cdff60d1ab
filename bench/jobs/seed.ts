import { newId } from '@portfolio/core/ids';
import { randomUUID } from 'node:crypto';
import type postgres from 'postgres';

export type Seed = { jobs: number; portfolioIds: string[]; groups: number };

/** Stores queued exports in bulk, as accepting them one by one would: spread over the portfolios and the groups. */
export async function seedJobs(sql: postgres.Sql, { jobs, portfolioIds, groups }: Seed): Promise<void> {
  const all = Array.from({ length: jobs }, (_, at) => at);
  const run = randomUUID();
  const ids = all.map(() => newId('job'));
  const groupKeys = all.map((at) => `${run}-${at % groups}`);
  const ofPortfolio = all.map((at) => portfolioIds[(at % groups) % portfolioIds.length]!);
  const payload = { caseStudyId: newId('caseStudy') };
  await sql.begin(async (tx) => {
    await tx`
      insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, traceparent, max_attempts, last_seq)
      select id, portfolio_id, 'export.pdf', 'Benchmark', 'queued', group_key, ${tx.json(payload)}, 'bench',
        '00-' || md5(id) || '-' || substr(md5(id), 1, 16) || '-00', 5, 1
      from unnest(${ids}::text[], ${ofPortfolio}::text[], ${groupKeys}::text[]) as new (id, portfolio_id, group_key)`;
    await tx`
      insert into job_events (job_id, seq, type, state, attempt, progress)
      select id, 1, 'queued', 'queued', 0, 0 from unnest(${ids}::text[]) as new (id)`;
  });
  await sql`analyze jobs`;
}
