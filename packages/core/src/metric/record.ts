import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { lockMetric } from './lock.ts';
import { metricSamples } from './metric.sql.ts';
import { type Sample, samplesInput } from './schemas.ts';

const recordedSchema = z
  .object({
    created: z.int().describe('Samples at times that had none.'),
    replaced: z.int().describe('Samples whose time had another value before.'),
    unchanged: z.int().describe('Samples that were there already, with the same value.'),
  })
  .meta({ id: 'RecordedSamples' });

export const recordSamples = operation({
  name: 'metric.record',
  kind: 'mutation',
  summary: 'Record up to 5,000 samples of a metric; at a time that has one, the new value takes its place.',
  scope: 'metric:write',
  public: false,
  input: samplesInput,
  output: recordedSchema,
  tenant: tenantBySlug,
  async run({ db }, { key, samples }, tenant) {
    refuseSameTimes(samples);
    const { id } = await lockMetric({ db }, tenant, key, 'key share');
    const { created, written } = await upsert(db, id, samples);
    return { created, replaced: written - created, unchanged: samples.length - written };
  },
});

function refuseSameTimes(samples: Sample[]) {
  const places = new Map<string, number>();
  for (const [place, { at }] of samples.entries()) {
    const earlier = places.get(at);
    if (earlier !== undefined) {
      const detail = `Expected each time once, to the millisecond; /samples/${earlier} has ${at}, too.`;
      const pointer = `/samples/${place}/at`;
      throw new AppError('invalid_input', `The input is not valid. ${pointer}: ${detail}`, {
        fields: [{ pointer, detail }],
      });
    }
    places.set(at, place);
  }
}

/** Always in the order of time, so that batches at once wait for each other and never in a circle. */
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
