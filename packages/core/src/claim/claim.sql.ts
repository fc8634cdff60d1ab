import { sql } from 'drizzle-orm';
import { check, foreignKey, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { caseStudies } from '../case-study/case-study.sql.ts';
import { evidence } from '../evidence/evidence.sql.ts';
import { metrics } from '../metric/metric.sql.ts';
import { instant } from '../sql.ts';
import type { ClaimStanding } from './schemas.ts';

/** The claims of case studies, in order. `key` is unique within a study. */
export const claims = pgTable(
  'claims',
  {
    caseStudyId: text('case_study_id')
      .notNull()
      .references(() => caseStudies.id, { onDelete: 'cascade' }),
    key: text('key').notNull(),
    position: integer('position').notNull(),
    statement: text('statement').notNull(),
    metricId: text('metric_id').references(() => metrics.id),
    metricFrom: instant('metric_from'),
    metricTo: instant('metric_to'),
    /** When the change took effect: the samples before and after it are compared. */
    changedAt: instant('changed_at'),
    /** The standing that webhooks were last notified of; null for `backed`. */
    notifiedStanding: text('notified_standing').$type<ClaimStanding>(),
  },
  (table) => [
    primaryKey({ columns: [table.caseStudyId, table.key] }),
    index('claims_metric').on(table.metricId),
    check(
      'claims_metric_range',
      sql`num_nonnulls(${table.metricId}, ${table.metricFrom}, ${table.metricTo}) in (0, 3)
        and (${table.changedAt} is null or ${table.metricId} is not null)`,
    ),
  ],
);

/** The evidence that a claim cites, at the version that the author had seen. */
export const claimEvidence = pgTable(
  'claim_evidence',
  {
    caseStudyId: text('case_study_id').notNull(),
    claimKey: text('claim_key').notNull(),
    evidenceId: text('evidence_id')
      .notNull()
      .references(() => evidence.id),
    evidenceVersion: integer('evidence_version').notNull(),
    position: integer('position').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.caseStudyId, table.claimKey, table.evidenceId] }),
    foreignKey({
      name: 'claim_evidence_claim',
      columns: [table.caseStudyId, table.claimKey],
      foreignColumns: [claims.caseStudyId, claims.key],
    }).onDelete('cascade'),
    index('claim_evidence_evidence').on(table.evidenceId),
  ],
);
