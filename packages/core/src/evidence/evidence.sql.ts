import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';
import { version } from '../version.sql.ts';
import type { DownloadPart, EvidenceProblem, Validators } from './schemas.ts';

/**
 * Evidence backs claims. It is uploaded by members or fetched from a source. `latest` is the number of the newest
 * version, 0 if there is none; `problem` is the reason why the evidence is no longer reliable.
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
    /** The URL of the source; null for uploaded evidence. */
    sourceUrl: text('source_url'),
    /** How long it stays fresh after a successful check; null for always. */
    freshForSeconds: integer('fresh_for_seconds'),
    latest: integer('latest').notNull().default(0),
    /** The last time when the source or an upload matched the latest version. */
    checkedAt: instant('checked_at'),
    problem: text('problem').$type<EvidenceProblem>(),
    /** HTTP validators of the latest version for conditional requests; null if the source sent none. */
    validators: jsonb('validators').$type<Validators>(),
    /** The first 404 of the source while this may still be a temporary failure. */
    missingSince: instant('missing_since'),
    /** When the scheduler queues the next sync; null if it is only synced on request. */
    nextSyncAt: instant('next_sync_at'),
    /** Syncs that the scheduler queued since the last successful check. */
    syncTries: integer('sync_tries').notNull().default(0),
    /** When it turns stale; null if never, or if webhooks were already notified. */
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

/** The versions of evidence, numbered from 1. The bytes are in the bucket, stored by hash. */
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
    /** The URL that it was fetched from, after redirects; null if it was uploaded. */
    fetchedFrom: text('fetched_from'),
    fetchedAt: instant('fetched_at').notNull().defaultNow(),
    /** When the stored bytes were last verified to have this hash. */
    verifiedAt: instant('verified_at'),
    /** When the bytes were deleted, of which this row remains. */
    deletedAt: instant('deleted_at'),
    /** The sync job that created it; null if it was uploaded. */
    jobId: text('job_id'),
  },
  (table) => [
    primaryKey({ columns: [table.evidenceId, table.number] }),
    index('evidence_versions_sha256').on(table.sha256),
  ],
);

/**
 * Partial downloads of syncs. Their parts are in the bucket, and a later attempt of the job continues from them. No
 * foreign key to the job: the row must outlive it, so that the parts are still removed.
 */
export const evidenceDownloads = pgTable('evidence_downloads', {
  jobId: text('job_id').primaryKey(),
  /** The URL of the source; `fetchedFrom` is the URL after redirects. */
  sourceUrl: text('source_url').notNull(),
  fetchedFrom: text('fetched_from').notNull(),
  /** A strong ETag allows requesting the remaining bytes with `If-Range`. */
  etag: text('etag'),
  lastModified: text('last_modified'),
  contentType: text('content_type').notNull(),
  contentEncoding: text('content_encoding'),
  /** The total size; null if the source did not send it. */
  sizeBytes: bigint('size_bytes', { mode: 'number' }),
  parts: jsonb('parts').$type<DownloadPart[]>().notNull().default([]),
  /** The keys of all parts, including those whose upload started but did not finish. */
  keys: text('keys').array().notNull(),
});
