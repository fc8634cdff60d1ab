import { inArray, sql } from 'drizzle-orm';
import { artifactVersions, artifacts } from '../artifact/artifact.sql.ts';
import type { Bucket, Db } from '../context.ts';
import { evidence, evidenceVersions } from '../evidence/evidence.sql.ts';
import { images } from '../image/image.sql.ts';
import { jobs } from '../job/job.sql.ts';
import { inBatches } from '../batches.ts';
import { removableObjects } from './removable-object.sql.ts';

/** Longer than anything takes from storing an object to the commit of what refers to it. */
const graceHours = 24;
/** Who stores one of these objects again waits for the batch, so it is small. */
const batchSize = 20;
/** A frozen process holds back no longer than this who wants to store one of its objects. */
const holdSeconds = 30;

/** Keys are `noun/portfolio/hash`, or `noun/portfolio/job/…` of what jobs store. */
const part = (number: number) => sql.raw(`split_part(key, '/', ${number})`);

const isReferenced = sql<boolean>`case ${part(1)}
  when 'evidence' then exists (
    select 1 from ${evidenceVersions} join ${evidence} on id = evidence_id
    where sha256 = ${part(3)} and portfolio_id = ${part(2)})
  when 'artifacts' then exists (
    select 1 from ${artifactVersions} join ${artifacts} on id = artifact_id
    where sha256 = ${part(3)} and portfolio_id = ${part(2)})
  when 'images' then exists (
    select 1 from ${images} where portfolio_id = ${part(2)} and sha256 = ${part(3)})
  else exists (
    select 1 from ${jobs}
    where id = ${part(3)}
      and (state = 'running' or jsonb_path_exists(result, '$.**.key ? (@ == $key)', jsonb_build_object('key', key))))
  end`;

/**
 * Removes objects that nothing refers to a day after they were stored, or lost a reference; resolves to how many were
 * looked at. Any number of workers may do so at once. Where the bucket is away, all stays as it is.
 */
export function removeUnreferenced(
  { db, bucket }: { db: Db; bucket: Bucket },
  signal: AbortSignal,
): Promise<number> {
  return inBatches(batchSize, signal, (size) =>
    db.transaction(async (tx) => {
      await tx.execute(sql.raw(`set local idle_in_transaction_session_timeout = '${holdSeconds}s'`));
      const due = await tx
        .select({ key: removableObjects.key, isReferenced })
        .from(removableObjects)
        .where(sql`${removableObjects.since} < now() - make_interval(hours => ${graceHours})`)
        .orderBy(removableObjects.since)
        .limit(size)
        .for('update', { skipLocked: true });
      await Promise.all(due.filter((object) => !object.isReferenced).map(({ key }) => bucket.remove(key)));
      const keys = due.map(({ key }) => key);
      await tx.delete(removableObjects).where(inArray(removableObjects.key, keys));
      return due.length;
    }),
  );
}
