import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';
import { version } from '../version.sql.ts';
import type { EvidenceProblem } from './schemas.ts';

/**
 * What backs claims: uploaded by a member, or fetched from a source. `latest` is the number of the newest version
 * and 0 before there is one; `problem` says why the evidence cannot be relied on any more.
 */
export const evidence = pgTable(
  'evidence',
  {
    id: text('id').primaryKey(),
    portfolioId: text('portfolio_id')
      .notNull()
      .references(() => portfolios.id, { onDelete: 'cascade' }),
    slug: text('slug').notNull(),
    title: text('title').notNull(),
    description: text('description').notNull(),
    /** Where its bytes come from; null where they are uploaded. */
    sourceUrl: text('source_url'),
    /** How long after it was last seen unchanged it counts as fresh; null for ever. */
    freshForSeconds: integer('fresh_for_seconds'),
    latest: integer('latest').notNull().default(0),
    /** When its source, or its upload, was last seen as the latest version has it. */
    checkedAt: instant('checked_at'),
    problem: text('problem').$type<EvidenceProblem>(),
    version: version(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    unique('evidence_slug').on(table.portfolioId, table.slug),
    check('evidence_fresh_for', sql`${table.freshForSeconds} > 0`),
  ],
);

/** Every state of an evidence's bytes, numbered from 1. The bytes are in the bucket under their hash. */
export const evidenceVersions = pgTable(
  'evidence_versions',
  {
    evidenceId: text('evidence_id')
      .notNull()
      .references(() => evidence.id, { onDelete: 'cascade' }),
    number: integer('number').notNull(),
    sha256: text('sha256').notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    contentType: text('content_type').notNull(),
    fileName: text('file_name').notNull(),
    /** The address that it was fetched from, after redirects; null where it was uploaded. */
    fetchedFrom: text('fetched_from'),
    fetchedAt: instant('fetched_at').notNull().defaultNow(),
    /** When the stored bytes were last found to have this hash. */
    verifiedAt: instant('verified_at'),
  },
  (table) => [
    primaryKey({ columns: [table.evidenceId, table.number] }),
    index('evidence_versions_sha256').on(table.sha256),
  ],
);
