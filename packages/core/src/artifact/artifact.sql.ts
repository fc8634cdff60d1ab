import { sql } from 'drizzle-orm';
import { bigint, check, index, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';
import { version } from '../version.sql.ts';
import type { ArtifactKind } from './schemas.ts';

/** Pieces of automation: modules, pipelines, scripts, runbooks, policies, dashboards. */
export const artifacts = pgTable(
  'artifacts',
  {
    id: text('id').primaryKey(),
    portfolioId: text('portfolio_id')
      .notNull()
      .references(() => portfolios.id, { onDelete: 'cascade' }),
    slug: text('slug').notNull(),
    kind: text('kind').$type<ArtifactKind>().notNull(),
    title: text('title').notNull(),
    description: text('description').notNull(),
    licence: text('licence'),
    repositoryUrl: text('repository_url'),
    version: version(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [unique('artifacts_slug').on(table.portfolioId, table.slug)],
);

/** Releases of an artifact: a file in the bucket, stored by its hash, or a link into the repository. */
export const artifactVersions = pgTable(
  'artifact_versions',
  {
    artifactId: text('artifact_id')
      .notNull()
      .references(() => artifacts.id, { onDelete: 'cascade' }),
    /** The name given by the authors, e.g. `1.4.0`. */
    name: text('name').notNull(),
    notes: text('notes').notNull(),
    referenceUrl: text('reference_url'),
    fileName: text('file_name'),
    contentType: text('content_type'),
    sizeBytes: bigint('size_bytes', { mode: 'number' }),
    sha256: text('sha256'),
    /** When the file was deleted, of which this row remains. */
    deletedAt: instant('deleted_at'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.artifactId, table.name] }),
    index('artifact_versions_sha256').on(table.sha256),
    check(
      'artifact_versions_content',
      sql`(${table.referenceUrl} is null) = (${table.sha256} is not null)
        and num_nonnulls(${table.fileName}, ${table.contentType}, ${table.sizeBytes}, ${table.sha256}) in (0, 4)`,
    ),
  ],
);
