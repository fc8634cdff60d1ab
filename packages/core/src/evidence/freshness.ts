import { type SQL, sql } from 'drizzle-orm';
import { nextVersion } from '../version.sql.ts';
import { evidence } from './evidence.sql.ts';

/** The minimum interval of scheduled syncs, however short the freshness. */
const minSyncSeconds = 900;

/**
 * The time of the next scheduled sync: after half of the freshness, which leaves the other half for retries. Up to a
 * tenth is added at random, so that evidence that was created together is not always synced together.
 */
const nextSyncAt = (checkedAt: SQL) => sql`case
  when ${evidence.sourceUrl} is not null and ${evidence.freshForSeconds} is not null then ${checkedAt}
    + make_interval(secs => greatest(${minSyncSeconds}, ${evidence.freshForSeconds} * (0.5 + random() * 0.1))) end`;

const staleAt = (checkedAt: SQL) => sql`${checkedAt} + make_interval(secs => ${evidence.freshForSeconds})`;

/** The schedule after a change of `freshForSeconds`. */
export const rescheduled = {
  nextSyncAt: nextSyncAt(sql`${evidence.checkedAt}`),
  staleAt: staleAt(sql`${evidence.checkedAt}`),
};

/** Resets what is known of a replaced source; the new source is due immediately. */
export const movedSource = {
  validators: null,
  missingSince: null,
  syncTries: 0,
  nextSyncAt: nextSyncAt(sql`now() - make_interval(secs => ${evidence.freshForSeconds} + ${minSyncSeconds})`),
};

/** The changes after a check that confirmed the latest version. */
export const checkedNow = {
  checkedAt: sql`now()`,
  problem: null,
  missingSince: null,
  syncTries: 0,
  nextSyncAt: nextSyncAt(sql`now()`),
  staleAt: staleAt(sql`now()`),
  version: nextVersion,
  updatedAt: sql`now()`,
};
