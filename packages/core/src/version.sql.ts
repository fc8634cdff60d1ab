import { sql } from 'drizzle-orm';
import { bigint, pgSequence } from 'drizzle-orm/pg-core';

/**
 * The source of all row versions. A version is never used twice, not even when a slug is reused.
 *
 * @public drizzle-kit generates migrations from it.
 */
export const rowVersions = pgSequence('row_versions');

/** The new version of a changed row. */
export const nextVersion = sql<number>`nextval('row_versions')`;

/** The column of a row's version; each change sets it to `nextVersion`. */
export const version = () => bigint('version', { mode: 'number' }).notNull().default(nextVersion);
