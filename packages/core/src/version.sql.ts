import { sql } from 'drizzle-orm';
import { bigint, pgSequence } from 'drizzle-orm/pg-core';

/**
 * Where every version of every row comes from: none repeats, not even when a slug is given a second time.
 *
 * @public drizzle-kit makes migrations of it.
 */
export const rowVersions = pgSequence('row_versions');

/** What a changed row gets as its version. */
export const nextVersion = sql<number>`nextval('row_versions')`;

/** Column of a row's version, which each change sets to `nextVersion`. */
export const version = () => bigint('version', { mode: 'number' }).notNull().default(nextVersion);
