import { type SQL, sql } from 'drizzle-orm';
import { nextVersion } from '../version.sql.ts';
import { evidence } from './evidence.sql.ts';

/** Sources are not asked more often than this by themselves, however short-lived their freshness. */
const minSyncSeconds = 900;

/**
 * When the scheduler asks next: after half of the time that it stays fresh, so that the other half is left for tries
 * that fail; a tenth more or less, so that what was made at once is not asked for at once for ever.
 */
const nextSyncAt = (checkedAt: SQL) => sql`case
  when ${evidence.sourceUrl} is not null and ${evidence.freshForSeconds} is not null then ${checkedAt}
    + make_interval(secs => greatest(${minSyncSeconds}, ${evidence.freshForSeconds} * (0.5 + random() * 0.1))) end`;

const staleAt = (checkedAt: SQL) => sql`${checkedAt} + make_interval(secs => ${evidence.freshForSeconds})`;

/** What follows from the time that evidence stays fresh, where that was changed. */
export const replanned = {
  nextSyncAt: nextSyncAt(sql`${evidence.checkedAt}`),
  staleAt: staleAt(sql`${evidence.checkedAt}`),
};

/** What goes with a source that was replaced: all that the former one told. The new one is to be asked at once. */
export const movedSource = {
  validators: null,
  missingSince: null,
  syncTries: 0,
  nextSyncAt: nextSyncAt(sql`now() - make_interval(secs => ${evidence.freshForSeconds} + ${minSyncSeconds})`),
};

/** What a check sets that found the latest version as it should be. */
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
