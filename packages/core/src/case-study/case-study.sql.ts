import { sql } from 'drizzle-orm';
import {
  check,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { artifacts } from '../artifact/artifact.sql.ts';
import { instant } from '../sql.ts';
import { version } from '../version.sql.ts';
import type { CaseStudyContent, CaseStudyStatus, ContentField } from './schemas.ts';

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' });

export const caseStudies = pgTable(
  'case_studies',
  {
    id: text('id').primaryKey(),
    portfolioId: text('portfolio_id')
      .notNull()
      .references(() => portfolios.id, { onDelete: 'cascade' }),
    slug: text('slug').notNull(),
    title: text('title').notNull(),
    summary: text('summary').notNull(),
    body: text('body').notNull(),
    client: text('client'),
    period: jsonb('period').$type<{ from: string; to?: string | undefined }>(),
    tags: text('tags').array().notNull(),
    language: text('language').notNull(),
    status: text('status').$type<CaseStudyStatus>().notNull().default('draft'),
    revision: integer('revision').notNull().default(1),
    version: version(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
    publishedAt: instant('published_at'),
    /** When it was put into the bin. There its status is `draft`, and its slug, derived from its id, nobody's. */
    binnedAt: instant('binned_at'),
    /** Its status and slug before, which it gets back. */
    binnedStatus: text('binned_status').$type<CaseStudyStatus>(),
    binnedSlug: text('binned_slug'),
    /** When it is deleted for good. */
    purgeAt: instant('purge_at'),
    search: tsvector('search')
      .notNull()
      .generatedAlwaysAs(
        sql`setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('english', title || ' ' || summary), 'B')
          || setweight(to_tsvector('simple', summary), 'C') || to_tsvector('simple', left(body, 60000)) || to_tsvector('english', left(body, 60000))`,
      ),
  },
  (table) => [
    unique('case_studies_slug').on(table.portfolioId, table.slug),
    index('case_studies_list').on(table.portfolioId, table.id),
    index('case_studies_list_published')
      .on(table.portfolioId, table.id)
      .where(sql`${table.status} = 'published'`),
    index('case_studies_search').using('gin', table.search),
    index('case_studies_tags').using('gin', table.tags),
    index('case_studies_binned')
      .on(table.portfolioId, table.id)
      .where(sql`${table.binnedAt} is not null`),
    check('case_studies_status', sql`${table.status} in ('draft', 'published', 'archived')`),
  ],
);

/** The content of a case study at each revision, numbered from 1 without gaps. */
export const caseStudyRevisions = pgTable(
  'case_study_revisions',
  {
    caseStudyId: text('case_study_id')
      .notNull()
      .references(() => caseStudies.id, { onDelete: 'cascade' }),
    number: integer('number').notNull(),
    content: jsonb('content').$type<CaseStudyContent>().notNull(),
    /** The fields that differ from the previous revision. */
    changed: text('changed').array().$type<ContentField[]>().notNull(),
    restoredFrom: integer('restored_from'),
    author: text('author').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.caseStudyId, table.number] })],
);

/** The artifacts that a case study presents. */
export const caseStudyArtifacts = pgTable(
  'case_study_artifacts',
  {
    caseStudyId: text('case_study_id')
      .notNull()
      .references(() => caseStudies.id, { onDelete: 'cascade' }),
    artifactId: text('artifact_id')
      .notNull()
      .references(() => artifacts.id),
    position: integer('position').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.caseStudyId, table.artifactId] }),
    index('case_study_artifacts_artifact').on(table.artifactId),
  ],
);

/** The images in a case study's body, by hash. */
export const caseStudyImages = pgTable(
  'case_study_images',
  {
    caseStudyId: text('case_study_id')
      .notNull()
      .references(() => caseStudies.id, { onDelete: 'cascade' }),
    sha256: text('sha256').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.caseStudyId, table.sha256] }),
    index('case_study_images_sha256').on(table.sha256),
  ],
);
