import { type SQL, sql } from 'drizzle-orm';
import { metricSamples } from './metric.sql.ts';

/** True for the samples of a metric in a range; `to` is exclusive. */
export const isWithin = (metricId: SQL, from: SQL, to: SQL) =>
  sql`${metricSamples.metricId} = ${metricId} and ${metricSamples.at} >= ${from} and ${metricSamples.at} < ${to}`;
