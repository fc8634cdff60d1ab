import { inArray, sql } from 'drizzle-orm';
import { artifactVersions, artifacts } from '../artifact/artifact.sql.ts';
import type { Bucket, Db } from '../context.ts';
import { evidence, evidenceVersions } from '../evidence/evidence.sql.ts';
import { images } from '../image/image.sql.ts';
import { jobs } from '../job/job.sql.ts';
import { inBatches } from '../batches.ts';
import { removableObjects } from './removable-object.sql.ts';

/** Longer than any operation takes from storing an object to committing a reference to it. */
const graceHours = 24;
/** Small, since a process that stores one of these objects again waits for the batch. */
const batchSize = 20;
/** How long a frozen process can block others that store one of its objects. */
const maxIdleSeconds = 30;

/** Keys are `noun/portfolio/hash`, or `noun/portfolio/job/…` for the files of jobs. */
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
 * Deletes objects that nothing refers to a day after they were stored or lost a reference. Resolves to the number of
 * checked objects. Workers may do so concurrently. If the bucket is unavailable, nothing is changed.
 */
export function removeUnreferenced(
  { db, bucket }: { db: Db; bucket: Bucket },
  signal: AbortSignal,
): Promise<number> {
  return inBatches(batchSize, signal, (size) =>
    db.transaction(async (tx) => {
      await tx.execute(sql.raw(`set local idle_in_transaction_session_timeout = '${maxIdleSeconds}s'`));
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
