import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { invalidInput } from '../errors.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { lockMetric } from './lock.ts';
import { metricSamples } from './metric.sql.ts';
import { type Sample, samplesInput } from './schemas.ts';

const recordedSchema = z
  .object({
    created: z.int().describe('Samples at times that had no value.'),
    replaced: z.int().describe('Samples that replaced another value.'),
    unchanged: z.int().describe('Samples that already existed with the same value.'),
  })
  .meta({ id: 'RecordedSamples' });

export const recordSamples = operation({
  name: 'metric.record',
  kind: 'mutation',
  summary: 'Record up to 5,000 samples of a metric. A sample replaces an existing one at the same time.',
  scope: 'metric:write',
  public: false,
  maxInputBytes: 1024 * 1024,
  input: samplesInput,
  output: recordedSchema,
  tenant: tenantBySlug,
  async run({ db, noteDetails }, { key, samples }, tenant) {
    refuseDuplicateTimes(samples);
    const { id } = await lockMetric({ db }, tenant, key, 'key share');
    const { created, written } = await upsert(db, id, samples);
    noteDetails({ count: written });
    return { created, replaced: written - created, unchanged: samples.length - written };
  },
});

function refuseDuplicateTimes(samples: Sample[]) {
  const indexes = new Map<string, number>();
  for (const [index, { at }] of samples.entries()) {
    const earlier = indexes.get(at);
    if (earlier !== undefined) {
      const detail = `Expected unique times (to the millisecond), but /samples/${earlier} also has ${at}.`;
      throw invalidInput([{ pointer: `/samples/${index}/at`, detail }]);
    }
    indexes.set(at, index);
  }
}

/** Inserts in time order, so that concurrent batches cannot deadlock. */
async function upsert(db: Db, metricId: string, samples: Sample[]) {
  const times = samples.map(({ at }) => at);
  const values = samples.map(({ value }) => value);
  const [row] = await db.execute<{ created: number; written: number }>(sql`
    with written as (
      insert into ${metricSamples} as old (metric_id, at, value)
      select ${metricId}, at, value
      from unnest(${sql.param(times)}::text[]::timestamptz[], ${sql.param(values)}::float8[]) as sample (at, value)
      order by at
      on conflict (metric_id, at) do update set value = excluded.value where old.value <> excluded.value
      returning old.xmax = 0 as created
    )
    select count(*) filter (where created)::int as created, count(*)::int as written from written`);
  return row!;
}
