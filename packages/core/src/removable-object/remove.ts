import { type SQL, inArray, sql } from 'drizzle-orm';
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
    where sha256 = ${part(3)} and portfolio_id = ${part(2)} and deleted_at is null)
  when 'artifacts' then exists (
    select 1 from ${artifactVersions} join ${artifacts} on id = artifact_id
    where sha256 = ${part(3)} and portfolio_id = ${part(2)} and deleted_at is null)
  when 'images' then exists (
    select 1 from ${images} where portfolio_id = ${part(2)} and sha256 = ${part(3)})
  else exists (
    select 1 from ${jobs}
    where id = ${part(3)} and result ->> 'deletedAt' is null
      and (state = 'running' or jsonb_path_exists(result, '$.**.key ? (@ == $key)', jsonb_build_object('key', key))))
  end`;

type Tools = { db: Db; bucket: Bucket };

/**
 * Deletes objects that nothing refers to a day after they were stored. Resolves to the number of checked objects. Workers
 * may do so concurrently. If the bucket is unavailable, nothing is changed.
 */
export function removeUnreferenced(tools: Tools, signal: AbortSignal): Promise<number> {
  return inBatches(batchSize, signal, (size) =>
    checkDue(tools, sql`${removableObjects.since} < now() - make_interval(hours => ${graceHours})`, {
      size,
      remove: (key) => tools.bucket.remove(key),
    }),
  );
}

/** As `removeUnreferenced`, without delay, the objects of what was deleted, with all their versions. */
export function removeDeleted(tools: Tools, signal: AbortSignal): Promise<number> {
  return inBatches(batchSize, signal, (size) =>
    checkDue(tools, sql`${removableObjects.atOnce} and ${removableObjects.since} <= now()`, {
      size,
      remove: (key) => tools.bucket.removeAllVersions(key),
    }),
  );
}

/**
 * Removes what is due and not referenced, with its record: `requireStored` relies on that. Of what is referenced, the
 * record of a deletion is over as well, but not that of a young object.
 */
function checkDue(
  { db }: Tools,
  isDue: SQL,
  { size, remove }: { size: number; remove: (key: string) => Promise<void> },
): Promise<number> {
  return db.transaction(async (tx) => {
    await tx.execute(sql.raw(`set local idle_in_transaction_session_timeout = '${maxIdleSeconds}s'`));
    const due = await tx
      .select({
        key: removableObjects.key,
        isReferenced,
        isOld: sql<boolean>`${removableObjects.since} < now() - make_interval(hours => ${graceHours})`,
      })
      .from(removableObjects)
      .where(isDue)
      .orderBy(removableObjects.since)
      .limit(size)
      .for('update', { skipLocked: true });
    const unreferenced = due.filter((object) => !object.isReferenced);
    await Promise.all(unreferenced.map(({ key }) => remove(key)));
    const [over, kept] = [
      due.filter((object) => !object.isReferenced || object.isOld),
      due.filter((object) => object.isReferenced && !object.isOld),
    ];
    await tx.delete(removableObjects).where(
      inArray(
        removableObjects.key,
        over.map(({ key }) => key),
      ),
    );
    await tx
      .update(removableObjects)
      .set({ atOnce: false })
      .where(
        inArray(
          removableObjects.key,
          kept.map(({ key }) => key),
        ),
      );
    return due.length;
  });
}
