import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';
import { version } from '../version.sql.ts';
import type { DownloadPart, EvidenceProblem, Validators } from './schemas.ts';

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
    /** By what the source can tell whether it still has the latest version; null where it gave nothing. */
    validators: jsonb('validators').$type<Validators>(),
    /** Since when its source answers that it has no such thing, while that may still be a hiccup. */
    missingSince: instant('missing_since'),
    /** When the scheduler asks for its next sync; null where that is left to people. */
    nextSyncAt: instant('next_sync_at'),
    /** How often the scheduler has asked since its source was last seen. */
    syncTries: integer('sync_tries').notNull().default(0),
    /** When it turns stale; null where it never does, or where claims were told already. */
    staleAt: instant('stale_at'),
    version: version(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    unique('evidence_slug').on(table.portfolioId, table.slug),
    index('evidence_next_sync').on(table.nextSyncAt),
    index('evidence_stale').on(table.staleAt),
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
    /** The sync that made it; null where it was uploaded. */
    jobId: text('job_id'),
  },
  (table) => [
    primaryKey({ columns: [table.evidenceId, table.number] }),
    index('evidence_versions_sha256').on(table.sha256),
  ],
);

/**
 * What syncs have fetched so far, in parts that wait in the bucket: a later attempt of the job goes on from there. Jobs
 * may be cleared away before it, so that nothing in the bucket is forgotten.
 */
export const evidenceDownloads = pgTable('evidence_downloads', {
  jobId: text('job_id').primaryKey(),
  /** Where it is fetched from, and the address that answered, after redirects. */
  sourceUrl: text('source_url').notNull(),
  fetchedFrom: text('fetched_from').notNull(),
  /** By a strong one the source can be asked for the rest of these very bytes. */
  etag: text('etag'),
  lastModified: text('last_modified'),
  contentType: text('content_type').notNull(),
  contentEncoding: text('content_encoding'),
  /** Of all of it; null where the source did not say. */
  sizeBytes: bigint('size_bytes', { mode: 'number' }),
  parts: jsonb('parts').$type<DownloadPart[]>().notNull().default([]),
  /** Every key that may hold a part, also of those that were begun and never finished. */
  keys: text('keys').array().notNull(),
});
